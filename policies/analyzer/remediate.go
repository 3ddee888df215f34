package analyzer

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// The rules that have a remedy: something that is certain and takes nothing away.
// It is used where the engine was told to, by the level "remediate" of the rule.
const (
	retentionRule = "log_group_retention"    // sets the configured days on a log group without a retention
	blockRule     = "s3_public_access_block" // sets what is not set on a public access block
	tagsRule      = "tenant_tags"            // adds required tags that are missing and follow from the settings
)

// retentions are the days that CloudWatch Logs accepts: PutRetentionPolicy in
// its API reference.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (s settings) remedyFaults() []tenants.FieldError {
	if s.retention == 0 && !s.remediate[retentionRule] || slices.Contains(retentions, s.retention) {
		return nil
	}
	return []tenants.FieldError{{Field: retentionRule + ".days", Value: strconv.Itoa(s.retention), Allowed: fmt.Sprintf("one of %v", retentions)}}
}

// Remediate gives a resource the values that rules ask for, where that was
// configured and the values are certain. It changes nothing else.
func (s *Server) Remediate(ctx context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	return answer(ctx, s, func(ctx context.Context) (*pulumirpc.RemediateResponse, error) {
		out := &pulumirpc.RemediateResponse{}
		now := req.GetProperties()
		if now == nil {
			now = &structpb.Struct{}
		}
		for _, remedy := range []struct {
			rule  string
			types []string // none: all
			apply func(settings, tenants.Catalogue, map[string]*structpb.Value) bool
		}{
			{retentionRule, []string{"aws:cloudwatch/logGroup:LogGroup"}, keepLogs},
			{blockRule, []string{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"}, blockAccess},
			{tagsRule, nil, addTags},
		} {
			if !s.settings.remediate[remedy.rule] || len(remedy.types) > 0 && !slices.Contains(remedy.types, req.GetType()) {
				continue
			}
			rule, ok := s.rule(remedy.rule)
			if !ok {
				continue // one's own bundle has no such rule
			}
			objects, err := s.objects(ctx, req, now, rule.ID)
			if err != nil {
				return nil, err
			}
			changed := proto.CloneOf(now)
			if changed.Fields == nil {
				changed.Fields = map[string]*structpb.Value{}
			}
			if !objects || !remedy.apply(s.settings, s.catalogue, changed.GetFields()) {
				continue
			}
			now = changed
			out.Remediations = append(out.Remediations, &pulumirpc.Remediation{
				PolicyName: rule.ID, PolicyPackName: PackName, PolicyPackVersion: s.opts.Version,
				Description: rule.Title, Properties: changed,
			})
		}
		return out, nil
	})
}

// objects tells whether a rule objects to a resource with some inputs, and
// nothing excuses it. What other resources tell is not there.
func (s *Server) objects(ctx context.Context, req *pulumirpc.AnalyzeRequest, inputs *structpb.Struct, rule string) (bool, error) {
	r, err := single(req)
	if err != nil {
		return false, err
	}
	r.Inputs = values(inputs)
	report, err := s.decide(ctx, []plan.Resource{r}, policies.ScopeResource, policies.ScopeStack)
	return slices.ContainsFunc(report.Findings, func(f policies.Finding) bool { return f.Rule == rule && f.Denies() }), err
}

// absent tells whether nothing is set: neither a value, nor a secret, nor one
// that is not known yet.
func absent(v *structpb.Value) bool {
	_, null := v.GetKind().(*structpb.Value_NullValue)
	return v == nil || null
}

func keepLogs(s settings, _ tenants.Catalogue, inputs map[string]*structpb.Value) bool {
	n, isNumber := inputs["retentionInDays"].GetKind().(*structpb.Value_NumberValue)
	if !absent(inputs["retentionInDays"]) && (!isNumber || n.NumberValue != 0) {
		return false
	}
	inputs["retentionInDays"] = structpb.NewNumberValue(float64(s.retention))
	return true
}

func blockAccess(_ settings, _ tenants.Catalogue, inputs map[string]*structpb.Value) bool {
	changed := false
	for _, setting := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if absent(inputs[setting]) {
			inputs[setting] = structpb.NewBoolValue(true)
			changed = true
		}
	}
	return changed
}

// addTags adds what is missing. A tag that is wrong stays, and is refused: it may
// be the resource that is in the wrong stack.
func addTags(s settings, c tenants.Catalogue, inputs map[string]*structpb.Value) bool {
	var tags *structpb.Struct
	if v := inputs["tags"]; absent(v) {
		tags = &structpb.Struct{}
	} else if tags = v.GetStructValue(); tags == nil {
		return false
	} else if _, opaque := plan.Raw(tags.AsMap()); opaque {
		return false
	}
	tags = proto.CloneOf(tags)
	if tags.Fields == nil {
		tags.Fields = map[string]*structpb.Value{}
	}
	changed := false
	for key, value := range s.tags(c) {
		if absent(tags.GetFields()[key]) {
			tags.Fields[key] = structpb.NewStringValue(value)
			changed = true
		}
	}
	if changed {
		inputs["tags"] = structpb.NewStructValue(tags)
	}
	return changed
}

// shared is the tenant and tier of what belongs to no one tenant.
const shared = "shared"

// tags gives the required tags that the settings leave no doubt about.
func (s settings) tags(c tenants.Catalogue) map[string]string {
	switch s.Program {
	case policies.ProgramPlatform, policies.ProgramPool, policies.ProgramGuardrails:
		return map[string]string{"tenant-id": shared, "tier": shared, "model": string(tenants.ModelPool)}
	}
	out := map[string]string{}
	if s.TenantID != "" {
		out["tenant-id"] = s.TenantID
	}
	if len(s.Tiers) == 1 {
		out["tier"] = s.Tiers[0]
		if tier, err := c.Tier(s.Tiers[0]); err == nil {
			out["model"] = string(tier.Model)
		}
	}
	return out
}
