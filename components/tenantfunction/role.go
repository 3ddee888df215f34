package tenantfunction

import (
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/iampolicy"
)

// The names of the one inline policy of an execution role.
const (
	PolicyDenyAll = "deny-all" // the code has no grants
	PolicyGrants  = "grants"   // the code has some
)

// document gives the role's one policy. Without grants it denies every action
// on every resource except those that Lambda itself performs with the role, and
// denies the code those of them that reach the network; see the package's
// documentation. With grants it allows these and denies nothing but that.
func (a *Args) document() (string, iampolicy.Document) {
	service := function.Service{Location: a.Location, LogGroup: function.LogGroupName(a.Name), VPC: true}
	if len(a.Grants) > 0 {
		return PolicyGrants, append(service.Allow(), function.Statements(a.Grants)...)
	}
	deny := iampolicy.Statement{
		Sid:        "DenyAllButLambdaItself",
		Effect:     iampolicy.Deny,
		NotActions: service.Actions(),
		Resources:  []string{"*"},
	}
	return PolicyDenyAll, append(iampolicy.Document{deny}, service.Allow()...)
}
