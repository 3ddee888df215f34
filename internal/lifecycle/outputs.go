package lifecycle

import (
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// settingsOf takes from the outputs of a tenant's stack what the tenant's
// application needs, at the placement that is the tenant's own.
func settingsOf(own tenants.Placement, outputs map[string]any) tenants.Settings {
	all, _ := outputs["placements"].(map[string]any)
	at, _ := all[own.String()].(map[string]any)
	text := func(name string) string {
		s, _ := at[name].(string)
		return s
	}
	s := tenants.Settings{UserPoolID: text("userPoolId"), AppClientID: text("userPoolClientId"), Endpoint: text("apiEndpoint")}
	if region, _, ok := strings.Cut(s.UserPoolID, "_"); ok {
		s.IssuerURL = "https://cognito-idp." + region + ".amazonaws.com/" + s.UserPoolID
	}
	return s
}
