package identity

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
)

// ThreatProtection is what Cognito does about sign-ins that look like an
// attack. All but ThreatOff need the feature plan Plus, which the user pool is
// then put on and which costs more for each active user; see "User pool feature
// plans" and "Advanced security with threat protection" in the Cognito
// Developer Guide.
type ThreatProtection string

// The values. ThreatOff puts the user pool on the plan Essentials, from Plus
// too; the zero value says nothing about plan and protection.
const (
	ThreatOff      ThreatProtection = "OFF"
	ThreatAudit    ThreatProtection = "AUDIT"    // risks are logged and counted
	ThreatEnforced ThreatProtection = "ENFORCED" // risks are answered
)

// SecurityNotices say how users are told of risky sign-ins. With them, Cognito
// blocks a sign-in of high risk, asks for a second factor at a medium one, and at
// a low one where the user has set one up; without them it cannot be told to:
// the provider takes no reactions without a sender.
type SecurityNotices struct {
	// SourceARN is the ARN of the verified SES identity that sends; required.
	SourceARN pulumi.StringInput
	// From is the sender's email address, of that identity; required.
	From string
}

var addressPattern = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

// maxAddress is the longest email address; see RFC 5321, section 4.5.3.1.
const maxAddress = 254

func (a *Args) checkThreats(c *check.Args) {
	if a.ThreatProtection != "" {
		c.OneOf("ThreatProtection", string(a.ThreatProtection), string(ThreatOff), string(ThreatAudit), string(ThreatEnforced))
	}
	n := a.SecurityNotices
	if n == nil {
		return
	}
	if a.ThreatProtection != ThreatEnforced {
		c.Fault("SecurityNotices", n.From, "none unless ThreatProtection is "+string(ThreatEnforced))
	}
	c.Needs("SecurityNotices.SourceARN", n.SourceARN != nil, "the ARN of a verified SES identity")
	c.Name("SecurityNotices.From", n.From, maxAddress, addressPattern)
}

// protect sets the feature plan and the protection.
func (a *Args) protect(pool *cognito.UserPoolArgs) {
	plan := "PLUS"
	switch a.ThreatProtection {
	case "":
		return
	case ThreatOff:
		plan = "ESSENTIALS"
	}
	pool.UserPoolTier = pulumi.String(plan)
	pool.UserPoolAddOns = cognito.UserPoolUserPoolAddOnsArgs{AdvancedSecurityMode: pulumi.String(string(a.ThreatProtection))}
}

// risks makes the configuration of what is answered, and how. It holds for
// every app client of the user pool.
func (u *UserPool) risks(ctx *pulumi.Context, name string, args *Args, pool *cognito.UserPool) error {
	if args.ThreatProtection != ThreatEnforced {
		return nil
	}
	risks := &cognito.RiskConfigurationArgs{
		UserPoolId: pool.ID(),
		CompromisedCredentialsRiskConfiguration: cognito.RiskConfigurationCompromisedCredentialsRiskConfigurationArgs{
			EventFilters: pulumi.ToStringArray([]string{"PASSWORD_CHANGE", "SIGN_IN", "SIGN_UP"}),
			Actions:      cognito.RiskConfigurationCompromisedCredentialsRiskConfigurationActionsArgs{EventAction: pulumi.String("BLOCK")},
		},
	}
	if args.SecurityNotices != nil {
		risks.AccountTakeoverRiskConfiguration = args.SecurityNotices.takeover()
	}
	_, err := cognito.NewRiskConfiguration(ctx, name+"-risks", risks, pulumi.Parent(u))
	return err
}

func (n *SecurityNotices) takeover() cognito.RiskConfigurationAccountTakeoverRiskConfigurationArgs {
	return cognito.RiskConfigurationAccountTakeoverRiskConfigurationArgs{
		Actions: cognito.RiskConfigurationAccountTakeoverRiskConfigurationActionsArgs{
			HighAction: cognito.RiskConfigurationAccountTakeoverRiskConfigurationActionsHighActionArgs{
				EventAction: pulumi.String("BLOCK"), Notify: pulumi.Bool(true),
			},
			MediumAction: cognito.RiskConfigurationAccountTakeoverRiskConfigurationActionsMediumActionArgs{
				EventAction: pulumi.String("MFA_REQUIRED"), Notify: pulumi.Bool(true),
			},
			LowAction: cognito.RiskConfigurationAccountTakeoverRiskConfigurationActionsLowActionArgs{
				EventAction: pulumi.String("MFA_IF_CONFIGURED"), Notify: pulumi.Bool(false),
			},
		},
		NotifyConfiguration: cognito.RiskConfigurationAccountTakeoverRiskConfigurationNotifyConfigurationArgs{
			SourceArn: n.SourceARN,
			From:      pulumi.String(n.From),
			BlockEmail: cognito.RiskConfigurationAccountTakeoverRiskConfigurationNotifyConfigurationBlockEmailArgs{
				Subject:  pulumi.String("A sign-in to your account was blocked"),
				TextBody: pulumi.String(blockedText + whatToDo), HtmlBody: pulumi.String("<p>" + blockedText + whatToDo + "</p>"),
			},
			MfaEmail: cognito.RiskConfigurationAccountTakeoverRiskConfigurationNotifyConfigurationMfaEmailArgs{
				Subject:  pulumi.String("A sign-in to your account needs a second factor"),
				TextBody: pulumi.String(factorText + whatToDo), HtmlBody: pulumi.String("<p>" + factorText + whatToDo + "</p>"),
			},
		},
	}
}

// The placeholders are those of "Advanced security with threat protection".
const (
	blockedText = "We blocked a sign-in to your account at {login-time} from {ip-address}, {city}, {country}, because it did not look like yours. "
	factorText  = "We asked for a second factor at a sign-in to your account at {login-time} from {ip-address}, {city}, {country}, because it did not look like yours. "
	whatToDo    = "If it was not you, change your password."
)
