package conformance_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/stacks"
)

const (
	platformArtifacts = "platform-artifacts-" + core + "-" + region
	platformEvents    = "platform-events-" + core + "-" + region
	eventArchive      = "platform-" + region + "-events"
)

// lookPlatform looks for the account of tenants' functions, for the place of their
// code, and for the events with their archive.
func lookPlatform(t *testing.T, r *rig, environment string) {
	there, here := r.in(t, functions), r.in(t, core)
	ids := there.networks("tenant-id", "shared")
	if len(ids) != 1 {
		t.Errorf("the functions' account has the networks %v", ids)
	}
	for _, id := range ids {
		there.closedNetwork(id)
	}
	there.trusts("platform-eu-west-1-invoker", "arn:aws:iam::"+core+":role/"+stacks.RuntimeRole, "tenantform-"+environment)
	there.invokes("platform-eu-west-1-invoker")
	if ids := here.networks("tenant-id", "shared"); len(ids) > 0 {
		t.Error("the network of tenants' functions is in the core account")
	}
	here.closedBucket(platformArtifacts, "platform-artifacts")
	here.closedTopic("platform-alerts")
	lifecycle := here.closedTopic("platform-lifecycle")
	if policy := here.topicPolicy(lifecycle); !strings.Contains(policy, functions) {
		t.Errorf("the functions' account may not subscribe to the events: %s", policy)
	}
	here.closedBucket(platformEvents, "platform-lifecycle")
	here.archived(eventArchive, lifecycle, platformEvents, "alias/platform-lifecycle")
	if out := see(here, here.api.GetAccount, &apigateway.GetAccountInput{}); out != nil && !strings.HasSuffix(aws.ToString(out.CloudwatchRoleArn), "-api-logs") {
		t.Errorf("API Gateway logs as %q", aws.ToString(out.CloudwatchRoleArn))
	}
}

// archived holds a delivery stream to bringing what a topic tells to a bucket,
// encrypted, and a queue to what it cannot bring.
func (e *eyes) archived(name, topic, bucket string, told ...string) {
	e.t.Helper()
	if out := see(e, e.streams.DescribeDeliveryStream, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name}); out != nil {
		d := out.DeliveryStreamDescription
		if len(d.Destinations) != 1 || d.Destinations[0].ExtendedS3DestinationDescription == nil || aws.ToString(d.Destinations[0].ExtendedS3DestinationDescription.BucketARN) != "arn:aws:s3:::"+bucket {
			e.t.Errorf("the stream %s does not write to %s: %+v", name, bucket, d.Destinations)
		}
		if d.DeliveryStreamEncryptionConfiguration == nil || d.DeliveryStreamEncryptionConfiguration.Status != "ENABLED" {
			e.t.Errorf("the stream %s is not encrypted: %+v", name, d.DeliveryStreamEncryptionConfiguration)
		}
	}
	e.queue(name + "-dead")
	out := see(e, e.sns.ListSubscriptionsByTopic, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	if out == nil {
		return
	}
	found := 0
	for _, s := range out.Subscriptions {
		if strings.HasSuffix(aws.ToString(s.Endpoint), ":deliverystream/"+name) {
			found++
			if a := see(e, e.sns.GetSubscriptionAttributes, &sns.GetSubscriptionAttributesInput{SubscriptionArn: s.SubscriptionArn}); a != nil && !strings.Contains(a.Attributes["RedrivePolicy"], name+"-dead") {
				e.t.Errorf("what cannot be brought to %s is lost: %v", name, a.Attributes)
			}
		}
	}
	if found != 1 {
		e.t.Errorf("the stream %s gets the topic's messages %d times: %+v", name, found, out.Subscriptions)
	}
}

// usagePlan holds a usage plan to numbers.
func (e *eyes) usagePlan(name string, rate float64, burst, quota int32) {
	e.t.Helper()
	plans := see(e, e.api.GetUsagePlans, &apigateway.GetUsagePlansInput{})
	if plans == nil {
		return
	}
	for _, p := range plans.Items {
		if !strings.Contains(aws.ToString(p.Name), name) {
			continue
		}
		if p.Throttle.RateLimit != rate || p.Throttle.BurstLimit != burst || p.Quota.Limit != quota || p.Quota.Period != "MONTH" {
			e.t.Errorf("the usage plan %s is not the tier's: %+v %+v", *p.Name, p.Throttle, p.Quota)
		}
		return
	}
	e.t.Errorf("there is no usage plan %s among %d", name, len(plans.Items))
}

// lookPool looks for the usage plan's numbers and the table's recovery.
func lookPool(t *testing.T, r *rig) {
	e := r.in(t, core)
	e.pointInTime("pool-a-data")
	e.usagePlan("pool-a", 5, 10, 1000)
}

// lookPooled looks for the tenant's role, whose table access is bound to its keys.
func lookPooled(t *testing.T, r *rig) { r.in(t, core).leadingKeys("acme-pool-a-data", "acme") }

func lookFunctions(t *testing.T, r *rig) {
	r.in(t, functions).lookTenantFunction(isolated{name: "acme-score", invoker: "arn:aws:iam::" + functions + ":role/platform-eu-west-1-invoker", days: 7})
}

const siloBucket = "acme-data-" + core + "-" + region

// lookSilo looks for what keeps a silo's data, and for how its users come in.
func lookSilo(t *testing.T, r *rig) { r.in(t, core).silo("acme-silo", siloBucket) }

// silo holds a silo of the tenant acme to what it promises.
func (e *eyes) silo(name, bucket string) {
	e.t.Helper()
	ids := e.networks("tenant-id", "acme")
	if len(ids) != 1 {
		e.t.Errorf("acme has the networks %v", ids)
	}
	for _, id := range ids {
		e.closedNetwork(id)
	}
	e.rotates(name)
	e.pointInTime(name + "-data")
	e.closedBucket(bucket, name)
	e.people(name)
	e.front(name)
	e.usagePlan(name, 5, 10, 1000)
	e.counted(observability.LogGroupName(name), observability.MetricErrors, observability.MetricRequests)
	if names := e.dashboards(name); len(names) != 1 {
		e.t.Errorf("%s has the dashboards %v", name, names)
	}
}

func lookEncryption(t *testing.T, r *rig) { r.in(t, core).rotates("acme-own") }

// rotates holds the key of an alias to rotating and to its account's permissions
// alone.
func (e *eyes) rotates(alias string) {
	e.t.Helper()
	key := see(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + alias)})
	if key == nil {
		return
	}
	if out := see(e, e.keys.GetKeyRotationStatus, &kms.GetKeyRotationStatusInput{KeyId: key.KeyMetadata.KeyId}); out != nil && !out.KeyRotationEnabled {
		e.t.Errorf("the key %s does not rotate", alias)
	}
	out := see(e, e.keys.GetKeyPolicy, &kms.GetKeyPolicyInput{KeyId: key.KeyMetadata.KeyId, PolicyName: aws.String("default")})
	if out == nil {
		return
	}
	root := `"arn:aws:iam::` + e.account + `:root"`
	for _, s := range componenttest.Statements(e.t, aws.ToString(out.Policy)) {
		text, _ := json.Marshal(s.Principal)
		if s.Effect == "Allow" && strings.Contains(string(text), `"AWS"`) && string(text) != `{"AWS":`+root+`}` && string(text) != `{"AWS":[`+root+`]}` {
			e.t.Errorf("the policy of the key %s names more than the account: %s", alias, text)
		}
	}
}

func lookBucket(t *testing.T, r *rig) { r.in(t, core).closedBucket(dataBucket, "acme-files") }

func lookData(t *testing.T, r *rig) {
	e := r.in(t, core)
	e.pointInTime("acme-items")
	e.leadingKeys("acme-items-access", "acme")
}

func lookNetwork(t *testing.T, r *rig, account, name string) {
	t.Helper()
	e := r.in(t, account)
	ids := e.networks("Name", name)
	if len(ids) != 1 {
		t.Errorf("there are the networks %v called %s", ids, name)
	}
	for _, id := range ids {
		e.closedNetwork(id)
	}
}

func lookFunction(t *testing.T, r *rig) {
	e := r.in(t, core)
	out := see(e, e.lambda.GetFunction, &lambda.GetFunctionInput{FunctionName: aws.String("acme-report")})
	if out == nil {
		return
	}
	c := out.Configuration
	if c.LoggingConfig == nil || c.LoggingConfig.LogFormat != "JSON" {
		t.Errorf("the function does not log JSON: %+v", c.LoggingConfig)
	}
	if c.TracingConfig == nil || c.TracingConfig.Mode != "Active" {
		t.Errorf("the function is not traced: %+v", c.TracingConfig)
	}
	if c.KMSKeyArn == nil {
		t.Error("the function's variables are not encrypted with the key")
	}
	if out.Concurrency == nil || aws.ToInt32(out.Concurrency.ReservedConcurrentExecutions) != 2 {
		t.Errorf("the function's concurrency is not reserved: %+v", out.Concurrency)
	}
	if days, ok := e.logGroup("/aws/lambda/acme-report"); !ok || days != 30 {
		t.Errorf("the function's log is kept for %d days (%v), want 30", days, ok)
	}
	for name, text := range e.documents("acme-report") {
		for _, s := range componenttest.Statements(t, text) {
			for _, a := range s.Action {
				if s.Effect == "Allow" && strings.Contains(a, "*") {
					t.Errorf("%s allows %s", name, a)
				}
			}
		}
	}
}

func lookFunctionHost(t *testing.T, r *rig) {
	lookNetwork(t, r, core, "acme-host")
	e := r.in(t, core)
	e.trusts("acme-invoker", "arn:aws:iam::"+functions+":role/runtime", "acme-host")
	e.invokes("acme-invoker")
	e.rotates("acme-host")
}

func lookQueueWorker(t *testing.T, r *rig) {
	e := r.in(t, core)
	if a := e.redriven("acme-import", 5); a != nil && a["VisibilityTimeout"] != "360" {
		t.Errorf("a message is hidden for %s s, want six times the function's 60", a["VisibilityTimeout"])
	}
	e.closedBucket(resultsBucket, "acme-import")
	e.alarmsWatch("acme-import", ofQueue("acme-import"), "arn:aws:sns:"+region+":"+core+":operators")
	out := see(e, e.lambda.ListEventSourceMappings, &lambda.ListEventSourceMappingsInput{})
	if out == nil {
		return
	}
	own := slices.DeleteFunc(out.EventSourceMappings, func(m types.EventSourceMappingConfiguration) bool {
		return !strings.HasSuffix(aws.ToString(m.EventSourceArn), ":acme-import")
	})
	if len(own) != 1 || !slices.Contains(own[0].FunctionResponseTypes, "ReportBatchItemFailures") {
		t.Errorf("the function does not report failures message by message: %+v", own)
	}
}

func (e *eyes) closedTopic(name string) string {
	e.t.Helper()
	arn := "arn:aws:sns:" + region + ":" + e.account + ":" + name
	if out := see(e, e.sns.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: &arn}); out != nil {
		if out.Attributes["KmsMasterKeyId"] == "" {
			e.t.Errorf("topic %s has no key", name)
		}
		e.tlsOnly(name, out.Attributes["Policy"])
	}
	return arn
}

// topicPolicy gives who may do what with a topic.
func (e *eyes) topicPolicy(arn string) string {
	e.t.Helper()
	out := see(e, e.sns.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if out == nil {
		return ""
	}
	return out.Attributes["Policy"]
}

func lookTopic(t *testing.T, r *rig) { r.in(t, core).closedTopic("acme-news") }

func lookFanout(t *testing.T, r *rig) {
	e := r.in(t, core)
	arn := e.closedTopic("lifecycle")
	e.redriven("lifecycle-billing", 5)
	out := see(e, e.sns.ListSubscriptionsByTopic, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn})
	if out == nil {
		return
	}
	if len(out.Subscriptions) != 1 || !strings.HasSuffix(aws.ToString(out.Subscriptions[0].Endpoint), ":lifecycle-billing") {
		t.Errorf("the topic has the subscriptions %+v", out.Subscriptions)
		return
	}
	if s := see(e, e.sns.GetSubscriptionAttributes, &sns.GetSubscriptionAttributesInput{SubscriptionArn: out.Subscriptions[0].SubscriptionArn}); s != nil {
		if !strings.Contains(s.Attributes["FilterPolicy"], "tenant.created") || s.Attributes["RedrivePolicy"] == "" {
			t.Errorf("the subscription has no filter, or no dead letters: %v", s.Attributes)
		}
	}
}

func lookObservability(t *testing.T, r *rig) {
	e := r.in(t, core)
	const group = "acme-signals/application"
	if days, ok := e.logGroup(group); !ok || days != 30 {
		t.Errorf("the log is kept for %d days (%v), want 30", days, ok)
	}
	e.counted(group, observability.MetricErrors, observability.MetricRequests)
	e.alarmsWatch("acme-signals", ofTenant("acme-signals", "acme"))
}

func lookIdentity(t *testing.T, r *rig) { r.in(t, core).people("acme-people") }

// people holds a user pool to a second factor, to nobody signing up alone, and to
// attributes that no client may write.
func (e *eyes) people(name string) {
	e.t.Helper()
	id := e.userPool(name)
	if id == "" {
		e.t.Errorf("there is no user pool %s", name)
		return
	}
	if out := see(e, e.users.DescribeUserPool, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &id}); out != nil {
		p := out.UserPool
		if p.MfaConfiguration != "ON" || p.AdminCreateUserConfig == nil || !p.AdminCreateUserConfig.AllowAdminCreateUserOnly {
			e.t.Errorf("anybody may sign up, or without a second factor: %s %+v", p.MfaConfiguration, p.AdminCreateUserConfig)
		}
		for _, name := range []string{"tenant_id", "platform_user_id"} {
			found := false
			for _, a := range p.SchemaAttributes {
				if aws.ToString(a.Name) == "custom:"+name || aws.ToString(a.Name) == name {
					found = !aws.ToBool(a.Mutable)
				}
			}
			if !found {
				e.t.Errorf("the attribute %s is not there, or may change", name)
			}
		}
	}
	list := see(e, e.users.ListUserPoolClients, &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &id, MaxResults: aws.Int32(60)})
	if list == nil {
		return
	}
	for _, c := range list.UserPoolClients {
		out := see(e, e.users.DescribeUserPoolClient, &cognitoidentityprovider.DescribeUserPoolClientInput{UserPoolId: &id, ClientId: c.ClientId})
		if out == nil {
			continue
		}
		for _, a := range out.UserPoolClient.WriteAttributes {
			if strings.HasPrefix(a, "custom:") {
				e.t.Errorf("the client %s may write %s", *c.ClientName, a)
			}
		}
	}
}

func lookAPI(t *testing.T, r *rig) {
	e := r.in(t, core)
	e.usagePlan("acme-front", 7, 10, 1000)
	e.front("acme-front")
	keys := see(e, e.api.GetApiKeys, &apigateway.GetApiKeysInput{NameQuery: aws.String("acme-front-key")})
	if keys != nil && (len(keys.Items) != 1 || !keys.Items[0].Enabled) {
		t.Errorf("the tenant has the keys %+v", keys.Items)
	}
}

// front holds an API to a stage that traces and logs, and whose execution log has no
// bodies.
func (e *eyes) front(name string) {
	e.t.Helper()
	id := e.apiNamed(name)
	if id == "" {
		e.t.Errorf("there is no API %s", name)
		return
	}
	s := see(e, e.api.GetStage, &apigateway.GetStageInput{RestApiId: &id, StageName: aws.String("live")})
	if s == nil {
		return
	}
	if !s.TracingEnabled || s.AccessLogSettings == nil || aws.ToString(s.AccessLogSettings.DestinationArn) == "" {
		e.t.Errorf("the stage of %s is not traced or does not log: %+v", name, s)
	}
	all, ok := s.MethodSettings["*/*"]
	if !ok || aws.ToString(all.LoggingLevel) != "INFO" && aws.ToString(all.LoggingLevel) != "ERROR" || all.DataTraceEnabled {
		e.t.Errorf("the methods of %s do not log, or log bodies: %+v", name, s.MethodSettings)
	}
}
