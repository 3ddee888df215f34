package encryption_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
)

func args() *encryption.Args {
	return &encryption.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Alias: "acme-silo", Description: "Data of acme",
		LogGroups: []string{"acme-silo/*"},
	}
}

func program(a *encryption.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := encryption.New(ctx, "acme-key", a)
		return err
	}
}

func TestKey(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	key := r.One(t, "aws:kms/key:Key")
	if key.Inputs["enableKeyRotation"] != true || key.Inputs["deletionWindowInDays"] != 7.0 {
		t.Errorf("rotation %v, window %v", key.Inputs["enableKeyRotation"], key.Inputs["deletionWindowInDays"])
	}
	if alias := r.One(t, "aws:kms/alias:Alias").Inputs["name"]; alias != "alias/acme-silo" {
		t.Errorf("alias %v", alias)
	}
	for _, s := range componenttest.Statements(t, key.Inputs["policy"]) {
		principal, _ := s.Principal.(map[string]any)
		for kind, who := range principal {
			for _, w := range who.([]any) {
				if w == "*" || kind == "AWS" && w != "arn:aws:iam::111111111111:root" {
					t.Errorf("%s: %v may use the key", s.Sid, w)
				}
			}
		}
		if s.Sid == "LogGroupsOfThisOwner" {
			want := []string{"arn:aws:logs:eu-west-1:111111111111:log-group:acme-silo/*"}
			if got := s.Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]; !slices.Equal(got, want) {
				t.Errorf("log groups %v, want %v", got, want)
			}
		}
	}
	production := args()
	production.Location.Environment = location.Production
	r = componenttest.MustRun(t, "test", program(production), nil)
	if got := r.One(t, "aws:kms/key:Key").Inputs["deletionWindowInDays"]; got != 30.0 {
		t.Errorf("window in production %v", got)
	}
}

// TestServicesMayUseTheKey: a statement for a service is taken as it is, after
// the account's own.
func TestServicesMayUseTheKey(t *testing.T) {
	a := args()
	a.Statements = iampolicy.Document{service()}
	policy := componenttest.Statements(t, componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:kms/key:Key").Inputs["policy"])
	last := policy[len(policy)-1]
	if len(policy) != 3 || last.Sid != "ConfigEncrypts" || !slices.Equal(last.Condition["StringEquals"]["aws:SourceAccount"], []string{"222222222222"}) {
		t.Errorf("the policy is %+v", policy)
	}
}

func service() iampolicy.Statement {
	return iampolicy.Statement{
		Sid: "ConfigEncrypts", Effect: iampolicy.Allow, Principal: &iampolicy.Principal{Service: []string{"config.amazonaws.com"}},
		Actions: []string{"kms:GenerateDataKey"}, Resources: []string{"*"},
		Conditions: iampolicy.Conditions{"StringEquals": {"aws:SourceAccount": {"222222222222"}}},
	}
}

// refused makes an argument of a statement that a key does not take.
func refused(change func(*iampolicy.Statement)) func(*encryption.Args) {
	return func(a *encryption.Args) {
		s := service()
		change(&s)
		a.Statements = iampolicy.Document{s}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*encryption.Args)
		words  []string
	}{
		"no alias":          {func(a *encryption.Args) { a.Alias = "" }, []string{"Alias is missing"}},
		"AWS's alias":       {func(a *encryption.Args) { a.Alias = "aws/s3" }, []string{"aws/s3", "keeps for its own keys"}},
		"long alias":        {func(a *encryption.Args) { a.Alias = strings.Repeat("a", 251) }, []string{"1 to 250"}},
		"no description":    {func(a *encryption.Args) { a.Description = "" }, []string{"Description is missing"}},
		"every group":       {func(a *encryption.Args) { a.LogGroups = []string{"*"} }, []string{"LogGroups", `"*"`}},
		"anybody's service": {refused(func(s *iampolicy.Statement) { s.Conditions = nil }), []string{"Statements[0]", "condition"}},
		"an account": {refused(func(s *iampolicy.Statement) { s.Principal = &iampolicy.Principal{AWS: []string{"*"}} }),
			[]string{"Statements[0]", "services of AWS"}},
		"nobody": {refused(func(s *iampolicy.Statement) { s.Principal = nil }), []string{"Statements[0]", "services of AWS"}},
		"denial": {refused(func(s *iampolicy.Statement) { s.Effect = iampolicy.Deny }), []string{"Statements[0]", "allows"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "encryption", "acme-key")...)
		})
	}
}
