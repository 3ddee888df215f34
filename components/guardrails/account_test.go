package guardrails_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/guardrails"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

const (
	ruleType = "aws:cfg/rule:Rule"
	bucketOf = "arn:aws:s3:::platform-audit-111111111111"
	trailARN = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/core-trail"
)

func account() *guardrails.AccountArgs {
	return &guardrails.AccountArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "core",
		Bucket: "platform-audit-111111111111", Deployers: []string{"tenantform-deployer"},
	}
}

func newAccount(a *guardrails.AccountArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := guardrails.NewAccount(ctx, "core", a)
		return err
	}
}

func run(t *testing.T, a *guardrails.AccountArgs) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", newAccount(a), nil)
	componenttest.Check(t, r)
	return r
}

// rules gives the rules by identifier.
func rules(t *testing.T, r *componenttest.Recording) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	for _, rule := range r.OfType(ruleType) {
		source := rule.Inputs["source"].(map[string]any)
		if source["owner"] != "AWS" || len(rule.Inputs["name"].(string)) > 128 {
			t.Errorf("%s: %v", rule.Name, rule.Inputs)
		}
		id := source["sourceIdentifier"].(string)
		if !slices.Contains(guardrails.Rules(), id) {
			t.Errorf("%s is not among Rules", id)
		}
		all[id] = append(all[id], rule.Inputs)
	}
	return all
}

func TestRecorderDeliversAndRecords(t *testing.T) {
	for environment, want := range map[string]string{location.Dev: "DAILY TwentyFour_Hours", location.Production: "CONTINUOUS Six_Hours"} {
		a := account()
		a.Location.Environment, a.Prefix = environment, "audit"
		r := run(t, a)
		recorder := r.One(t, "aws:cfg/recorder:Recorder").Inputs
		if recorder["roleArn"] != "arn:aws:iam::111111111111:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig" {
			t.Errorf("role %v", recorder["roleArn"])
		}
		if g := recorder["recordingGroup"].(map[string]any); g["allSupported"] != true || g["includeGlobalResourceTypes"] != true {
			t.Errorf("records %v", g)
		}
		channel := r.One(t, "aws:cfg/deliveryChannel:DeliveryChannel").Inputs
		got := fmt.Sprint(recorder["recordingMode"].(map[string]any)["recordingFrequency"], " ",
			channel["snapshotDeliveryProperties"].(map[string]any)["deliveryFrequency"])
		if got != want || channel["s3BucketName"] != "platform-audit-111111111111" || channel["s3KeyPrefix"] != "audit" {
			t.Errorf("%s: %s, want %s; delivers %v", environment, got, want, channel)
		}
		if r.One(t, "aws:cfg/recorderStatus:RecorderStatus").Inputs["isEnabled"] != true {
			t.Error("it does not record")
		}
		if r.One(t, "aws:iam/serviceLinkedRole:ServiceLinkedRole").Inputs["awsServiceName"] != "config.amazonaws.com" {
			t.Error("another role")
		}
	}
}

func TestAnotherRegionOfTheAccount(t *testing.T) {
	a := account()
	a.GlobalElsewhere, a.ServiceRoleExists = true, true
	r := run(t, a)
	if len(r.OfType("aws:iam/serviceLinkedRole:ServiceLinkedRole")) > 0 {
		t.Error("the role of the account is made again")
	}
	if g := r.One(t, "aws:cfg/recorder:Recorder").Inputs["recordingGroup"].(map[string]any); g["includeGlobalResourceTypes"] != false {
		t.Errorf("records %v", g)
	}
	all := rules(t, r)
	for _, id := range []string{"ROOT_ACCOUNT_MFA_ENABLED", "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", "IAM_ROOT_ACCESS_KEY_CHECK"} {
		if all[id] != nil {
			t.Errorf("%s is held to twice", id)
		}
	}
	if all["S3_BUCKET_SSL_REQUESTS_ONLY"] == nil {
		t.Error("the region's own rules are missing")
	}
}

func TestRulesOfDevAndProduction(t *testing.T) {
	dev := rules(t, run(t, account()))
	a := account()
	a.Location.Environment = location.Production
	production := rules(t, run(t, a))
	var more []string
	for id := range production {
		if dev[id] == nil {
			more = append(more, id)
		}
	}
	slices.Sort(more)
	want := []string{
		"DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", "RDS_CLUSTER_DELETION_PROTECTION_ENABLED", "RDS_CLUSTER_MULTI_AZ_ENABLED", "S3_BUCKET_VERSIONING_ENABLED",
	}
	if !slices.Equal(more, want) {
		t.Errorf("production is held to %v besides, want %v", more, want)
	}
	if len(production) != len(guardrails.Rules()) || !slices.IsSorted(guardrails.Rules()) {
		t.Errorf("%d rules in production of %d", len(production), len(guardrails.Rules()))
	}
	const retention = "CW_LOGGROUP_RETENTION_PERIOD_CHECK"
	if d, p := dev[retention][0]["inputParameters"], production[retention][0]["inputParameters"]; d != `{"MinRetentionTime":"1"}` || p != `{"MinRetentionTime":"7"}` {
		t.Errorf("logs are kept for %v in dev and %v in production", d, p)
	}
}

func TestEveryTagIsRequired(t *testing.T) {
	both := rules(t, run(t, account()))["REQUIRED_TAGS"]
	var keys []string
	for _, rule := range both {
		var parameters map[string]string
		if err := json.Unmarshal([]byte(rule["inputParameters"].(string)), &parameters); err != nil || len(parameters) > 6 {
			t.Fatalf("%v: %v", err, rule["inputParameters"])
		}
		for i := range len(parameters) {
			keys = append(keys, parameters[fmt.Sprintf("tag%dKey", i+1)])
		}
		if types := fmt.Sprint(rule["scope"].(map[string]any)["complianceResourceTypes"]); !strings.Contains(types, "AWS::S3::Bucket") {
			t.Errorf("scope %s", types)
		}
	}
	if len(both) != 2 || !slices.Equal(slices.Sorted(slices.Values(keys)), slices.Sorted(slices.Values(tags.Keys()))) {
		t.Errorf("%d rules ask for %v", len(both), keys)
	}
}

func TestRulesCanBeLeftOut(t *testing.T) {
	a := account()
	a.Without = []string{"RDS_STORAGE_ENCRYPTED", "REQUIRED_TAGS"}
	all := rules(t, run(t, a))
	if all["RDS_STORAGE_ENCRYPTED"] != nil || all["REQUIRED_TAGS"] != nil || all["SNS_ENCRYPTED_KMS"] == nil {
		t.Errorf("rules %v", all)
	}
}

func TestAlertSaysWhoWhatWhere(t *testing.T) {
	r := run(t, account())
	target := r.One(t, "aws:cloudwatch/eventTarget:EventTarget").Inputs
	if target["arn"] != "arn:recorded:aws:sns/topic:Topic:core-alerts-topic" || target["roleArn"] != nil {
		t.Errorf("told: %v", target)
	}
	transformer := target["inputTransformer"].(map[string]any)
	template, paths := transformer["inputTemplate"].(string), transformer["inputPaths"].(map[string]any)
	var text string
	if err := json.Unmarshal([]byte(template), &text); err != nil {
		t.Errorf("the template is no JSON: %v", err)
	}
	for key, path := range map[string]string{"who": "$.detail.userIdentity.arn", "what": "$.detail.eventName", "where": "$.detail.awsRegion"} {
		if paths[key] != path {
			t.Errorf("%s is %v", key, paths[key])
		}
	}
	for key := range paths {
		if !strings.Contains(template, "<"+key+">") {
			t.Errorf("the message does not say %s", key)
		}
	}
	if n := strings.Count(template, "<"); n != len(paths) {
		t.Errorf("%d placeholders for %d fields", n, len(paths))
	}
	for _, s := range componenttest.Statements(t, r.One(t, "aws:sns/topic:Topic").Inputs["policy"]) {
		if s.Effect == "Allow" && fmt.Sprint(s.Principal) != "map[Service:[events.amazonaws.com]]" {
			t.Errorf("who publishes: %+v", s)
		}
	}
	alarm := r.One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs
	if alarm["metricName"] != "FailedInvocations" || fmt.Sprint(alarm["dimensions"]) != "map[RuleName:core-manual-change]" {
		t.Errorf("alarm %v", alarm)
	}
}

func TestAlertIsForWhoIsNoDeployer(t *testing.T) {
	rule := run(t, account()).One(t, "aws:cloudwatch/eventRule:EventRule").Inputs
	if rule["name"] != "core-manual-change" || rule["state"] != "ENABLED" {
		t.Errorf("rule %v", rule)
	}
	var p struct {
		DetailType []string `json:"detail-type"`
		Detail     struct {
			EventSource  []string
			ReadOnly     []bool
			UserIdentity struct {
				InvokedBy []map[string]bool
				Or        []map[string]any `json:"$or"`
			}
		}
	}
	text := rule["eventPattern"].(string)
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.DetailType, []string{"AWS API Call via CloudTrail"}) || !slices.Equal(p.Detail.ReadOnly, []bool{false}) || p.Detail.UserIdentity.InvokedBy[0]["exists"] {
		t.Errorf("pattern %s", text)
	}
	for _, source := range []string{"iam.amazonaws.com", "lambda.amazonaws.com", "cloudtrail.amazonaws.com", "s3.amazonaws.com"} {
		if !slices.Contains(p.Detail.EventSource, source) {
			t.Errorf("%s is not watched", source)
		}
	}
	got := fmt.Sprint(p.Detail.UserIdentity.Or)
	const want = "[map[type:[IAMUser IdentityCenterUser Root]] map[sessionContext:map[sessionIssuer:map[arn:[map[anything-but:map[wildcard:" +
		"[arn:aws:iam::111111111111:role/tenantform-deployer arn:aws:iam::111111111111:role/aws-service-role/*]]]]]]]]"
	if got != want {
		t.Errorf("who:\n%s\nwant\n%s", got, want)
	}
	if again := run(t, account()).One(t, "aws:cloudwatch/eventRule:EventRule").Inputs["eventPattern"]; again != text || len(text) > 2048 {
		t.Errorf("%d characters, or not stable", len(text))
	}
}

func TestTopicThatIsGiven(t *testing.T) {
	a := account()
	a.TopicARN = "arn:aws:sns:eu-west-1:333333333333:security"
	r := run(t, a)
	if len(r.OfType("aws:sns/topic:Topic")) > 0 || r.One(t, "aws:cloudwatch/eventTarget:EventTarget").Inputs["arn"] != a.TopicARN {
		t.Error("another topic is told")
	}
}

func TestTrailOnRequest(t *testing.T) {
	if n := len(run(t, account()).OfType("aws:cloudtrail/trail:Trail")); n > 0 {
		t.Errorf("%d trails without asking", n)
	}
	a := account()
	a.Trail, a.TrailKeyARN, a.Prefix = true, pulumi.String("arn:key"), "audit"
	trail := run(t, a).One(t, "aws:cloudtrail/trail:Trail").Inputs
	for key, want := range map[string]any{
		"name": "core-trail", "s3BucketName": "platform-audit-111111111111", "s3KeyPrefix": "audit", "kmsKeyId": "arn:key",
		"isMultiRegionTrail": true, "enableLogFileValidation": true, "includeGlobalServiceEvents": true, "enableLogging": true,
	} {
		if trail[key] != want {
			t.Errorf("%s is %v, want %v", key, trail[key], want)
		}
	}
}

func TestStatementsForBucketAndKey(t *testing.T) {
	a := account()
	if n := len(a.BucketStatements()) + len(a.KeyStatements()); n != 3 {
		t.Errorf("%d statements without a trail, want Config's 3", n)
	}
	a.Trail, a.Prefix = true, "audit"
	got := map[string]string{}
	for _, document := range []string{a.BucketStatements().String(), a.KeyStatements().String()} {
		for _, s := range componenttest.Statements(t, document) {
			if s.Effect != "Allow" || len(s.Condition) == 0 {
				t.Errorf("%+v", s)
			}
			got[s.Sid] = strings.Join(s.Action, " ") + " on " + strings.Join(s.Resource, " ")
			if strings.HasPrefix(s.Sid, "Trail") && s.Condition["ArnEquals"]["aws:SourceArn"][0] != trailARN {
				t.Errorf("%+v", s)
			}
			if strings.HasPrefix(s.Sid, "Config") && s.Condition["StringEquals"]["aws:SourceAccount"][0] != "111111111111" {
				t.Errorf("%+v", s)
			}
		}
	}
	want := map[string]string{
		"ConfigFindsTheBucket111111111111": "s3:GetBucketAcl s3:ListBucket on " + bucketOf,
		"ConfigDelivers111111111111":       "s3:PutObject on " + bucketOf + "/audit/AWSLogs/111111111111/Config/*",
		"TrailFindsTheBucket111111111111":  "s3:GetBucketAcl on " + bucketOf,
		"TrailDelivers111111111111":        "s3:PutObject on " + bucketOf + "/audit/AWSLogs/111111111111/*",
		"ConfigEncrypts111111111111":       "kms:Decrypt kms:GenerateDataKey on *",
		"TrailEncrypts111111111111":        "kms:GenerateDataKey on *",
		"TrailFindsTheKey111111111111":     "kms:DescribeKey on *",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("statements %v\nwant %v", got, want)
	}
}

func TestBadAccountsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*guardrails.AccountArgs)
		words  []string
	}{
		"no name":        {func(a *guardrails.AccountArgs) { a.Name = "" }, []string{"Name is missing"}},
		"long name":      {func(a *guardrails.AccountArgs) { a.Name = strings.Repeat("n", 41) }, []string{"Name", "1 to 40"}},
		"no bucket":      {func(a *guardrails.AccountArgs) { a.Bucket = "" }, []string{"Bucket is missing"}},
		"prefix":         {func(a *guardrails.AccountArgs) { a.Prefix = "audit/" }, []string{"Prefix", "audit/"}},
		"no deployer":    {func(a *guardrails.AccountArgs) { a.Deployers = nil }, []string{"Deployers", "1 to 10"}},
		"any deployer":   {func(a *guardrails.AccountArgs) { a.Deployers = []string{"*"} }, []string{"Deployers", `"*"`}},
		"topic":          {func(a *guardrails.AccountArgs) { a.TopicARN = "security" }, []string{"TopicARN", "security"}},
		"topic's region": {func(a *guardrails.AccountArgs) { a.TopicARN = "arn:aws:sns:us-east-1:111111111111:x" }, []string{"TopicARN", "a topic in eu-west-1"}},
		"actions":        {func(a *guardrails.AccountArgs) { a.AlarmActions = make(pulumi.StringArray, 6) }, []string{"AlarmActions", "0 to 5"}},
		"unknown rule":   {func(a *guardrails.AccountArgs) { a.Without = []string{"s3-bucket"} }, []string{"Without", "s3-bucket", "S3_BUCKET_SSL_REQUESTS_ONLY"}},
		"rule twice":     {func(a *guardrails.AccountArgs) { a.Without = []string{"REQUIRED_TAGS", "REQUIRED_TAGS"} }, []string{"each rule once"}},
		"retention":      {func(a *guardrails.AccountArgs) { a.MinRetentionDays = 8 }, []string{"MinRetentionDays", `"8"`}},
		"trail, no key":  {func(a *guardrails.AccountArgs) { a.Trail = true }, []string{"TrailKeyARN is missing"}},
		"key, no trail":  {func(a *guardrails.AccountArgs) { a.TrailKeyARN = pulumi.String("arn:key") }, []string{"TrailKeyARN", "without Trail"}},
		"long pattern": {func(a *guardrails.AccountArgs) {
			a.Deployers = nil
			for i := range 10 {
				a.Deployers = append(a.Deployers, fmt.Sprintf("%064d", i))
			}
		}, []string{"Deployers, as a pattern", "1 to 2048"}},
		"no tags": {func(a *guardrails.AccountArgs) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := account()
			c.change(a)
			r, err := componenttest.Run("test", newAccount(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "account guardrails", "core")...)
		})
	}
	r, err := componenttest.Run("test", newAccount(nil), nil)
	componenttest.Refused(t, r, err, "Bucket")
}
