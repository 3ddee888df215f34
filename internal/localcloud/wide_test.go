package localcloud

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// attempt is one creation in a world that the ones before it made.
type attempt struct {
	kind   string
	inputs object
	says   string // why it is refused; empty: it is made
}

// attempts makes or refuses one after the other. What is made must also pass
// the check, and gives its id.
func (e *engine) attempts(list []attempt) (ids []string) {
	e.t.Helper()
	for _, a := range list {
		id, state, err := e.create(a.kind, a.inputs)
		if a.says != "" {
			if err == nil || !strings.Contains(err.Error(), a.says) {
				e.t.Errorf("%s: got %v, want ...%s...", a.kind, err, a.says)
			}
			continue
		}
		if err != nil {
			e.t.Errorf("%s: %v", a.kind, err)
			continue
		}
		k := e.p.cloud.kinds.shorts[a.kind]
		if broken := k.check(resource.NewPropertyMapFromMap(a.inputs)); len(broken) > 0 {
			e.t.Errorf("%s: was made from what its check refuses: %v", a.kind, broken)
		}
		if strings.Contains(fmt.Sprint(id, state), "{") && !strings.Contains(fmt.Sprint(state), `{"`) && !strings.Contains(fmt.Sprint(state), "!{") {
			e.t.Errorf("%s: a form was not filled in: %s %v", a.kind, id, state)
		}
		ids = append(ids, id)
	}
	return ids
}

const testARN = "arn:aws:%s:eu-west-1:111111111111:%s"

func arnFor(service, rest string) string { return fmt.Sprintf(testARN, service, rest) }

func testCode(hash string) *archive.Archive {
	return &archive.Archive{Sig: archive.ArchiveSig, Hash: hash, Path: "/code.zip"}
}

// A published function gets a version when code or configuration change, and
// then alone; the preview says so too.
func TestVersions(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	inputs := func(more object) object {
		in := object{"name": "f", "role": "arn:aws:iam::111111111111:role/r", "publish": true, "code": testCode("one")}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	_, state := e.must("lambda.Function", inputs(nil))
	was := inputs(nil)
	for _, step := range []struct {
		change object
		want   string
		known  bool
	}{
		{object{"tags": object{"a": "b"}}, "1", true},
		{object{"tags": object{"a": "b"}, "reservedConcurrentExecutions": 5}, "1", true},
		{object{"memorySize": 256}, "2", false},
		{object{"memorySize": 256, "code": testCode("two")}, "3", false},
		{object{"memorySize": 256, "code": testCode("two"), "publish": false}, "$LATEST", false},
		{object{"memorySize": 512, "code": testCode("two"), "publish": false}, "$LATEST", false},
		{object{"memorySize": 512, "code": testCode("two")}, "4", false},
	} {
		news := inputs(step.change)
		r, err := e.p.Update(e.ctx, &pulumirpc.UpdateRequest{Urn: urnOf(c, "lambda.Function"), Id: "f", Preview: true,
			Olds: e.props(state), OldInputs: e.props(was), News: e.props(news)})
		if err != nil {
			t.Fatal(err)
		}
		if _, known := r.Properties.AsMap()["version"]; known != step.known {
			t.Errorf("%v: the preview knows the version: %v, want %v", step.change, known, step.known)
		}
		if state, err = e.update("lambda.Function", "f", was, news); err != nil {
			t.Fatal(err)
		}
		if state["version"] != step.want || state["qualifiedArn"] != arnFor("lambda", "function:f:"+step.want) {
			t.Errorf("%v: version %v of %v, want %s", step.change, state["version"], state["qualifiedArn"], step.want)
		}
		was = news
	}
	e.attempts([]attempt{
		{"lambda.Alias", object{"functionName": "f", "name": "live", "functionVersion": "5"}, "Function not found: " + arnFor("lambda", "function:f:5")},
		{"lambda.Alias", object{"functionName": "f", "name": "live", "functionVersion": "2"}, ""},
		{"lambda.Alias", object{"functionName": "f", "name": "live", "functionVersion": "2"}, "Alias already exists"},
	})
	// An alias goes to the next version in place.
	alias := arnFor("lambda", "function:f:live")
	was, next := object{"functionName": "f", "name": "live", "functionVersion": "2"}, object{"functionName": "f", "name": "live", "functionVersion": "4"}
	if state, err := e.update("lambda.Alias", alias, was, next); err != nil || state["functionVersion"] != "4" || state["arn"] != alias {
		t.Errorf("the alias is %v %v", state, err)
	}
	if _, err := e.update("lambda.Alias", alias, next, object{"functionName": "f", "name": "live", "functionVersion": "9"}); err == nil {
		t.Error("an alias went to a version that there is not")
	}
}

func TestFunctionsAround(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	profile := arnFor("signer", "/signing-profiles/acme")
	config := func(arn string) object {
		return object{"allowedPublishers": object{"signingProfileVersionArns": []any{arn}}}
	}
	e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	e.must("lambda.Function", object{"name": "f", "role": "arn:aws:iam::111111111111:role/r", "publish": true, "reservedConcurrentExecutions": 5, "code": testCode("one")})
	e.must("lambda.LayerVersion", object{"layerName": "l", "code": testCode("one")})
	signing := e.attempts([]attempt{{"signer.SigningProfile", object{"name": "acme", "platformId": "AWSLambda-SHA384-ECDSA"}, ""}})
	rec, err := c.Get(testPlaceAccount, testRegion, "signer.SigningProfile", signing[0])
	if err != nil || !strings.HasPrefix(textOf(rec.Computed["versionArn"]), profile+"/") || len(textOf(rec.Computed["version"])) != 10 {
		t.Fatalf("the profile is %v %v", rec, err)
	}
	provisioned := func(qualifier string, n int) object {
		return object{"functionName": "f", "qualifier": qualifier, "provisionedConcurrentExecutions": n}
	}
	target := func(id string, least, most int) object {
		return object{"serviceNamespace": "lambda", "scalableDimension": "lambda:function:ProvisionedConcurrency", "resourceId": id, "minCapacity": least, "maxCapacity": most}
	}
	tracking := func(id string, value float64) object {
		return object{"name": "p", "serviceNamespace": "lambda", "scalableDimension": "lambda:function:ProvisionedConcurrency", "resourceId": id, "policyType": "TargetTrackingScaling",
			"targetTrackingScalingPolicyConfiguration": object{"targetValue": value, "predefinedMetricSpecification": object{"predefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}}
	}
	ids := e.attempts([]attempt{
		{"signer.SigningProfile", object{"name": "acme", "platformId": "AWSLambda-SHA384-ECDSA"}, "already exists"},
		{"signer.SigningProfilePermission", object{"profileName": "none", "action": "signer:StartSigningJob", "principal": "222222222222", "statementId": "s"}, "Signing profile none does not exist"},
		{"signer.SigningProfilePermission", object{"profileName": "acme", "action": "signer:StartSigningJob", "principal": "222222222222", "statementId": "s"}, ""},
		{"lambda.CodeSigningConfig", config(arnFor("signer", "/signing-profiles/none/abcdefghij")), "does not exist"},
		{"lambda.CodeSigningConfig", config(textOf(rec.Computed["versionArn"])), ""},
		{"lambda.CodeSigningConfig", config("arn:aws:signer:eu-west-1:222222222222:/signing-profiles/theirs/abcdefghij"), ""},
		{"lambda.LayerVersionPermission", object{"layerName": "l", "versionNumber": 2, "action": "lambda:GetLayerVersion", "principal": "222222222222", "statementId": "s"}, "layer:l:2 does not exist"},
		{"lambda.LayerVersionPermission", object{"layerName": "l", "versionNumber": 1, "action": "lambda:GetLayerVersion", "principal": "222222222222", "statementId": "s"}, ""},
		{"lambda.ProvisionedConcurrencyConfig", provisioned("live", 2), "Cannot find alias"},
		{"lambda.Permission", object{"function": "f", "statementId": "s", "action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com", "qualifier": "live"}, "Cannot find alias"},
		{"appautoscaling.Target", target("function:f:live", 1, 4), "Cannot find alias"},
		{"lambda.Alias", object{"functionName": "f", "name": "live", "functionVersion": "1"}, ""},
		{"lambda.Permission", object{"function": "f", "statementId": "s", "action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com", "qualifier": "live"}, ""},
		{"lambda.FunctionEventInvokeConfig", object{"functionName": "f", "qualifier": "live", "maximumRetryAttempts": 1}, ""},
		{"lambda.ProvisionedConcurrencyConfig", provisioned("$LATEST", 2), "cannot be applied to unpublished"},
		{"lambda.ProvisionedConcurrencyConfig", provisioned("live", 6), "should not be greater than the reservedConcurrentExecution"},
		{"lambda.ProvisionedConcurrencyConfig", provisioned("live", 2), ""},
		{"appautoscaling.Policy", tracking("function:f:live", 0.7), "No scalable target found"},
		{"appautoscaling.Target", target("function:f", 1, 4), "Unsupported resource ID"},
		{"appautoscaling.Target", target("function:f:live", 5, 4), "Maximum capacity cannot be less"},
		{"appautoscaling.Target", target("function:f:live", 1, 4), ""},
		{"appautoscaling.Target", object{"serviceNamespace": "dynamodb", "scalableDimension": "dynamodb:table:ReadCapacityUnits", "resourceId": "table/none", "minCapacity": 1, "maxCapacity": 2},
			"DynamoDB table does not exist"},
		{"appautoscaling.Policy", tracking("function:f:live", 7), "must be from 0.1 to 0.9"},
		{"appautoscaling.Policy", tracking("function:f:live", 0.7), ""},
		{"appautoscaling.ScheduledAction", object{"name": "s", "serviceNamespace": "lambda", "scalableDimension": "lambda:function:ProvisionedConcurrency", "resourceId": "function:f:live",
			"schedule": "cron(0 6 * * ? *)", "scalableTargetAction": object{}}, "minimum or maximum"},
		{"appautoscaling.ScheduledAction", object{"name": "s", "serviceNamespace": "lambda", "scalableDimension": "lambda:function:ProvisionedConcurrency", "resourceId": "function:f:live",
			"schedule": "cron(0 6 * * ? *)", "scalableTargetAction": object{"minCapacity": 2}}, ""},
	})
	if ids[6] != "f:live" || ids[7] != "f,live" || ids[8] != "function:f:live" {
		t.Errorf("the ids are %v", ids)
	}
	policy, err := c.Get(testPlaceAccount, testRegion, "appautoscaling.Policy", "p")
	if err != nil || len(policy.Computed["alarmArns"].([]any)) != 2 {
		t.Errorf("the policy is %v %v", policy, err)
	}
	// A config in use stays.
	e.must("lambda.Function", object{"name": "signed", "role": "arn:aws:iam::111111111111:role/r", "codeSigningConfigArn": ids[1], "code": testCode("one")})
	refused(t, e.delete("lambda.CodeSigningConfig", ids[1], nil), "is used by one or more functions")
}

func TestEvents(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	pattern := `{"source":["acme"]}`
	list := []attempt{
		{"cloudwatch.EventRule", object{"name": "r", "eventBusName": "bus", "eventPattern": pattern}, "Event bus bus does not exist"},
		{"cloudwatch.EventBus", object{"name": "bus"}, ""},
		{"cloudwatch.EventBus", object{"name": "bus"}, "Event bus bus already exists"},
		{"cloudwatch.EventBusPolicy", object{"eventBusName": "bus", "policy": anyPolicy}, ""},
		{"cloudwatch.EventBusPolicy", object{"policy": anyPolicy}, ""},
		{"cloudwatch.EventRule", object{"name": "r", "eventBusName": "bus"}, "EventPattern or ScheduleExpression must be specified"},
		{"cloudwatch.EventRule", object{"name": "r", "eventBusName": "bus", "scheduleExpression": "rate(1 day)"}, "only on the default event bus"},
		{"cloudwatch.EventRule", object{"name": "r", "eventBusName": "bus", "eventPattern": pattern}, ""},
		{"cloudwatch.EventRule", object{"name": "r", "scheduleExpression": "rate(1 day)"}, ""},
		{"cloudwatch.EventTarget", object{"rule": "none", "targetId": "t", "arn": arnFor("sqs", "q")}, "Rule none does not exist on EventBus default"},
		{"cloudwatch.EventTarget", object{"rule": "r", "targetId": "t", "arn": arnFor("sqs", "q"), "roleArn": "arn:aws:iam::111111111111:role/none"}, "cannot be assumed by principal 'events.amazonaws.com'"},
		{"cloudwatch.EventTarget", object{"rule": "r", "targetId": "t", "arn": arnFor("sqs", "q")}, ""},
		{"cloudwatch.EventTarget", object{"rule": "r", "eventBusName": "bus", "targetId": "t", "arn": arnFor("sqs", "q")}, ""},
		{"cloudwatch.EventArchive", object{"name": "a", "eventSourceArn": arnFor("events", "event-bus/none")}, "does not exist"},
		{"cloudwatch.EventArchive", object{"name": "a", "eventSourceArn": arnFor("events", "event-bus/bus"), "retentionDays": 7}, ""},
	}
	for i := range 4 {
		list = append(list, attempt{"cloudwatch.EventTarget", object{"rule": "r", "targetId": fmt.Sprint("t", i), "arn": arnFor("sqs", "q")}, ""})
	}
	list = append(list, attempt{"cloudwatch.EventTarget", object{"rule": "r", "targetId": "sixth", "arn": arnFor("sqs", "q")}, "LimitExceededException"})
	ids := e.attempts(list)
	if want := "bus default bus/r r r-t bus-r-t a"; strings.Join(ids[1:8], " ") != want {
		t.Errorf("the ids are %v, want %s", ids, want)
	}
	rule, err := c.Get(testPlaceAccount, testRegion, "cloudwatch.EventRule", "bus/r")
	if err != nil || rule.Computed["arn"] != arnFor("events", "rule/bus/r") {
		t.Errorf("the rule is %v %v", rule, err)
	}
	inBus := object{"name": "r", "eventBusName": "bus", "eventPattern": pattern}
	target := object{"rule": "r", "eventBusName": "bus", "targetId": "t", "arn": arnFor("sqs", "q")}
	refused(t, e.delete("cloudwatch.EventBus", "bus", object{"name": "bus"}), "has rules")
	refused(t, e.delete("cloudwatch.EventRule", "bus/r", inBus), "Rule can't be deleted since it has targets.")
	for _, d := range []struct {
		kind, id string
		inputs   object
	}{{"cloudwatch.EventTarget", "bus-r-t", target}, {"cloudwatch.EventRule", "bus/r", inBus}, {"cloudwatch.EventBus", "bus", object{"name": "bus"}}} {
		if err := e.delete(d.kind, d.id, d.inputs); err != nil {
			t.Error(err)
		}
	}
}

func TestDeliveries(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	stream := func(more object) object {
		s3 := object{"bucketArn": "arn:aws:s3:::archive", "roleArn": "arn:aws:iam::111111111111:role/r"}
		for k, v := range more {
			s3[k] = v
		}
		return object{"name": "events", "destination": "extended_s3", "extendedS3Configuration": s3}
	}
	filter := func(name string) object {
		return object{"name": name, "logGroup": "g", "filterPattern": "", "destinationArn": arnFor("firehose", "deliverystream/events"), "roleArn": "arn:aws:iam::111111111111:role/r"}
	}
	alarm := object{"name": "a", "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1}
	ids := e.attempts([]attempt{
		{"kinesis.FirehoseDeliveryStream", stream(nil), "bucket arn:aws:s3:::archive does not exist"},
		{"s3.BucketV2", object{"bucket": "archive"}, ""},
		{"kinesis.FirehoseDeliveryStream", stream(nil), "unable to assume role"},
		{"iam.Role", object{"name": "r", "assumeRolePolicy": trust}, ""},
		{"kinesis.FirehoseDeliveryStream", object{"name": "events", "destination": "extended_s3"}, "extendedS3Configuration is required"},
		{"kinesis.FirehoseDeliveryStream", stream(object{"prefix": "!{timestamp:yyyy}/"}), "ErrorOutputPrefix cannot be null"},
		{"kinesis.FirehoseDeliveryStream", stream(nil), ""},
		{"kinesis.FirehoseDeliveryStream", stream(nil), "Firehose events under accountId 111111111111 already exists"},
		{"cloudwatch.LogSubscriptionFilter", filter("one"), "specified log group does not exist"},
		{"cloudwatch.LogGroup", object{"name": "g"}, ""},
		{"cloudwatch.LogSubscriptionFilter", object{"name": "one", "logGroup": "g", "filterPattern": "", "destinationArn": arnFor("firehose", "deliverystream/events")}, "without roleArn"},
		{"cloudwatch.LogSubscriptionFilter", filter("one"), ""},
		{"cloudwatch.LogSubscriptionFilter", filter("two"), ""},
		{"cloudwatch.LogSubscriptionFilter", filter("three"), "LimitExceededException"},
		{"cloudwatch.QueryDefinition", object{"name": "q", "queryString": "fields @message"}, ""},
		{"cloudwatch.CompositeAlarm", object{"alarmName": "c", "alarmRule": `ALARM("a")`}, "alarms [a] in the alarm rule do not exist"},
		{"cloudwatch.MetricAlarm", alarm, ""},
		{"cloudwatch.CompositeAlarm", object{"alarmName": "c", "alarmRule": `ALARM("a") OR ALARM(` + arnFor("cloudwatch", "alarm:a") + `)`}, ""},
		{"s3.BucketObjectLockConfigurationV2", object{"bucket": "archive", "rule": object{"defaultRetention": object{"mode": "GOVERNANCE", "days": 3}}}, "Versioning must be 'Enabled'"},
		{"s3.BucketVersioningV2", object{"bucket": "archive", "versioningConfiguration": object{"status": "Enabled"}}, ""},
		{"s3.BucketObjectLockConfigurationV2", object{"bucket": "archive", "rule": object{"defaultRetention": object{"mode": "GOVERNANCE"}}}, "MalformedXML"},
		{"s3.BucketObjectLockConfigurationV2", object{"bucket": "archive", "rule": object{"defaultRetention": object{"mode": "GOVERNANCE", "days": 3}}}, ""},
		{"s3.BucketNotification", object{"bucket": "archive", "queues": []any{object{"queueArn": arnFor("sqs", "q"), "events": []any{"s3:ObjectCreated:*"}}}}, "Unable to validate"},
		{"s3.BucketNotification", object{"bucket": "archive", "eventbridge": true}, ""},
	})
	if ids[2] != arnFor("firehose", "deliverystream/events") {
		t.Errorf("the stream is %s", ids[2])
	}
	refused(t, e.delete("cloudwatch.MetricAlarm", "a", alarm), "Cannot delete a as there are composite alarm(s) depending on it.")
	versions := object{"bucket": "archive", "versioningConfiguration": object{"status": "Enabled"}}
	_, err := e.update("s3.BucketVersioningV2", "archive", versions, object{"bucket": "archive", "versioningConfiguration": object{"status": "Suspended"}})
	refused(t, err, "the versioning state cannot be changed")
	group := object{"name": "g"}
	if err := e.delete("cloudwatch.LogGroup", "g", group); err != nil {
		t.Error(err)
	}
}

func TestObservers(t *testing.T) {
	c := start(t)
	core := connect(t, c, nil)
	tenant := connect(t, c, object{"region": testRegion, "assumeRole": `{"roleArn":"arn:aws:iam::222222222222:role/deployer"}`})
	sink, state := core.must("oam.Sink", object{"name": "s"})
	if !strings.HasPrefix(sink, arnFor("oam", "sink/")) || !strings.HasSuffix(sink, textOf(state["sinkId"])) {
		t.Errorf("the sink is %s %v", sink, state)
	}
	link := func(types ...any) object {
		return object{"labelTemplate": "$AccountName", "resourceTypes": types, "sinkIdentifier": sink}
	}
	core.attempts([]attempt{
		{"oam.Sink", object{"name": "other"}, "Sink already exists"},
		{"oam.SinkPolicy", object{"sinkIdentifier": arnFor("oam", "sink/none"), "policy": anyPolicy}, "does not exist"},
		{"oam.SinkPolicy", object{"sinkIdentifier": sink, "policy": anyPolicy}, ""},
	})
	ids := tenant.attempts([]attempt{
		{"oam.Link", link("AWS::CloudWatch::Metric"), ""},
		{"oam.Link", link("AWS::CloudWatch::Metric"), "Link already exists"},
	})
	refused(t, core.delete("oam.Sink", sink, nil), "has attached links")
	if err := tenant.delete("oam.Link", ids[0], nil); err != nil {
		t.Error(err)
	}
	if err := core.delete("oam.Sink", sink, nil); err != nil {
		t.Error(err)
	}
	notify := object{"comparisonOperator": "GREATER_THAN", "notificationType": "ACTUAL", "threshold": 80, "thresholdType": "PERCENTAGE"}
	told := object{"comparisonOperator": "GREATER_THAN", "notificationType": "ACTUAL", "threshold": 80, "thresholdType": "PERCENTAGE", "subscriberEmailAddresses": []any{"a@b.example"}}
	budget := func(notifications ...any) object {
		return object{"name": "b", "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "100", "limitUnit": "USD", "notifications": notifications}
	}
	ids = core.attempts([]attempt{
		{"budgets.Budget", budget(notify), "at least one subscriber"},
		{"budgets.Budget", budget(told, told), "Duplicate notification"},
		{"budgets.Budget", budget(told), ""},
		{"budgets.Budget", budget(told), "the budget already exists"},
	})
	if ids[0] != "111111111111:b" {
		t.Errorf("the budget is %s", ids[0])
	}
}
