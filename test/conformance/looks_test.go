package conformance_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tenantform/tenantform/components/componenttest"
)

// alarmNames gives the names of metric alarms. It asks with AWS's own command: the
// emulator does not speak the protocol of the SDK's package.
func (e *eyes) alarmNames(prefix string) []string {
	e.t.Helper()
	var out struct{ MetricAlarms []struct{ AlarmName string } }
	e.command(&out, "cloudwatch", "describe-alarms", "--alarm-name-prefix", prefix)
	var names []string
	for _, a := range out.MetricAlarms {
		names = append(names, a.AlarmName)
	}
	return names
}

// dashboards gives the names of dashboards that begin with a prefix.
func (e *eyes) dashboards(prefix string) []string {
	e.t.Helper()
	var out struct {
		DashboardEntries []struct{ DashboardName string }
	}
	e.command(&out, "cloudwatch", "list-dashboards", "--dashboard-name-prefix", prefix)
	var names []string
	for _, d := range out.DashboardEntries {
		names = append(names, d.DashboardName)
	}
	return names
}

func lookDashboard(t *testing.T, r *rig, name string) {
	t.Helper()
	if names := r.in(t, core).dashboards(name); !slices.Equal(names, []string{name}) {
		t.Errorf("there are the dashboards %v, want %s", names, name)
	}
}

func (r *rig) noDashboard(t *testing.T, account, name string) {
	t.Helper()
	if names := r.in(t, account).dashboards(name); len(names) > 0 {
		t.Errorf("the dashboards %v are still there", names)
	}
}

// lookPlatform looks for the closed network and the role of the runtime.
func lookPlatform(t *testing.T, r *rig) {
	there := r.in(t, functions)
	ids := there.networks("tenant-id", "shared")
	if len(ids) != 1 {
		t.Errorf("the functions' account has the networks %v", ids)
	}
	for _, id := range ids {
		there.closedNetwork(id)
	}
	see(there, there.iam.GetRole, &iam.GetRoleInput{RoleName: aws.String("platform-eu-west-1-invoker")})
	if here := r.in(t, core).networks("tenant-id", "shared"); len(here) > 0 {
		t.Error("the network of tenants' functions is in the core account")
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

// lookFunctions looks for the function that may do nothing and reach nothing.
func lookFunctions(t *testing.T, r *rig) { lookTenantFunction(t, r, functions, "acme-score") }

const siloBucket = "acme-data-" + core + "-" + region

// lookSilo looks for what keeps a silo's data.
func lookSilo(t *testing.T, r *rig) {
	e := r.in(t, core)
	ids := e.networks("tenant-id", "acme")
	if len(ids) != 1 {
		t.Errorf("acme has the networks %v", ids)
	}
	for _, id := range ids {
		e.closedNetwork(id)
	}
	e.pointInTime("acme-silo-data")
	e.closedBucket(siloBucket)
}

func lookEncryption(t *testing.T, r *rig) {
	e := r.in(t, core)
	key := see(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: aws.String("alias/acme-own")})
	if key == nil {
		return
	}
	if out := see(e, e.keys.GetKeyRotationStatus, &kms.GetKeyRotationStatusInput{KeyId: key.KeyMetadata.KeyId}); out != nil && !out.KeyRotationEnabled {
		t.Error("the key does not rotate")
	}
	out := see(e, e.keys.GetKeyPolicy, &kms.GetKeyPolicyInput{KeyId: key.KeyMetadata.KeyId, PolicyName: aws.String("default")})
	if out == nil {
		return
	}
	for _, s := range componenttest.Statements(t, aws.ToString(out.Policy)) {
		text, _ := json.Marshal(s.Principal)
		if s.Effect == "Allow" && string(text) != `{"AWS":"arn:aws:iam::`+core+`:root"}` && string(text) != `{"AWS":["arn:aws:iam::`+core+`:root"]}` {
			t.Errorf("the key's policy names more than the account: %s", text)
		}
	}
}

func lookBucket(t *testing.T, r *rig) { r.in(t, core).closedBucket(dataBucket) }

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
		var points struct {
			VpcEndpoints []struct{ ServiceName, PolicyDocument string }
		}
		e.ec2(&points, "describe-vpc-endpoints", "--filters", "Name=vpc-id,Values="+id)
		for _, p := range points.VpcEndpoints {
			if !strings.Contains(p.PolicyDocument, "aws:PrincipalAccount") {
				t.Errorf("the endpoint %s is open to other accounts: %s", p.ServiceName, p.PolicyDocument)
			}
		}
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
	see(e, e.iam.GetRole, &iam.GetRoleInput{RoleName: aws.String("acme-invoker")})
	for name, text := range e.documents("acme-invoker") {
		if !strings.Contains(text, "aws:ResourceTag/tenant-id") {
			t.Errorf("%s is not bound to the tenant's functions: %s", name, text)
		}
	}
}

// lookTenantFunction looks for the function that may do nothing and reach nothing.
func lookTenantFunction(t *testing.T, r *rig, account, name string) {
	t.Helper()
	e := r.in(t, account)
	f := see(e, e.lambda.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if f == nil {
		return
	}
	role := (*f.Role)[strings.LastIndex(*f.Role, "/")+1:]
	documents := e.documents(role)
	if len(documents) != 1 {
		t.Errorf("role %s has the documents %v, want one", role, slices.Sorted(maps.Keys(documents)))
	}
	for _, text := range documents {
		deniesAll(t, role, text)
	}
	if f.VpcConfig == nil || len(f.VpcConfig.SubnetIds) < 2 || len(f.VpcConfig.SecurityGroupIds) != 1 {
		t.Fatalf("the function is not in the closed network: %+v", f.VpcConfig)
	}
	if n := e.closed("Name=group-id,Values=" + f.VpcConfig.SecurityGroupIds[0]); n != 1 {
		t.Errorf("the function's security group was found %d times", n)
	}
}

// deniesAll holds a document to denying everything but what Lambda does by itself.
func deniesAll(t *testing.T, role, text string) {
	t.Helper()
	statements := componenttest.Statements(t, text)
	var spared []string
	for _, s := range statements {
		if s.Effect == "Deny" && len(s.NotAction) > 0 && slices.Equal(s.Resource, []string{"*"}) {
			spared = s.NotAction
		}
	}
	if len(spared) == 0 {
		t.Errorf("role %s does not deny everything: %s", role, text)
	}
	for _, s := range statements {
		for _, action := range s.Action {
			if s.Effect == "Allow" && !slices.Contains(spared, action) {
				t.Errorf("role %s allows %s", role, action)
			}
		}
	}
	for _, action := range spared {
		if service, _, _ := strings.Cut(action, ":"); !slices.Contains([]string{"ec2", "logs", "xray"}, service) {
			t.Errorf("%s is not among what Lambda does by itself", action)
		}
	}
}

func lookQueueWorker(t *testing.T, r *rig) {
	e := r.in(t, core)
	if a := e.redriven("acme-import", 5); a != nil && a["VisibilityTimeout"] != "360" {
		t.Errorf("a message is hidden for %s s, want six times the function's 60", a["VisibilityTimeout"])
	}
	e.closedBucket(resultsBucket)
	e.alarmsWatch("acme-import", 2)
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
	if out := see(e, e.logs.DescribeMetricFilters, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: aws.String(group)}); out != nil && len(out.MetricFilters) != 2 {
		t.Errorf("the log has %d metric filters, want 2", len(out.MetricFilters))
	}
	e.alarmsWatch("acme-signals-errors", 1)
}

func lookIdentity(t *testing.T, r *rig) {
	e := r.in(t, core)
	id := e.userPool("acme-people")
	if id == "" {
		t.Error("there is no user pool")
		return
	}
	if out := see(e, e.users.DescribeUserPool, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &id}); out != nil {
		p := out.UserPool
		if p.MfaConfiguration != "ON" || p.AdminCreateUserConfig == nil || !p.AdminCreateUserConfig.AllowAdminCreateUserOnly {
			t.Errorf("anybody may sign up, or without a second factor: %s %+v", p.MfaConfiguration, p.AdminCreateUserConfig)
		}
		for _, name := range []string{"tenant_id", "platform_user_id"} {
			found := false
			for _, a := range p.SchemaAttributes {
				if aws.ToString(a.Name) == "custom:"+name || aws.ToString(a.Name) == name {
					found = !aws.ToBool(a.Mutable)
				}
			}
			if !found {
				t.Errorf("the attribute %s is not there, or may change", name)
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
				t.Errorf("the client %s may write %s", *c.ClientName, a)
			}
		}
	}
}

func lookAPI(t *testing.T, r *rig) {
	e := r.in(t, core)
	e.usagePlan("acme-front", 7, 10, 1000)
	id := e.apiNamed("acme-front")
	if id == "" {
		t.Error("there is no API")
		return
	}
	if s := see(e, e.api.GetStage, &apigateway.GetStageInput{RestApiId: &id, StageName: aws.String("live")}); s != nil {
		if !s.TracingEnabled || s.AccessLogSettings == nil || aws.ToString(s.AccessLogSettings.DestinationArn) == "" {
			t.Errorf("the stage is not traced or does not log: %+v", s)
		}
	}
	keys := see(e, e.api.GetApiKeys, &apigateway.GetApiKeysInput{NameQuery: aws.String("acme-front-key")})
	if keys != nil && (len(keys.Items) != 1 || !keys.Items[0].Enabled) {
		t.Errorf("the tenant has the keys %+v", keys.Items)
	}
}
