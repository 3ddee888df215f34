package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/identity"
)

// Serving is what an application adds to the API and the user pool of a pool or
// of a silo. The zero value adds nothing: the API answers GET /health alone.
type Serving struct {
	Routes     []apigateway.Route // see apigateway.Args
	UserTokens bool               // Routes take tokens of the users, instead of signatures by IAM
	WebACLARN  string             // the regional web ACL that the API is put behind; empty: none
	// Migration brings users in from elsewhere as they sign in; ResourceServer gives
	// programs scopes to ask for. See identity.Args.
	Migration      *identity.Migration
	ResourceServer *identity.ResourceServer
	// ThreatProtection is what Cognito does about risky sign-ins to a pool's users; a
	// silo has its tier's.
	ThreatProtection identity.ThreatProtection
}

func (s Serving) webACL() pulumi.StringInput {
	if s.WebACLARN == "" {
		return nil
	}
	return pulumi.String(s.WebACLARN)
}
