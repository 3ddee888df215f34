package stacks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/pool"
	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Placement is where a tenant lives, or is about to, and what holds there.
type Placement struct {
	tenants.Placement
	Tier     tenants.Tier
	Released bool // deletion protection is off so that the placement can be taken away
}

// TenantSpec says what a tenant's one stack is made of.
type TenantSpec struct {
	Settings
	TenantID   string
	Name       string      // shown to people
	CostCenter string      // the tenant's id when empty
	Placements []Placement // one, or both while the tenant moves
	// NetworkCIDR is the range of the network of the tenant's silo; see
	// network.Args. DefaultSiloCIDR when empty. Another range replaces the network.
	NetworkCIDR string
	// Serving is what the application adds to a silo. The zero value: nothing. What it
	// adds to a pool is PoolSpec's.
	Serving Serving
	// Worker is the code that works off the queue of the tenant's silo. nil: the
	// built-in one, which keeps each message as an object.
	Worker *Worker
	// PlatformRegion is the region of the platform's stack, which has to be up before
	// a silo; Settings.Region when empty. In another region a silo has a bucket of its
	// own for access logs and its alarms tell nobody, because S3 and CloudWatch reach
	// what is in their own region only.
	PlatformRegion string
}

// PlacementName gives the logical name of a placement's component, which also
// begins its physical names: "acme-pool-a" or "acme-silo".
func PlacementName(tenantID string, p tenants.Placement) string {
	if p.Model == tenants.ModelSilo {
		return tenantID + "-silo"
	}
	return tenantID + "-" + tenants.PoolStackName(p.Cell)
}

// Validate checks the spec; the error is CodeInvalid and names every field.
func (s TenantSpec) Validate() error {
	faults := s.Settings.Faults()
	faults = append(faults, tenants.ValidateID("tenantId", s.TenantID)...)
	if s.Name == "" {
		faults = append(faults, tenants.FieldError{Field: "name", Allowed: "a name to show to people"})
	}
	faults = append(faults, costCenterFaults(s.CostCenter)...)
	if n := len(s.Placements); n < 1 || n > 2 {
		faults = append(faults, tenants.FieldError{Field: "placements", Value: fmt.Sprintf("%d placements", n), Allowed: "one, or two while the tenant moves"})
	}
	if s.PlatformRegion != "" {
		faults = append(faults, tenants.ValidateRegion("platformRegion", s.PlatformRegion)...)
	}
	if s.NetworkCIDR != "" {
		faults = append(faults, tenants.ValidateNetwork("networkCidr", s.NetworkCIDR)...)
		if tenants.NetworksOverlap(s.NetworkCIDR, functionsCIDR) {
			faults = append(faults, tenants.FieldError{Field: "networkCidr", Value: s.NetworkCIDR,
				Allowed: "a range outside of " + functionsCIDR + ", where tenants' functions are"})
		}
	}
	for i, p := range s.Placements {
		path := fmt.Sprintf("placements[%d]", i)
		faults = append(faults, p.Placement.Validate(path)...)
		faults = append(faults, p.Tier.Validate(path+".tier")...)
		if p.Tier.Model != p.Model {
			faults = append(faults, tenants.FieldError{Field: path + ".tier", Value: p.Tier.Name, Allowed: "a tier of the model " + string(p.Model)})
		}
		if slices.ContainsFunc(s.Placements[:i], func(q Placement) bool { return q.Placement == p.Placement }) {
			faults = append(faults, tenants.FieldError{Field: path, Value: p.Placement.String(), Allowed: "each placement once"})
		}
	}
	return tenants.Invalid(faults...)
}

func costCenterFaults(costCenter string) []tenants.FieldError {
	if costCenter == "" || tags.ValidValue(costCenter) {
		return nil
	}
	return []tenants.FieldError{{Field: "costCenter", Value: costCenter, Allowed: tags.ValueAllowed}}
}

// tags are the tags of what the tenant has at a placement.
func (s TenantSpec) tags(p Placement) tags.Required {
	return tenantTags(s.Settings, s.TenantID, s.CostCenter, p.Tier, p.Model)
}

func tenantTags(s Settings, tenantID, costCenter string, tier tenants.Tier, model tenants.Model) tags.Required {
	if costCenter == "" {
		costCenter = tenantID
	}
	return tags.Required{
		TenantID: tenantID, Tier: tier.Name, Model: model,
		Service: "tenant", Environment: s.Environment, CostCenter: costCenter,
	}
}

// Tenant gives the program of a tenant's stack. A pooled placement reads the
// stack of its pool, which must be up.
func Tenant(spec TenantSpec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		core, err := spec.coreProvider(ctx)
		if err != nil {
			return err
		}
		placements := pulumi.Map{}
		for _, p := range spec.Placements {
			place := spec.inPool
			if p.Model == tenants.ModelSilo {
				place = spec.inSilo
			}
			outputs, err := place(ctx, p, core)
			if err != nil {
				return err
			}
			outputs["model"], outputs["tier"] = pulumi.String(string(p.Model)), pulumi.String(p.Tier.Name)
			placements[p.Placement.String()] = outputs
		}
		// In a move the placement that stays, and is not released, is the tenant's.
		current := spec.Placements[len(spec.Placements)-1]
		for _, p := range spec.Placements {
			if !p.Released {
				current = p
				break
			}
		}
		ctx.Export("tenantId", pulumi.String(spec.TenantID))
		ctx.Export("name", pulumi.String(spec.Name))
		ctx.Export("tier", pulumi.String(current.Tier.Name))
		ctx.Export("model", pulumi.String(string(current.Model)))
		ctx.Export("apiEndpoint", placements[current.Placement.String()].(pulumi.Map)["apiEndpoint"])
		ctx.Export("placements", placements)
		return nil
	}
}

// inPool makes the tenant's placement in a cell of a pool.
func (s TenantSpec) inPool(ctx *pulumi.Context, p Placement, core pulumi.ResourceOption) (pulumi.Map, error) {
	stack := tenants.PoolStackName(p.Cell)
	ref, err := reference(ctx, stack)
	if err != nil {
		return nil, err
	}
	name := PlacementName(s.TenantID, p.Placement)
	made, err := pool.NewPlacement(ctx, name, &pool.PlacementArgs{
		Location: s.core(), Tags: s.tags(p), TenantID: s.TenantID, Name: name, Pool: stack, Tier: p.Tier, RuntimeRole: RuntimeRole,
		AlarmTopic: s.alarmTopic(), BudgetTopic: s.platform().alertsTopicARN(),
		Shared: pool.Shared{
			KeyARN:      text(ref, stack, "keyArn"),
			UserPoolID:  text(ref, stack, "userPoolId"),
			UsagePlanID: usagePlan(ref, stack, p.Tier.Name),
		},
	}, core)
	if err != nil {
		return nil, err
	}
	return pulumi.Map{
		"roleArn": made.RoleARN, "apiKeyId": made.APIKeyID, "apiKey": made.APIKey, "logGroupName": made.LogGroup,
		"tableName":        pulumi.String(pool.TableName(stack)),
		"userPoolId":       text(ref, stack, "userPoolId"),
		"userPoolClientId": text(ref, stack, "userPoolClientId"),
		"apiEndpoint":      text(ref, stack, "apiEndpoint"),
	}, nil
}

// usagePlan gives the id of a tier's usage plan in a pool.
func usagePlan(ref *pulumi.StackReference, stack, tier string) pulumi.StringOutput {
	return ref.GetOutput(pulumi.String("usagePlanIds")).ApplyT(func(v any) (string, error) {
		plans, _ := v.(map[string]any)
		if id, ok := plans[tier].(string); ok && id != "" {
			return id, nil
		}
		return "", tenants.Errorf(tenants.CodeFailedPrecondition,
			"stack %s has no usage plan for tier %s; bring it up with a catalogue that has the tier", stack, tier)
	}).(pulumi.StringOutput)
}

// inSilo makes the tenant's silo.
func (s TenantSpec) inSilo(ctx *pulumi.Context, p Placement, core pulumi.ResourceOption) (pulumi.Map, error) {
	name := PlacementName(s.TenantID, p.Placement)
	worker, err := s.worker(fmt.Sprintf("%s-work-%s-%s", s.TenantID, s.AccountID, s.Region))
	if err != nil {
		return nil, err
	}
	args := &silo.Args{
		Location: s.core(), Tags: s.tags(p), TenantID: s.TenantID, Name: name, Tier: p.Tier,
		Bucket:    fmt.Sprintf("%s-data-%s-%s", s.TenantID, s.AccountID, s.Region),
		CIDRBlock: cmp.Or(s.NetworkCIDR, DefaultSiloCIDR), ZoneNames: zonesIn(s.Region, s.Zones), Released: p.Released,
		Routes: s.Serving.Routes, UserTokens: s.Serving.UserTokens, WebACLARN: s.Serving.webACL(),
		Migration: s.Serving.Migration, ResourceServer: s.Serving.ResourceServer,
		Worker: worker, AlarmTopic: s.alarmTopic(), BudgetTopic: s.platform().alertsTopicARN(),
	}
	if s.platform().Region == s.Region {
		args.AccessLogBucket = pulumi.String(s.logBucket())
	} else {
		args.OwnLogBucket = fmt.Sprintf("%s-logs-%s-%s", s.TenantID, s.AccountID, s.Region)
	}
	made, err := silo.New(ctx, name, args, core)
	if err != nil {
		return nil, err
	}
	return pulumi.Map(made.Outputs()), nil
}

// platform are the settings of the platform's stack.
func (s TenantSpec) platform() Settings {
	settings := s.Settings
	settings.Region = cmp.Or(s.PlatformRegion, s.Region)
	return settings
}

// alarmTopic is the topic that is told of the tenant's alarms; empty where the
// platform is in another region.
func (s TenantSpec) alarmTopic() string {
	if s.platform().Region != s.Region {
		return ""
	}
	return s.alertsTopicARN()
}
