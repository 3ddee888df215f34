package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
)

func TestThreatProtection(t *testing.T) {
	for mode, want := range map[identity.ThreatProtection]struct {
		plan, addOn any
		risks       int
	}{
		"":                      {nil, nil, 0},
		identity.ThreatOff:      {"ESSENTIALS", "OFF", 0},
		identity.ThreatAudit:    {"PLUS", "AUDIT", 0},
		identity.ThreatEnforced: {"PLUS", "ENFORCED", 1},
	} {
		t.Run(string(mode), func(t *testing.T) {
			a := args()
			a.ThreatProtection = mode
			r := componenttest.MustRun(t, "test", program(a), nil)
			componenttest.Check(t, r)
			pool := r.One(t, "aws:cognito/userPool:UserPool").Inputs
			addOns, _ := pool["userPoolAddOns"].(map[string]any)
			if pool["userPoolTier"] != want.plan || addOns["advancedSecurityMode"] != want.addOn {
				t.Errorf("plan %v, mode %v", pool["userPoolTier"], addOns["advancedSecurityMode"])
			}
			if n := len(r.OfType("aws:cognito/riskConfiguration:RiskConfiguration")); n != want.risks {
				t.Errorf("%d risk configurations", n)
			}
		})
	}
}

func TestEnforcedAnswersRisks(t *testing.T) {
	a := args()
	a.ThreatProtection = identity.ThreatEnforced
	risks := func() map[string]any {
		return componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:cognito/riskConfiguration:RiskConfiguration").Inputs
	}
	made := risks()
	stolen := made["compromisedCredentialsRiskConfiguration"].(map[string]any)["actions"].(map[string]any)
	if stolen["eventAction"] != "BLOCK" || made["clientId"] != nil {
		t.Errorf("stolen passwords: %v, for client %v", stolen, made["clientId"])
	}
	if made["accountTakeoverRiskConfiguration"] != nil {
		t.Error("reactions without anybody to send the notices")
	}
	a.SecurityNotices = &identity.SecurityNotices{SourceARN: pulumi.String("arn:ses"), From: "security@acme.example"}
	takeover := risks()["accountTakeoverRiskConfiguration"].(map[string]any)
	actions := takeover["actions"].(map[string]any)
	for level, want := range map[string]string{"highAction": "BLOCK", "mediumAction": "MFA_REQUIRED", "lowAction": "MFA_IF_CONFIGURED"} {
		if got := actions[level].(map[string]any)["eventAction"]; got != want {
			t.Errorf("%s is %v, want %v", level, got, want)
		}
	}
	if notify := takeover["notifyConfiguration"].(map[string]any); notify["sourceArn"] != "arn:ses" || notify["from"] != "security@acme.example" {
		t.Errorf("notices %v", notify)
	}
}

func TestMigrationAtSignIn(t *testing.T) {
	const function = "arn:aws:lambda:eu-west-1:111111111111:function:users-of-old"
	a := args()
	a.Migration = &identity.Migration{FunctionARN: pulumi.String(function)}
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	trigger := r.One(t, "aws:cognito/userPool:UserPool").Inputs["lambdaConfig"].(map[string]any)
	if len(trigger) != 1 || trigger["userMigration"] != function {
		t.Errorf("triggers %v", trigger)
	}
	flows := texts(r.One(t, "aws:cognito/userPoolClient:UserPoolClient").Inputs["explicitAuthFlows"])
	if !slices.Contains(flows, "ALLOW_USER_PASSWORD_AUTH") || !slices.Contains(flows, "ALLOW_USER_SRP_AUTH") {
		t.Errorf("flows %v", flows)
	}
	permission := r.One(t, "aws:lambda/permission:Permission").Inputs
	for key, want := range map[string]any{
		"function": function, "action": "lambda:InvokeFunction", "principal": "cognito-idp.amazonaws.com", "sourceAccount": "111111111111",
		"sourceArn": "arn:recorded:aws:cognito/userPool:UserPool:acme-identity-users",
	} {
		if permission[key] != want {
			t.Errorf("%s is %v, want %v", key, permission[key], want)
		}
	}
	a.Name = "globex-silo"
	other := componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:lambda/permission:Permission").Inputs
	if other["statementId"] == permission["statementId"] {
		t.Error("two user pools cannot share a function: their statements have the same id")
	}
}

func TestMachineClients(t *testing.T) {
	var made *identity.UserPool
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		var err error
		made, err = identity.New(ctx, "acme-identity", everything())
		return err
	}, nil)
	componenttest.Check(t, r)
	server := r.One(t, "aws:cognito/resourceServer:ResourceServer").Inputs
	if server["identifier"] != "https://orders.acme.example" || server["name"] != "acme-silo" || len(server["scopes"].([]any)) != 2 {
		t.Errorf("resource server %v", server)
	}
	if got := r.One(t, "aws:cognito/userPoolDomain:UserPoolDomain").Inputs; got["domain"] != "acme-silo" || got["certificateArn"] != nil {
		t.Errorf("domain %v", got)
	}
	minutes, scopes := map[string]any{}, map[string][]string{}
	for _, c := range r.OfType("aws:cognito/userPoolClient:UserPoolClient") {
		if !strings.Contains(c.Name, "-machine-") {
			if c.Inputs["allowedOauthFlows"] != nil {
				t.Errorf("users' client: %v", c.Inputs)
			}
			continue
		}
		if c.Inputs["generateSecret"] != true || c.Inputs["allowedOauthFlowsUserPoolClient"] != true ||
			!slices.Equal(texts(c.Inputs["allowedOauthFlows"]), []string{"client_credentials"}) ||
			!slices.Equal(texts(c.Inputs["explicitAuthFlows"]), []string{"ALLOW_REFRESH_TOKEN_AUTH"}) {
			t.Errorf("%s: %v", c.Name, c.Inputs)
		}
		name := c.Inputs["name"].(string)
		minutes[name], scopes[name] = c.Inputs["accessTokenValidity"], texts(c.Inputs["allowedOauthScopes"])
	}
	if minutes["acme-silo-importer"] != 5.0 || minutes["acme-silo-report"] != 15.0 {
		t.Errorf("tokens are valid for %v minutes", minutes)
	}
	if !slices.Equal(scopes["acme-silo-report"], []string{"https://orders.acme.example/read"}) {
		t.Errorf("scopes %v", scopes)
	}
	if !pulumi.IsSecret(made.MachineSecrets) {
		t.Error("the clients' secrets are not secret")
	}
}

func TestTokenEndpoint(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1":     "https://acme-silo.auth.eu-west-1.amazoncognito.com/oauth2/token",
		"us-gov-west-1": "https://acme-silo.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/token",
	} {
		a := everything()
		a.Location.Region = region
		componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
			made, err := identity.New(ctx, "acme-identity", a)
			if err != nil {
				return err
			}
			made.TokenEndpoint.ApplyT(func(got string) string {
				if got != want {
					t.Errorf("%s, want %s", got, want)
				}
				return got
			})
			return nil
		}, nil)
	}
}
