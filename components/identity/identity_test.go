package identity_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/location"
)

func args() *identity.Args {
	return &identity.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo", DeletionProtection: true}
}

// everything is every optional part at once.
func everything() *identity.Args {
	a := args()
	a.ThreatProtection = identity.ThreatEnforced
	a.SecurityNotices = &identity.SecurityNotices{SourceARN: pulumi.String("arn:ses"), From: "security@acme.example"}
	a.Migration = &identity.Migration{FunctionARN: pulumi.String("arn:aws:lambda:eu-west-1:111111111111:function:users-of-old")}
	a.ResourceServer = &identity.ResourceServer{
		Identifier: "https://orders.acme.example", Domain: "acme-silo",
		Scopes: []identity.Scope{{Name: "read", Description: "Read orders"}, {Name: "write", Description: "Change orders"}},
		Clients: []identity.MachineClient{
			{Name: "importer", Scopes: []string{"read", "write"}, AccessTokenMinutes: 5},
			{Name: "report", Scopes: []string{"read"}},
		},
	}
	return a
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
	for name, a := range map[string]*identity.Args{"plain": args(), "everything": everything()} {
		t.Run(name, func(t *testing.T) {
			r := componenttest.MustRun(t, "test", program(a), nil)
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
			clients := r.OfType("aws:cognito/userPoolClient:UserPoolClient")
			if a.ResourceServer != nil && len(clients) != 1+len(a.ResourceServer.Clients) {
				t.Errorf("%d clients", len(clients))
			}
			for _, c := range clients {
				noCustomWrites(t, c)
			}
		})
	}
}

func noCustomWrites(t *testing.T, client componenttest.Resource) {
	t.Helper()
	write, _ := client.Inputs["writeAttributes"].([]any)
	if len(write) == 0 {
		t.Errorf("%s: without a list a client may write every attribute", client.Name)
	}
	for _, w := range write {
		if strings.HasPrefix(w.(string), "custom:") {
			t.Errorf("%s may write %v", client.Name, w)
		}
	}
	if client.Inputs["preventUserExistenceErrors"] != "ENABLED" || client.Inputs["enableTokenRevocation"] != true {
		t.Errorf("client %v", client.Inputs)
	}
}

func TestUsersSignInBySRPWithoutASecret(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	client := r.One(t, "aws:cognito/userPoolClient:UserPoolClient").Inputs
	if client["generateSecret"] != false {
		t.Error("the client has a secret")
	}
	if flows := texts(client["explicitAuthFlows"]); !slices.Equal(flows, []string{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"}) {
		t.Errorf("flows %v", flows)
	}
	if _, set := r.One(t, "aws:cognito/userPool:UserPool").Inputs["lambdaConfig"]; set {
		t.Error("there is a trigger")
	}
	for _, token := range []string{"aws:lambda/permission:Permission", "aws:cognito/riskConfiguration:RiskConfiguration", "aws:cognito/resourceServer:ResourceServer", "aws:cognito/userPoolDomain:UserPoolDomain"} {
		if n := len(r.OfType(token)); n > 0 {
			t.Errorf("%d of %s that nobody asked for", n, token)
		}
	}
}

func texts(list any) []string {
	var out []string
	values, _ := list.([]any)
	for _, v := range values {
		out = append(out, v.(string))
	}
	return out
}

func TestRelaxations(t *testing.T) {
	a := args()
	a.MFA, a.DeletionProtection = identity.MFAOptional, false
	pool := componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:cognito/userPool:UserPool").Inputs
	if pool["mfaConfiguration"] != "OPTIONAL" || pool["deletionProtection"] != "INACTIVE" {
		t.Errorf("MFA %v, protection %v", pool["mfaConfiguration"], pool["deletionProtection"])
	}
}

func TestProductionIsNoWeakerThanDev(t *testing.T) {
	in := func(environment string) map[string]any {
		a := everything()
		a.Location.Environment, a.Tags.Environment = environment, environment
		pool := componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:cognito/userPool:UserPool").Inputs
		delete(pool, "tags")
		return pool
	}
	if dev, production := in(location.Dev), in(location.Production); !reflect.DeepEqual(dev, production) {
		t.Errorf("dev %v\nproduction %v", dev, production)
	}
}

func TestTenantGroup(t *testing.T) {
	group := func(a *identity.GroupArgs) map[string]any {
		r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
			_, err := identity.NewTenantGroup(ctx, "acme", a)
			return err
		}, nil)
		return r.One(t, "aws:cognito/userGroup:UserGroup").Inputs
	}
	plain := group(&identity.GroupArgs{UserPoolID: pulumi.String("pool-1"), TenantID: "acme"})
	if _, has := plain["roleArn"]; has || plain["name"] != "acme" || plain["userPoolId"] != "pool-1" {
		t.Errorf("group %v", plain)
	}
	other := group(&identity.GroupArgs{UserPoolID: pulumi.String("pool-1"), TenantID: "globex", RoleARN: pulumi.String("arn:role")})
	if other["roleArn"] != "arn:role" || other["precedence"] != plain["precedence"] {
		t.Errorf("group %v after %v", other, plain)
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
		"threats":   {func(a *identity.Args) { a.ThreatProtection = "ON" }, []string{"ThreatProtection", `"ON"`, "OFF, AUDIT, ENFORCED"}},
		"notices of nothing": {func(a *identity.Args) {
			a.ThreatProtection, a.SecurityNotices = identity.ThreatAudit, &identity.SecurityNotices{SourceARN: pulumi.String("arn:ses"), From: "a@acme.example"}
		}, []string{"SecurityNotices", "ENFORCED"}},
		"notices": {func(a *identity.Args) {
			a.ThreatProtection, a.SecurityNotices = identity.ThreatEnforced, &identity.SecurityNotices{From: "acme"}
		}, []string{"SecurityNotices.SourceARN is missing", "SecurityNotices.From", `"acme"`}},
		"migration":  {func(a *identity.Args) { a.Migration = &identity.Migration{} }, []string{"Migration.FunctionARN is missing"}},
		"identifier": {func(a *identity.Args) { a.ResourceServer.Identifier = "my orders" }, []string{"ResourceServer.Identifier", "1 to 256"}},
		"no scopes":  {func(a *identity.Args) { a.ResourceServer.Scopes = nil }, []string{"ResourceServer.Scopes", "1 to 100 scopes"}},
		"scope": {func(a *identity.Args) {
			a.ResourceServer.Scopes = []identity.Scope{{Name: "read/all"}, {Name: "x", Description: "x"}, {Name: "x", Description: "x"}}
		}, []string{"ResourceServer.Scopes.Name", `"read/all"`, "Description is missing", "each scope once"}},
		"no domain":    {func(a *identity.Args) { a.ResourceServer.Domain = "" }, []string{"ResourceServer.Domain is missing"}},
		"domain":       {func(a *identity.Args) { a.ResourceServer.Domain = "my-aws" }, []string{"ResourceServer.Domain", `"my-aws"`, "without aws"}},
		"idle domain":  {func(a *identity.Args) { a.ResourceServer.Clients = nil }, []string{"ResourceServer.Domain", "none without Clients"}},
		"client":       {func(a *identity.Args) { a.ResourceServer.Clients[0].Name = "A" }, []string{"ResourceServer.Clients.Name", `"A"`}},
		"same client":  {func(a *identity.Args) { a.ResourceServer.Clients[1].Name = "importer" }, []string{"each client once"}},
		"client scope": {func(a *identity.Args) { a.ResourceServer.Clients[0].Scopes = []string{"admin"} }, []string{"Clients.importer.Scopes", `"admin"`}},
		"no permits":   {func(a *identity.Args) { a.ResourceServer.Clients[0].Scopes = nil }, []string{"Clients.importer.Scopes", "1 to 50"}},
		"long tokens":  {func(a *identity.Args) { a.ResourceServer.Clients[0].AccessTokenMinutes = 61 }, []string{"AccessTokenMinutes", `"61"`, "5 to 60 minutes"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := everything()
			a.ThreatProtection, a.SecurityNotices = "", nil
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
	t.Run("group with a space", func(t *testing.T) {
		r, err := componenttest.Run("test", func(ctx *pulumi.Context) error {
			_, err := identity.NewTenantGroup(ctx, "acme", &identity.GroupArgs{UserPoolID: pulumi.String("p"), TenantID: "the acme"})
			return err
		}, nil)
		componenttest.Refused(t, r, err, "TenantID", `"the acme"`)
	})
}

// TestProductionProtects holds the user pool to being protected in production
// without asking, and to being let go when released.
func TestProductionProtects(t *testing.T) {
	for name, c := range map[string]struct {
		environment     string
		asked, released bool
		want            string
	}{
		"dev":              {location.Dev, false, false, "INACTIVE"},
		"dev, asked":       {location.Dev, true, false, "ACTIVE"},
		"production":       {location.Production, false, false, "ACTIVE"},
		"production, gone": {location.Production, true, true, "INACTIVE"},
	} {
		a := args()
		a.Location.Environment, a.DeletionProtection, a.Released = c.environment, c.asked, c.released
		r := componenttest.MustRun(t, "test", program(a), nil)
		if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["deletionProtection"]; got != c.want {
			t.Errorf("%s: protection %v, want %v", name, got, c.want)
		}
	}
}
