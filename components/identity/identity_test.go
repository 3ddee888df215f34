package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
)

func args() *identity.Args {
	return &identity.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo", DeletionProtection: true}
}

func program(a *identity.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := identity.New(ctx, "acme-identity", a)
		return err
	}
}

func TestUserPool(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	pool := r.One(t, "aws:cognito/userPool:UserPool").Inputs
	if pool["mfaConfiguration"] != "ON" || pool["deletionProtection"] != "ACTIVE" {
		t.Errorf("MFA %v, protection %v", pool["mfaConfiguration"], pool["deletionProtection"])
	}
	if pool["adminCreateUserConfig"].(map[string]any)["allowAdminCreateUserOnly"] != true {
		t.Error("users can sign themselves up")
	}
	password := pool["passwordPolicy"].(map[string]any)
	for _, key := range []string{"requireLowercase", "requireUppercase", "requireNumbers", "requireSymbols"} {
		if password[key] != true {
			t.Errorf("%s is %v", key, password[key])
		}
	}
	if password["minimumLength"].(float64) < 12 {
		t.Errorf("passwords of %v characters", password["minimumLength"])
	}
}

func TestNoClientWritesTheCustomAttributes(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	var custom []string
	for _, s := range r.One(t, "aws:cognito/userPool:UserPool").Inputs["schemas"].([]any) {
		attribute := s.(map[string]any)
		custom = append(custom, attribute["name"].(string))
		if attribute["mutable"] != false {
			t.Errorf("%v can change", attribute["name"])
		}
	}
	if !slices.Equal(custom, []string{"tenant_id", "platform_user_id"}) {
		t.Errorf("custom attributes %v", custom)
	}
	client := r.One(t, "aws:cognito/userPoolClient:UserPoolClient").Inputs
	write, _ := client["writeAttributes"].([]any)
	if len(write) == 0 {
		t.Fatal("without a list a client may write every attribute")
	}
	for _, w := range write {
		if strings.HasPrefix(w.(string), "custom:") {
			t.Errorf("the client may write %v", w)
		}
	}
	if client["generateSecret"] != false || client["preventUserExistenceErrors"] != "ENABLED" || client["enableTokenRevocation"] != true {
		t.Errorf("client %v", client)
	}
	if flows := client["explicitAuthFlows"].([]any); len(flows) != 2 || flows[0] != "ALLOW_REFRESH_TOKEN_AUTH" || flows[1] != "ALLOW_USER_SRP_AUTH" {
		t.Errorf("flows %v", flows)
	}
}

func TestRelaxations(t *testing.T) {
	a := args()
	a.MFA, a.DeletionProtection = identity.MFAOptional, false
	pool := componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:cognito/userPool:UserPool").Inputs
	if pool["mfaConfiguration"] != "OPTIONAL" || pool["deletionProtection"] != "INACTIVE" {
		t.Errorf("MFA %v, protection %v", pool["mfaConfiguration"], pool["deletionProtection"])
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*identity.Args)
		words  []string
	}{
		"no name":   {func(a *identity.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name": {func(a *identity.Args) { a.Name = strings.Repeat("n", 129) }, []string{"1 to 128"}},
		"no MFA":    {func(a *identity.Args) { a.MFA = "OFF" }, []string{"MFA", "OFF", "ON, OPTIONAL"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "identity", "acme-identity")...)
		})
	}
	t.Run("group", func(t *testing.T) {
		r, err := componenttest.Run("test", func(ctx *pulumi.Context) error {
			_, err := identity.NewTenantGroup(ctx, "acme", nil)
			return err
		}, nil)
		componenttest.Refused(t, r, err, "TenantID is missing", "UserPoolID is missing")
	})
}
