package stacks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

const management = "999999999999"

func railsSpec() stacks.GuardrailsSpec {
	return stacks.GuardrailsSpec{Settings: settings(), Deployers: []string{"ci"}, Organization: &stacks.Organization{
		AccountID: management, Targets: []string{"ou-abcd-12345678"}, FunctionsTargets: []string{functions}, Regions: []string{"eu-west-1"},
	}}
}

func TestGuardrailsHoldForEveryAccount(t *testing.T) {
	spec := railsSpec()
	spec.TrailKeyARN = "arn:aws:kms:eu-west-1:111111111111:key/1"
	r := componenttest.MustRun(t, "guardrails", stacks.Guardrails(spec), nil)
	componenttest.Check(t, r)
	t.Logf("%d resources, %d of AWS", len(r.Resources)+1, len(r.Custom()))
	accounts := accountsOf(r)
	if got := slices.Sorted(maps.Keys(accounts)); !slices.Equal(got, []string{core, functions, management}) {
		t.Errorf("accounts %v", got)
	}
	if role, _ := accounts[management].(map[string]any); role["roleArn"] != "arn:aws:iam::999999999999:role/tenantform-deployer" {
		t.Errorf("the management account is reached by %v", accounts[management])
	}
	for token, n := range map[string]int{"aws:cfg/recorder:Recorder": 2, "aws:cloudtrail/trail:Trail": 2, "aws:organizations/policy:Policy": 4, "aws:s3/bucketV2:BucketV2": 2} {
		if got := len(r.OfType(token)); got != n {
			t.Errorf("%d of %s, want %d", got, token, n)
		}
	}
	policy := componenttest.Statements(t, named(t, r, "aws:s3/bucketPolicy:BucketPolicy", "bucket", "platform-audit-bucket-id").Inputs["policy"])
	key := componenttest.Statements(t, named(t, r, "aws:kms/key:Key", "description", "What Config and CloudTrail deliver").Inputs["policy"])
	for _, account := range []string{core, functions} {
		for _, sid := range []string{"ConfigDelivers", "TrailDelivers"} {
			if !slices.ContainsFunc(policy, func(s componenttest.Statement) bool { return s.Sid == sid+account }) {
				t.Errorf("the bucket's policy lacks %s of account %s", sid, account)
			}
		}
		for _, sid := range []string{"ConfigEncrypts", "TrailEncrypts", "TrailFindsTheKey"} {
			if !slices.ContainsFunc(key, func(s componenttest.Statement) bool { return s.Sid == sid+account && len(s.Condition) > 0 }) {
				t.Errorf("the key's policy lacks %s of account %s", sid, account)
			}
		}
	}
	for _, p := range r.OfType("aws:organizations/policy:Policy") {
		if name := p.Inputs["name"].(string); strings.HasSuffix(name, "managed") && !strings.Contains(p.Inputs["content"].(string), "tenantform-runtime") {
			t.Errorf("the runtime is no deployer in %s", p.Inputs["content"])
		}
	}
}

func TestGuardrailsWithoutAnOrganization(t *testing.T) {
	spec := railsSpec()
	spec.Organization = nil
	r := componenttest.MustRun(t, "guardrails", stacks.Guardrails(spec), nil)
	componenttest.Check(t, r)
	if n := len(r.OfType("aws:organizations/policy:Policy")) + len(r.OfType("aws:cloudtrail/trail:Trail")); n != 0 {
		t.Errorf("%d policies and trails that nobody asked for", n)
	}
	if got := slices.Sorted(maps.Keys(accountsOf(r))); !slices.Equal(got, []string{core, functions}) {
		t.Errorf("accounts %v", got)
	}
}

func TestBadGuardrails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stacks.GuardrailsSpec)
		words  []string
	}{
		"account":    {func(s *stacks.GuardrailsSpec) { s.AccountID = "1" }, []string{"accountId", "12 digits"}},
		"nobody":     {func(s *stacks.GuardrailsSpec) { s.Deployers = nil }, []string{"deployers is missing"}},
		"role":       {func(s *stacks.GuardrailsSpec) { s.Deployers = []string{"*"} }, []string{"Deployers", `"*"`}},
		"management": {func(s *stacks.GuardrailsSpec) { s.Organization.AccountID = "9" }, []string{"AccountID", `"9"`}},
		"no targets": {func(s *stacks.GuardrailsSpec) { s.Organization.Targets = nil }, []string{"Targets"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := railsSpec()
			c.change(&s)
			err := s.Validate()
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			r, err := componenttest.Run("guardrails", stacks.Guardrails(s), nil)
			componenttest.Refused(t, r, err)
		})
	}
}
