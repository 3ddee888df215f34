package analyzer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/policies"
)

func (s *Server) info() (*pulumirpc.AnalyzerInfo, error) {
	out := &pulumirpc.AnalyzerInfo{
		Name: PackName, DisplayName: "Tenantform", Version: s.opts.Version, SupportsConfig: true,
		Description: "The rules that Tenantform's gate decides by, inside the engine.",
		Policies: []*pulumirpc.PolicyInfo{{
			Name: PackName, DisplayName: "A decision is reached",
			Description:      "A run goes on only after a decision on all of it. Its properties are the pack's settings.",
			EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY,
			PolicyType:       pulumirpc.PolicyType_POLICY_TYPE_STACK,
			Severity:         pulumirpc.PolicySeverity_POLICY_SEVERITY_CRITICAL,
		}},
	}
	for _, r := range s.evaluator.Rules() {
		p := &pulumirpc.PolicyInfo{
			Name: r.ID, DisplayName: r.Title, Description: r.Description, Message: r.Title,
			EnforcementLevel: announced(r), Severity: severities[r.Severity],
			PolicyType: pulumirpc.PolicyType_POLICY_TYPE_STACK, Tags: append([]string{r.Category}, r.Related...),
			RemediationSteps: r.Remediation,
		}
		if r.Scope == policies.ScopeResource {
			p.PolicyType = pulumirpc.PolicyType_POLICY_TYPE_RESOURCE
		}
		out.Policies = append(out.Policies, p)
	}
	all := schemas()
	for _, p := range out.Policies {
		if properties, ok := all[p.GetName()]; ok {
			fields, err := structpb.NewStruct(properties)
			if err != nil {
				return nil, fmt.Errorf("the schema of %s: %w", p.GetName(), err)
			}
			p.ConfigSchema = &pulumirpc.PolicyConfigSchema{Properties: fields}
		}
	}
	return out, nil
}

// announced is the level that the engine has for a rule until its config says
// another. The config that comes back has one level for each rule, and does not say
// whether somebody chose it; so a rule is announced at a level that means nothing for
// it, "remediate", and every other is a choice. A rule that has a remedy, and one
// whose level cannot be chosen, are announced at the level of production.
func announced(r policies.Rule) pulumirpc.EnforcementLevel {
	switch {
	case !slices.Contains([]string{retentionRule, blockRule, tagsRule}, r.ID) && r.Waivable != policies.WaivableNever:
		return pulumirpc.EnforcementLevel_REMEDIATE
	case policies.Enforcement{}.Level(r, "") == policies.LevelAdvisory:
		return pulumirpc.EnforcementLevel_ADVISORY
	}
	return pulumirpc.EnforcementLevel_MANDATORY
}

var severities = map[policies.Severity]pulumirpc.PolicySeverity{
	policies.SeverityLow:      pulumirpc.PolicySeverity_POLICY_SEVERITY_LOW,
	policies.SeverityMedium:   pulumirpc.PolicySeverity_POLICY_SEVERITY_MEDIUM,
	policies.SeverityHigh:     pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH,
	policies.SeverityCritical: pulumirpc.PolicySeverity_POLICY_SEVERITY_CRITICAL,
}

// appendDiagnostic adds what the engine shows of a finding. A finding of a rule
// that is disabled is left out: the engine has no form for it. One that is
// waived or known is shown, and does not stop the run.
func appendDiagnostic(list []*pulumirpc.AnalyzeDiagnostic, f policies.Finding, version string) []*pulumirpc.AnalyzeDiagnostic {
	if f.Level == policies.LevelDisabled {
		return list
	}
	level := pulumirpc.EnforcementLevel_ADVISORY
	if f.Denies() {
		level = pulumirpc.EnforcementLevel_MANDATORY
	}
	var text strings.Builder
	if f.Property != "" {
		text.WriteString(f.Property)
		if f.Value != "" {
			text.WriteString(" is " + f.Value)
		}
		text.WriteString(": ")
	}
	text.WriteString(f.Message + ". " + f.Remediation)
	if f.Waiver != nil {
		text.WriteString(" Waived by " + f.Waiver.Owner + " until " + f.Waiver.Expires.Format(time.DateOnly) + ": " + f.Waiver.Reason)
	}
	return append(list, &pulumirpc.AnalyzeDiagnostic{
		PolicyName: f.Rule, PolicyPackName: PackName, PolicyPackVersion: version,
		Description: f.Title, Message: text.String(),
		EnforcementLevel: level, Urn: f.URN, Severity: severities[f.Severity],
	})
}
