package conformance_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// look asks AWS's command and fails the test when it does not answer.
func (r *rig) look(t *testing.T, out any, account string, args ...string) bool {
	t.Helper()
	if err := r.aws(out, account, args...); err != nil {
		t.Error(err)
		return false
	}
	return true
}

// gone fails the test when AWS's command still finds something.
func (r *rig) gone(t *testing.T, account string, args ...string) {
	t.Helper()
	err := r.aws(nil, account, args...)
	if err == nil {
		t.Errorf("aws %s still finds something", strings.Join(args, " "))
	} else if !strings.Contains(err.Error(), "NotFound") && !strings.Contains(err.Error(), "NoSuch") && !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

type securityGroups struct {
	SecurityGroups []struct {
		GroupID             string `json:"GroupId"`
		IPPermissions       []any  `json:"IpPermissions"`
		IPPermissionsEgress []any  `json:"IpPermissionsEgress"`
	}
}

// closedDefaultGroups holds the default security groups of the VPCs that carry a
// tenant's tag to having no rules.
func (r *rig) closedDefaultGroups(t *testing.T, account, tenantID string) {
	t.Helper()
	var vpcs struct{ Vpcs []struct{ VpcID string } }
	if !r.look(t, &vpcs, account, "ec2", "describe-vpcs", "--filters", "Name=tag:tenant-id,Values="+tenantID) {
		return
	}
	if len(vpcs.Vpcs) == 0 {
		t.Errorf("account %s has no VPC of %s", account, tenantID)
	}
	for _, v := range vpcs.Vpcs {
		var groups securityGroups
		if !r.look(t, &groups, account, "ec2", "describe-security-groups", "--filters", "Name=vpc-id,Values="+v.VpcID, "Name=group-name,Values=default") {
			continue
		}
		if len(groups.SecurityGroups) != 1 {
			t.Errorf("%s has %d default security groups", v.VpcID, len(groups.SecurityGroups))
		}
		for _, g := range groups.SecurityGroups {
			if len(g.IPPermissions)+len(g.IPPermissionsEgress) > 0 {
				t.Errorf("the default security group %s is open: %+v", g.GroupID, g)
			}
		}
	}
}

// pointInTime holds a table to having point-in-time recovery.
func (r *rig) pointInTime(t *testing.T, table string) {
	t.Helper()
	var backups struct {
		ContinuousBackupsDescription struct {
			PointInTimeRecoveryDescription struct{ PointInTimeRecoveryStatus string }
		}
	}
	if r.look(t, &backups, core, "dynamodb", "describe-continuous-backups", "--table-name", table) &&
		backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != "ENABLED" {
		t.Errorf("table %s cannot be recovered to a point in time: %+v", table, backups)
	}
}

// lookPlatform looks for the closed network and the role of the runtime.
func lookPlatform(t *testing.T, r *rig) {
	r.closedDefaultGroups(t, functions, "shared")
	r.look(t, nil, functions, "iam", "get-role", "--role-name", "platform-invoker")
	var here struct{ Vpcs []any }
	if r.look(t, &here, core, "ec2", "describe-vpcs", "--filters", "Name=tag:tenant-id,Values=shared") && len(here.Vpcs) > 0 {
		t.Error("the network of tenants' functions is in the core account")
	}
}

// lookPool looks for the usage plan's numbers and the table's recovery.
func lookPool(t *testing.T, r *rig) {
	r.pointInTime(t, "pool-a-data")
	var plans struct {
		Items []struct {
			Throttle struct{ RateLimit, BurstLimit float64 }
			Quota    struct {
				Limit  int
				Period string
			}
		}
	}
	if !r.look(t, &plans, core, "apigateway", "get-usage-plans") {
		return
	}
	if len(plans.Items) != 1 {
		t.Fatalf("%d usage plans, want 1", len(plans.Items))
	}
	p := plans.Items[0]
	if p.Throttle.RateLimit != 5 || p.Throttle.BurstLimit != 10 || p.Quota.Limit != 1000 || p.Quota.Period != "MONTH" {
		t.Errorf("the usage plan is not the tier's: %+v", p)
	}
}

// documents gives the names of a role's own policies and their documents, and
// fails when others are attached.
func (r *rig) documents(t *testing.T, account, role string) map[string]string {
	t.Helper()
	var attached struct{ AttachedPolicies []any }
	if r.look(t, &attached, account, "iam", "list-attached-role-policies", "--role-name", role) && len(attached.AttachedPolicies) > 0 {
		t.Errorf("role %s has policies attached: %v", role, attached.AttachedPolicies)
	}
	var list struct{ PolicyNames []string }
	if !r.look(t, &list, account, "iam", "list-role-policies", "--role-name", role) {
		return nil
	}
	found := map[string]string{}
	for _, name := range list.PolicyNames {
		var policy struct{ PolicyDocument json.RawMessage }
		if r.look(t, &policy, account, "iam", "get-role-policy", "--role-name", role, "--policy-name", name) {
			found[name] = string(policy.PolicyDocument)
		}
	}
	return found
}

// lookPooled looks for the tenant's role, whose table access is bound to its keys.
func lookPooled(t *testing.T, r *rig) {
	var roles struct{ Roles []struct{ RoleName string } }
	if !r.look(t, &roles, core, "iam", "list-roles") {
		return
	}
	bound := 0
	for _, role := range roles.Roles {
		if !strings.HasPrefix(role.RoleName, "acme-pool-a") {
			continue
		}
		for _, text := range r.documents(t, core, role.RoleName) {
			if strings.Contains(text, "dynamodb:LeadingKeys") {
				bound++
			}
		}
	}
	if bound != 1 {
		t.Errorf("%d documents are bound to the tenant's leading keys, want 1", bound)
	}
}

// lookFunctions looks for the function that may do nothing and reach nothing.
func lookFunctions(t *testing.T, r *rig) {
	var f struct {
		Role      string
		VpcConfig struct{ SecurityGroupIDs, SubnetIDs []string }
	}
	if !r.look(t, &f, functions, "lambda", "get-function-configuration", "--function-name", "acme-score") {
		return
	}
	role := f.Role[strings.LastIndex(f.Role, "/")+1:]
	documents := r.documents(t, functions, role)
	if len(documents) != 1 {
		t.Errorf("role %s has the documents %v, want one", role, slices.Sorted(maps.Keys(documents)))
	}
	for name, text := range documents {
		var doc struct {
			Statement []struct {
				Effect                      string
				Action, NotAction, Resource []string
			}
		}
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var spared []string // by the Deny on everything else: what the service itself does
		for _, s := range doc.Statement {
			if s.Effect == "Deny" && len(s.NotAction) > 0 && slices.Equal(s.Resource, []string{"*"}) {
				spared = s.NotAction
			}
		}
		if len(spared) == 0 {
			t.Errorf("role %s does not deny everything: %s", role, text)
		}
		for _, s := range doc.Statement {
			for _, action := range s.Action {
				if s.Effect == "Allow" && !slices.Contains(spared, action) {
					t.Errorf("the function's role allows %s", action)
				}
			}
		}
		for _, action := range spared {
			service, _, _ := strings.Cut(action, ":")
			if !slices.Contains([]string{"ec2", "logs", "xray"}, service) {
				t.Errorf("%s is not among what Lambda does by itself", action)
			}
		}
	}
	if len(f.VpcConfig.SubnetIDs) < 2 || len(f.VpcConfig.SecurityGroupIDs) != 1 {
		t.Fatalf("the function is not in the closed network: %+v", f.VpcConfig)
	}
	var groups securityGroups
	if r.look(t, &groups, functions, "ec2", "describe-security-groups", "--group-ids", f.VpcConfig.SecurityGroupIDs[0]) {
		if g := groups.SecurityGroups[0]; len(g.IPPermissions)+len(g.IPPermissionsEgress) > 0 {
			t.Errorf("the function's security group is open: %+v", g)
		}
	}
}

const siloBucket = "acme-data-" + core + "-" + region

// closedBucket holds a bucket to blocking public access.
func (r *rig) closedBucket(t *testing.T, bucket string) {
	t.Helper()
	var block struct {
		PublicAccessBlockConfiguration struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool }
	}
	if !r.look(t, &block, core, "s3api", "get-public-access-block", "--bucket", bucket) {
		return
	}
	if b := block.PublicAccessBlockConfiguration; !b.BlockPublicAcls || !b.IgnorePublicAcls || !b.BlockPublicPolicy || !b.RestrictPublicBuckets {
		t.Errorf("the bucket %s may become public: %+v", bucket, b)
	}
}

// lookSilo looks for what keeps a silo's data.
func lookSilo(t *testing.T, r *rig) {
	r.closedDefaultGroups(t, core, "acme")
	r.pointInTime(t, "acme-silo-data")
	r.closedBucket(t, siloBucket)
}
