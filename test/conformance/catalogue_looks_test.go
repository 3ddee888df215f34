package conformance_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// tagged gives the ARNs of what carries the project's tag in the account, as the
// service that all others tell of tags says.
func (e *eyes) tagged() []string {
	e.t.Helper()
	out := see(e, e.tags.GetResources, &resourcegroupstaggingapi.GetResourcesInput{TagFilters: []tagtypes.TagFilter{{Key: aws.String("managed-by"), Values: []string{"tenantform"}}}})
	if out == nil {
		return nil
	}
	var arns []string
	for _, r := range out.ResourceTagMappingList {
		arns = append(arns, aws.ToString(r.ResourceARN))
	}
	return arns
}

// someTagged holds a component without a look of its own to something being there.
func (e *eyes) someTagged() {
	e.t.Helper()
	arns := e.tagged()
	e.t.Logf("there are %v", arns)
	if len(arns) == 0 {
		e.t.Error("nothing carries the tag managed-by")
	}
}

// noneTagged holds an account to being empty.
func (e *eyes) noneTagged() {
	e.t.Helper()
	arns := slices.DeleteFunc(e.tagged(), func(arn string) bool {
		if _, id, ok := strings.Cut(arn, ":instance/"); ok {
			return e.terminated(id)
		}
		if _, id, ok := strings.Cut(arn, ":natgateway/"); ok {
			return e.translatesNoMore(id)
		}
		if strings.Contains(arn, ":cluster-snapshot:") {
			return true // what a database is brought back from; see gones
		}
		if !strings.Contains(arn, ":kms:") {
			return false
		}
		// A key that is taken away waits for days.
		out := see(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: &arn})
		return out != nil && out.KeyMetadata.DeletionDate != nil
	})
	if len(arns) > 0 {
		e.t.Errorf("these are still there: %v", arns)
	}
}

// noneLeft holds an account to having none of what may be without tags, or is not
// told to the service of tags: what befores made is not counted.
func (e *eyes) noneLeft() {
	e.t.Helper()
	var left []string
	add := func(kind string, names ...*string) {
		for _, n := range names {
			left = append(left, kind+" "+aws.ToString(n))
		}
	}
	if out := see(e, e.iam.ListRoles, &iam.ListRolesInput{}); out != nil {
		for _, r := range out.Roles {
			add("role", r.RoleName)
		}
	}
	if out := see(e, e.iam.ListPolicies, &iam.ListPoliciesInput{Scope: "Local"}); out != nil {
		for _, p := range out.Policies {
			add("policy", p.PolicyName)
		}
	}
	if out := see(e, e.logs.DescribeLogGroups, &cloudwatchlogs.DescribeLogGroupsInput{}); out != nil {
		for _, g := range out.LogGroups {
			add("log group", g.LogGroupName)
		}
	}
	if out := see(e, e.alarms.DescribeAlarms, &cloudwatch.DescribeAlarmsInput{}); out != nil {
		for _, a := range out.MetricAlarms {
			add("alarm", a.AlarmName)
		}
	}
	if out := see(e, e.api.GetRestApis, &apigateway.GetRestApisInput{}); out != nil {
		for _, a := range out.Items {
			add("API", a.Name)
		}
	}
	if out := see(e, e.api.GetUsagePlans, &apigateway.GetUsagePlansInput{}); out != nil {
		for _, p := range out.Items {
			add("usage plan", p.Name)
		}
	}
	if out := see(e, e.lambda.ListFunctions, &lambda.ListFunctionsInput{}); out != nil {
		for _, f := range out.Functions {
			add("function", f.FunctionName)
		}
	}
	if out := see(e, e.events.ListRules, &eventbridge.ListRulesInput{}); out != nil {
		for _, r := range out.Rules {
			add("rule of events", r.Name)
		}
	}
	for _, name := range e.dashboards("") {
		add("dashboard", &name)
	}
	if len(left) > 0 {
		e.t.Errorf("these are still there: %v", left)
	}
}

// terminated tells whether a machine is gone; it is told of for a while.
func (e *eyes) terminated(id string) bool {
	e.t.Helper()
	out := see(e, e.nets.DescribeInstances, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if out == nil {
		return false
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.State.Name != "terminated" {
				return false
			}
		}
	}
	return true
}

// translatesNoMore tells whether a gateway is gone; it is told of for a while.
func (e *eyes) translatesNoMore(id string) bool {
	e.t.Helper()
	out := see(e, e.nets.DescribeNatGateways, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{id}})
	return out != nil && !slices.ContainsFunc(out.NatGateways, func(g ec2types.NatGateway) bool { return g.State != "deleted" })
}

// looks are those of components whose sample of the catalogue lives; of the others
// it is enough that something is there, and gone afterwards.
func looks() map[string]func(*eyes, blueprints.Blueprint) {
	return map[string]func(*eyes, blueprints.Blueprint){
		"archive.Archive": func(e *eyes, _ blueprints.Blueprint) {
			bucket := "sample-events-" + e.account
			e.closedBucket(bucket, "sample-lifecycle")
			e.archived("sample-archive", e.closedTopic("sample-lifecycle"), bucket)
		},
		"artifacts.Artifacts": func(e *eyes, _ blueprints.Blueprint) {
			e.closedBucket("sample-artifacts-"+e.account, "sample-artifacts")
			e.rotates("sample-artifacts")
		},
		"bucket.Bucket": lookBucketSample,
		"bucket.Logs":   func(e *eyes, _ blueprints.Blueprint) { e.closedBucket("sample-logs-"+e.account, managed) },
		"apigateway.AccountLogging": func(e *eyes, _ blueprints.Blueprint) {
			if out := see(e, e.api.GetAccount, &apigateway.GetAccountInput{}); out != nil && !strings.HasSuffix(aws.ToString(out.CloudwatchRoleArn), ":role/sample-api-logs") {
				e.t.Errorf("API Gateway logs as %q", aws.ToString(out.CloudwatchRoleArn))
			}
		},
		"dashboard.Dashboard": func(e *eyes, _ blueprints.Blueprint) {
			if names := e.dashboards(""); !slices.Equal(names, []string{"sample-platform"}) {
				e.t.Errorf("there are the dashboards %v", names)
			}
		},
		"data.Table":         func(e *eyes, _ blueprints.Blueprint) { e.pointInTime("sample-table") },
		"data.TenantAccess":  func(e *eyes, _ blueprints.Blueprint) { e.leadingKeys("sample-access-data", "acme") },
		"database.Database":  lookDatabase,
		"encryption.Key":     func(e *eyes, _ blueprints.Blueprint) { e.rotates("sample-key") },
		"firewall.Firewall":  func(e *eyes, _ blueprints.Blueprint) { e.firewall() },
		"function.Function":  lookFunctionSample,
		"apigateway.API":     lookAPISample,
		"guardrails.Account": lookAccount,
		"guardrails.Organization": func(e *eyes, b blueprints.Blueprint) {
			if names, want := e.organizationPolicies(), e.recorded(b, "aws:organizations/policy:Policy", "name"); !slices.Equal(names, want) {
				e.t.Errorf("the organization has the policies %v, want %v", names, want)
			}
			e.attached()
		},
		"functionhost.Host": func(e *eyes, _ blueprints.Blueprint) {
			e.trusts("platform-eu-west-1-invoker", "arn:aws:iam::"+e.account+":role/tenantform-runtime", "sample")
			e.invokes("platform-eu-west-1-invoker")
		},
		"identity.UserPool": func(e *eyes, _ blueprints.Blueprint) { e.people("sample-users") },
		"network.Network":   lookNetworkSample,
		"observability.Signals": func(e *eyes, _ blueprints.Blueprint) {
			e.alarmsWatch("sample-acme", ofTenant("sample-acme", "acme"), "arn:aws:sns:"+region+":"+e.account+":sample-alarms")
		},
		"pool.Pool": func(e *eyes, _ blueprints.Blueprint) {
			e.pointInTime("pool-a-data")
			e.usagePlan("pool-a", 5, 10, 1000)
			e.people("pool-a")
			e.front("pool-a")
		},
		"pool.Placement":    func(e *eyes, _ blueprints.Blueprint) { e.leadingKeys("acme-pool-a-data", "acme") },
		"queueworker.Queue": func(e *eyes, _ blueprints.Blueprint) { e.redriven("sample-queue", 5) },
		"queueworker.Worker": func(e *eyes, _ blueprints.Blueprint) {
			e.redriven("sample-worker", 5)
			e.closedBucket("sample-worker-results-"+e.account, "sample-worker")
			e.alarmsWatch("sample-worker", ofQueue("sample-worker"), "arn:aws:sns:"+region+":"+e.account+":sample-worker-alarms")
		},
		"silo.Silo": lookSiloSample,
		"tenantfunction.TenantFunction": func(e *eyes, _ blueprints.Blueprint) {
			e.lookTenantFunction(isolated{
				name: "sample-acme-score", invoker: "arn:aws:iam::" + blueprints.FunctionsAccount + ":role/platform-eu-west-1-invoker", layers: 1, days: 30,
				granted: []string{"dynamodb:GetItem"},
			})
		},
		"topic.Topic":        func(e *eyes, _ blueprints.Blueprint) { e.closedTopic("sample-topic") },
		"topic.Subscription": func(e *eyes, _ blueprints.Blueprint) { e.closedTopic("sample-events") },
		"topic.Fanout":       func(e *eyes, _ blueprints.Blueprint) { e.closedTopic("sample-lifecycle") },
	}
}

// recorded gives a property of all that a component's full sample makes of a type,
// sorted: what the account has to have, where it is too much to write down.
func (e *eyes) recorded(b blueprints.Blueprint, typ, property string) []string {
	e.t.Helper()
	site := blueprints.NewSite(location.Dev, e.t.TempDir())
	if slices.Contains(grown, b.Name()) {
		site.Location.Environment = location.Production
	}
	site.Location.Region, site.Location.AccountID = region, e.account
	r, err := b.Record(b.Full, site)
	if err != nil {
		e.t.Fatal(err)
	}
	var found []string
	for _, res := range r.Recording.OfType(typ) {
		value, _ := res.Inputs[property].(string)
		found = append(found, value)
	}
	if len(found) == 0 {
		e.t.Errorf("%s makes no %s", b.Name(), typ)
	}
	slices.Sort(found)
	return found
}

func lookBucketSample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	bucket := "sample-files-" + e.account
	e.closedBucket(bucket, "sample-bucket")
	if out := see(e, e.s3.GetObjectLockConfiguration, &s3.GetObjectLockConfigurationInput{Bucket: &bucket}); out != nil {
		if r := out.ObjectLockConfiguration.Rule; r == nil || r.DefaultRetention == nil || r.DefaultRetention.Mode != "GOVERNANCE" || aws.ToInt32(r.DefaultRetention.Days) != 30 {
			e.t.Errorf("the objects of %s are not locked for 30 days: %+v", bucket, out.ObjectLockConfiguration)
		}
	}
	if out := see(e, e.s3.GetBucketLogging, &s3.GetBucketLoggingInput{Bucket: &bucket}); out != nil && (out.LoggingEnabled == nil || aws.ToString(out.LoggingEnabled.TargetBucket) != "sample-logs-"+e.account) {
		e.t.Errorf("the bucket %s does not log: %+v", bucket, out.LoggingEnabled)
	}
}

func lookFunctionSample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	name, live := aws.String("sample-function"), aws.String("live")
	if out := see(e, e.lambda.GetFunctionEventInvokeConfig, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: name, Qualifier: live}); out != nil &&
		(out.DestinationConfig == nil || out.DestinationConfig.OnFailure == nil || !strings.HasSuffix(aws.ToString(out.DestinationConfig.OnFailure.Destination), ":sample-failures")) {
		e.t.Errorf("failed events are lost: %+v", out.DestinationConfig)
	}
	if a := see(e, e.lambda.GetAlias, &lambda.GetAliasInput{FunctionName: name, Name: live}); a != nil && (a.FunctionVersion == nil || *a.FunctionVersion == "$LATEST") {
		e.t.Errorf("the alias live is of the version %v", a.FunctionVersion)
	}
	if f := see(e, e.lambda.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: name}); f != nil {
		if f.KMSKeyArn == nil || f.VpcConfig == nil || len(f.VpcConfig.SubnetIds) == 0 || f.TracingConfig == nil || f.TracingConfig.Mode != "Active" {
			e.t.Errorf("the function has no key, no network or no traces: %+v", f)
		}
	}
}

func lookAPISample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	e.front("sample-api")
	e.usagePlan("sample-api", 5, 10, 1000)
	id := e.apiNamed("sample-api")
	arn := "arn:aws:apigateway:" + region + "::/restapis/" + id + "/stages/live"
	if out := see(e, e.firewalls.GetWebACLForResource, &wafv2.GetWebACLForResourceInput{ResourceArn: &arn}); out != nil && (out.WebACL == nil || aws.ToString(out.WebACL.Name) != "sample-api") {
		e.t.Errorf("no firewall is before the API: %+v", out.WebACL)
	}
	e.firewall()
}

// lookNetworkSample looks for a network whose private subnets reach the internet
// through translation, and are not reached.
func lookNetworkSample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	ids := e.networks("Name", "sample")
	if len(ids) != 1 {
		e.t.Errorf("there are the networks %v", ids)
		return
	}
	e.watched(ids[0])
	out := see(e, e.nets.DescribeNatGateways, &ec2.DescribeNatGatewaysInput{Filter: where("vpc-id", ids[0], "state", "available")})
	if out != nil && len(out.NatGateways) != 3 {
		e.t.Errorf("there are %d gateways that translate, want one in each of 3 zones", len(out.NatGateways))
	}
	tables := see(e, e.nets.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: where("vpc-id", ids[0])})
	if tables == nil {
		return
	}
	ways := 0
	for _, table := range tables.RouteTables {
		for _, route := range table.Routes {
			if aws.ToString(route.DestinationCidrBlock) == "0.0.0.0/0" && route.NatGatewayId != nil {
				ways++
			}
		}
	}
	if ways != 3 {
		e.t.Errorf("%d tables lead to a gateway that translates, want 3", ways)
	}
}

func lookSiloSample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	e.silo("acme-silo", "sample-silo-"+e.account)
	e.redriven("acme-silo-worker", 5)
	e.closedBucket("sample-silo-results-"+e.account, "acme-silo")
	all := ofQueue("acme-silo-worker")
	maps.Copy(all, ofTenant("acme-silo", "acme"))
	e.alarmsWatch("acme-silo", all)
}

// lookDatabase looks for a cluster that is encrypted, and that nobody outside
// reaches.
func lookDatabase(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	if out := see(e, e.databases.DescribeDBClusters, &rds.DescribeDBClustersInput{}); out != nil {
		if len(out.DBClusters) != 1 {
			e.t.Errorf("there are %d clusters, want one", len(out.DBClusters))
		}
		for _, c := range out.DBClusters {
			if !aws.ToBool(c.StorageEncrypted) || !aws.ToBool(c.IAMDatabaseAuthenticationEnabled) || len(c.EnabledCloudwatchLogsExports) == 0 {
				e.t.Errorf("the cluster is not encrypted, has no authentication by IAM, or no logs: %+v", c)
			}
			if !aws.ToBool(c.DeletionProtection) || aws.ToInt32(c.BackupRetentionPeriod) < 30 {
				e.t.Errorf("the cluster of production may be deleted, or is kept for %d days: %+v", aws.ToInt32(c.BackupRetentionPeriod), c.DeletionProtection)
			}
		}
	}
	if out := see(e, e.databases.DescribeDBInstances, &rds.DescribeDBInstancesInput{}); out != nil {
		if len(out.DBInstances) != 2 {
			e.t.Errorf("the database of production has %d instances, want 2", len(out.DBInstances))
		}
		for _, i := range out.DBInstances {
			if aws.ToBool(i.PubliclyAccessible) {
				e.t.Error("the database has a public address")
			}
		}
	}
}

// firewall looks for the groups of rules that AWS keeps, and for a limit.
func (e *eyes) firewall() {
	e.t.Helper()
	list := see(e, e.firewalls.ListWebACLs, &wafv2.ListWebACLsInput{Scope: "REGIONAL"})
	if list == nil || len(list.WebACLs) != 1 {
		e.t.Errorf("there are the firewalls %+v, want one", list)
		return
	}
	out := see(e, e.firewalls.GetWebACL, &wafv2.GetWebACLInput{Scope: "REGIONAL", Name: list.WebACLs[0].Name, Id: list.WebACLs[0].Id})
	if out == nil {
		return
	}
	groups, limits := 0, 0
	for _, r := range out.WebACL.Rules {
		if r.Statement.ManagedRuleGroupStatement != nil {
			groups++
		}
		if r.Statement.RateBasedStatement != nil {
			limits++
		}
	}
	if groups < 3 || limits < 1 {
		e.t.Errorf("the firewall has %d groups of rules and %d limits", groups, limits)
	}
}

// laters look for what the update gave: the other value of an argument, and
// production's settings.
func laters() map[string]func(*eyes) {
	return map[string]func(*eyes){
		"data.Table": func(e *eyes) { e.protected("sample-table") },
		"function.Function": func(e *eyes) {
			if f := see(e, e.lambda.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("sample-function")}); f != nil && aws.ToInt32(f.Timeout) != 20 {
				e.t.Errorf("the function ends after %d s, want 20", aws.ToInt32(f.Timeout))
			}
			if days, _ := e.logGroup("/aws/lambda/sample-function"); days != 365 {
				e.t.Errorf("the log of production is kept for %d days, want 365", days)
			}
		},
		"functionhost.Host": func(e *eyes) {
			e.trusts("platform-eu-west-1-invoker", "arn:aws:iam::"+e.account+":role/tenantform-runtime", "sample-2")
		},
		"pool.Pool": func(e *eyes) {
			e.protected("pool-a-data")
			e.usagePlan("pool-a", 6, 10, 1000)
		},
		"silo.Silo": func(e *eyes) {
			e.protected("acme-silo-data")
			e.usagePlan("acme-silo", 6, 10, 1000)
		},
	}
}

// protected holds a table to refusing its deletion.
func (e *eyes) protected(table string) {
	e.t.Helper()
	if out := see(e, e.tables.DescribeTable, &dynamodb.DescribeTableInput{TableName: &table}); out != nil && !aws.ToBool(out.Table.DeletionProtectionEnabled) {
		e.t.Errorf("the table %s of production can be deleted", table)
	}
}

// gones hold an account to what noneTagged does not see.
func gones() map[string]func(*eyes) {
	return map[string]func(*eyes){
		"database.Database": func(e *eyes) {
			if !slices.ContainsFunc(e.tagged(), func(arn string) bool { return strings.HasSuffix(arn, ":cluster-snapshot:sample-orders-final") }) {
				e.t.Error("the database left no last snapshot")
			}
		},
		"guardrails.Organization": func(e *eyes) {
			if names := e.organizationPolicies(); len(names) > 0 {
				e.t.Errorf("the organization still has the policies %v", names)
			}
		},
	}
}

// befores make what has to be in an account before a component.
func befores() map[string]func(*eyes, *blueprints.Site) {
	return map[string]func(*eyes, *blueprints.Site){
		"guardrails.Organization": func(e *eyes, at *blueprints.Site) {
			see(e, e.organization.CreateOrganization, &organizations.CreateOrganizationInput{FeatureSet: "ALL"})
			roots := see(e, e.organization.ListRoots, &organizations.ListRootsInput{})
			if roots == nil || len(roots.Roots) != 1 {
				e.t.Fatalf("the organization has the roots %+v", roots)
			}
			for i, name := range []string{"applications", "functions"} {
				unit := see(e, e.organization.CreateOrganizationalUnit, &organizations.CreateOrganizationalUnitInput{Name: &name, ParentId: roots.Roots[0].Id})
				if unit == nil {
					e.t.FailNow()
				}
				at.Units[i] = *unit.OrganizationalUnit.Id
			}
		},
		"tenantfunction.TenantFunction": func(e *eyes, at *blueprints.Site) {
			code, err := os.ReadFile(at.Code)
			if err != nil {
				e.t.Fatal(err)
			}
			bucket := "sample-artifacts-" + at.Location.AccountID
			see(e, e.s3.CreateBucket, &s3.CreateBucketInput{
				Bucket: &bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)},
			})
			for _, key := range []string{"signed/sample-acme-score.zip", "signed/vendor.zip"} {
				see(e, e.s3.PutObject, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(code)})
			}
		},
	}
}
