package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/tenantform/tenantform/internal/blueprints"
)

// tagged gives the ARNs of what carries the project's tag in the account, as the
// service that all others tell of tags says.
func (e *eyes) tagged() []string {
	e.t.Helper()
	var out struct {
		ResourceTagMappingList []struct {
			ResourceARN string
		}
	}
	e.command(&out, "resourcegroupstaggingapi", "get-resources", "--tag-filters", "Key=managed-by,Values=tenantform")
	var arns []string
	for _, r := range out.ResourceTagMappingList {
		arns = append(arns, r.ResourceARN)
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

// terminated tells whether a machine is gone; it is told of for a while.
func (e *eyes) terminated(id string) bool {
	e.t.Helper()
	var out struct {
		Reservations []struct {
			Instances []struct{ State struct{ Name string } }
		}
	}
	e.ec2(&out, "describe-instances", "--instance-ids", id)
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.State.Name != "terminated" {
				return false
			}
		}
	}
	return true
}

// looks are those of components whose sample of the catalogue lives; of the others
// it is enough that something is there, and gone afterwards.
func looks() map[string]func(*eyes, blueprints.Blueprint) {
	return map[string]func(*eyes, blueprints.Blueprint){
		"archive.Archive":     func(e *eyes, _ blueprints.Blueprint) { e.closedBucket("sample-events-" + e.account) },
		"artifacts.Artifacts": func(e *eyes, _ blueprints.Blueprint) { e.closedBucket("sample-artifacts-" + e.account) },
		"bucket.Logs":         func(e *eyes, _ blueprints.Blueprint) { e.closedBucket("sample-logs-" + e.account) },
		"database.Database":   lookDatabase,
		"firewall.Firewall":   lookFirewall,
		"guardrails.Account":  lookAccount,
		"guardrails.Organization": func(e *eyes, _ blueprints.Blueprint) {
			if names := e.organizationPolicies(); len(names) < 3 {
				e.t.Errorf("the organization has the policies %v", names)
			}
		},
		"pool.Pool": func(e *eyes, _ blueprints.Blueprint) {
			e.pointInTime("pool-a-data")
			e.usagePlan("pool-a", 5, 10, 1000)
		},
		"pool.Placement": func(e *eyes, _ blueprints.Blueprint) { e.leadingKeys("acme-pool-a-data", "acme") },
		"silo.Silo":      lookSiloSample,
	}
}

func lookSiloSample(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	ids := e.networks("tenant-id", "acme")
	if len(ids) != 1 {
		e.t.Errorf("acme has the networks %v", ids)
	}
	for _, id := range ids {
		e.closedNetwork(id)
	}
	e.pointInTime("acme-silo-data")
	e.closedBucket("sample-silo-" + e.account)
}

// lookDatabase looks for a cluster that is encrypted, and that nobody outside
// reaches.
func lookDatabase(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	var clusters struct {
		DBClusters []struct {
			DBClusterIdentifier                                string
			StorageEncrypted, IAMDatabaseAuthenticationEnabled bool
			EnabledCloudwatchLogsExports                       []string
		}
	}
	e.command(&clusters, "rds", "describe-db-clusters")
	if len(clusters.DBClusters) != 1 {
		e.t.Errorf("there are the clusters %+v, want one", clusters)
	}
	for _, c := range clusters.DBClusters {
		if !c.StorageEncrypted || !c.IAMDatabaseAuthenticationEnabled || len(c.EnabledCloudwatchLogsExports) == 0 {
			e.t.Errorf("the cluster is not encrypted, has no authentication by IAM, or no logs: %+v", c)
		}
	}
	var instances struct {
		DBInstances []struct{ PubliclyAccessible bool }
	}
	e.command(&instances, "rds", "describe-db-instances")
	for _, i := range instances.DBInstances {
		if i.PubliclyAccessible {
			e.t.Error("the database has a public address")
		}
	}
}

// lookFirewall looks for the groups of rules that AWS keeps, and for a limit.
func lookFirewall(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	var list struct {
		WebACLs []struct {
			Name, ID string
		}
	}
	e.command(&list, "wafv2", "list-web-acls", "--scope", "REGIONAL")
	if len(list.WebACLs) != 1 {
		e.t.Errorf("there are the firewalls %+v, want one", list)
		return
	}
	var acl struct {
		WebACL struct {
			Rules []struct{ Statement map[string]any }
		}
	}
	e.command(&acl, "wafv2", "get-web-acl", "--scope", "REGIONAL", "--name", list.WebACLs[0].Name, "--id", list.WebACLs[0].ID)
	kinds := map[string]int{}
	for _, r := range acl.WebACL.Rules {
		for kind := range r.Statement {
			kinds[kind]++
		}
	}
	if kinds["ManagedRuleGroupStatement"] < 3 || kinds["RateBasedStatement"] < 1 {
		e.t.Errorf("the firewall has the rules %v", kinds)
	}
}

// configRules counts the rules that watch the account.
func (e *eyes) configRules() int {
	e.t.Helper()
	var rules struct{ ConfigRules []any }
	e.command(&rules, "configservice", "describe-config-rules")
	return len(rules.ConfigRules)
}

const auditBucket = "platform-audit-" + core + "-" + region

// lookGuardrails looks for the bucket of the audit, and for the rules of both
// accounts.
func lookGuardrails(t *testing.T, r *rig) {
	r.in(t, core).closedBucket(auditBucket)
	for _, account := range []string{core, functions} {
		if n := r.in(t, account).configRules(); n < 3 {
			t.Errorf("%s has %d rules", account, n)
		}
	}
}

// lookAccount looks for the rules that watch an account, and for its trail.
func lookAccount(e *eyes, _ blueprints.Blueprint) {
	e.t.Helper()
	if n := e.configRules(); n < 3 {
		e.t.Errorf("the account has %d rules", n)
	}
	var trails struct {
		TrailList []struct {
			Name                     string
			LogFileValidationEnabled bool
		}
	}
	e.command(&trails, "cloudtrail", "describe-trails")
	if len(trails.TrailList) != 1 || !trails.TrailList[0].LogFileValidationEnabled {
		e.t.Errorf("the account has the trails %+v, want one that is validated", trails)
		return
	}
	var status struct{ IsLogging bool }
	e.command(&status, "cloudtrail", "get-trail-status", "--name", trails.TrailList[0].Name)
	if !status.IsLogging {
		e.t.Error("the trail does not log")
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

// organizationPolicies gives the names of the policies that are not AWS's own.
func (e *eyes) organizationPolicies() []string {
	e.t.Helper()
	var out struct {
		Policies []struct {
			Name       string
			AWSManaged bool `json:"AwsManaged"`
		}
	}
	e.command(&out, "organizations", "list-policies", "--filter", "SERVICE_CONTROL_POLICY")
	var names []string
	for _, p := range out.Policies {
		if !p.AWSManaged {
			names = append(names, p.Name)
		}
	}
	return names
}

// befores make what has to be in an account before a component.
func befores() map[string]func(*eyes) {
	return map[string]func(*eyes){
		"guardrails.Organization": func(e *eyes) {
			e.command(nil, "organizations", "create-organization")
		},
	}
}
