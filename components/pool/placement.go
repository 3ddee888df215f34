package pool

import (
	"cmp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Shared are the ids of a pool that a tenant's placement refers to. All are
// required.
type Shared struct {
	KeyARN      pulumi.StringOutput
	UserPoolID  pulumi.StringOutput
	UsagePlanID pulumi.StringOutput // of the tenant's tier
}

// PlacementArgs are the arguments of a Placement.
type PlacementArgs struct {
	Location location.Location
	Tags     tags.Required
	TenantID string
	Name     string // begins the physical names, "acme-pool-a" for example; 1 to 55 characters
	Pool     string // the pool's Name
	Tier     tenants.Tier
	Shared   Shared
	// RuntimeRole is the name of the application's role, which may assume the
	// tenant's; 1 to 64 characters.
	RuntimeRole string
	// AlarmTopic is the ARN of an SNS topic of the account and region that is told of
	// the tenant's alarm. Empty: it only shows.
	AlarmTopic string
	// BudgetTopic is the ARN of the topic that is told of the budget, as in
	// budget.Args. It is required when the tier has a budget.
	BudgetTopic string
	// NoDashboard leaves the tenant's dashboard out: CloudWatch bills each by the month.
	NoDashboard bool
}

// Placement is what a tenant of a pool has of its own: the role bound to its
// items, its group in the shared user pool, its API key on the tier's usage
// plan, its log group, metric filters and alarm, its dashboard, and a budget where
// the tier has one. The budget counts what carries the tenant's tag, not its share of the pool.
type Placement struct {
	pulumi.ResourceState

	RoleARN  pulumi.StringOutput `pulumi:"roleArn"`
	APIKeyID pulumi.StringOutput `pulumi:"apiKeyId"`
	APIKey   pulumi.StringOutput `pulumi:"apiKey"` // secret
	LogGroup pulumi.StringOutput `pulumi:"logGroupName"`
}

// NewPlacement registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewPlacement(ctx *pulumi.Context, name string, args *PlacementArgs, opts ...pulumi.ResourceOption) (*Placement, error) {
	if args == nil {
		args = &PlacementArgs{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	p := &Placement{}
	if err := ctx.RegisterComponentResource("tenantform:pool:Placement", name, p, opts...); err != nil {
		return nil, err
	}
	access, err := data.NewTenantAccess(ctx, name+"-access", &data.AccessArgs{
		Location: args.Location, Tags: args.Tags.ForService("data"), TenantID: args.TenantID,
		RoleName: args.Name + "-data", Table: TableName(args.Pool), KeyARN: args.Shared.KeyARN, RuntimeRole: args.RuntimeRole,
	}, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	if _, err := identity.NewTenantGroup(ctx, name, &identity.GroupArgs{
		UserPoolID: args.Shared.UserPoolID, TenantID: args.TenantID,
	}, pulumi.Parent(p)); err != nil {
		return nil, err
	}
	key, err := apigateway.NewTenantKey(ctx, name+"-api", &apigateway.KeyArgs{
		Tags: args.Tags.ForService("api"), Name: args.Name, UsagePlanID: args.Shared.UsagePlanID,
	}, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	signals, err := observability.New(ctx, name+"-signals", args.signals(), pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	if !args.NoDashboard {
		if _, err := dashboard.New(ctx, name+"-dashboard", args.dashboard(), pulumi.Parent(p)); err != nil {
			return nil, err
		}
	}
	if args.Tier.MonthlyBudgetUSD != 0 {
		if _, err := budget.New(ctx, name+"-budget", args.budget(), pulumi.Parent(p)); err != nil {
			return nil, err
		}
	}
	p.RoleARN, p.APIKeyID, p.APIKey, p.LogGroup = access.RoleARN, key.ID, key.Value, signals.LogGroup
	if err := ctx.RegisterResourceOutputs(p, pulumi.Map{
		"roleArn": p.RoleARN, "apiKeyId": p.APIKeyID, "apiKey": p.APIKey, "logGroupName": p.LogGroup,
	}); err != nil {
		return nil, err
	}
	return p, nil
}

func (a *PlacementArgs) signals() *observability.Args {
	args := &observability.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), TenantID: a.TenantID, Name: a.Name,
		LogRetentionDays: a.Tier.LogRetentionDays, LogKeyARN: a.Shared.KeyARN,
	}
	if a.AlarmTopic != "" {
		args.AlarmActions = pulumi.ToStringArray([]string{a.AlarmTopic})
	}
	return args
}

// dashboard is the tenant's view; what it shares with others of the pool is on
// none.
func (a *PlacementArgs) dashboard() *dashboard.Args {
	return &dashboard.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), Name: a.Name, TenantID: a.TenantID,
		Alarms: []string{observability.AlarmName(a.Name)}, LogGroup: observability.LogGroupName(a.Name),
	}
}

func (a *PlacementArgs) budget() *budget.Args {
	return &budget.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), Name: a.Name + "-budget",
		TenantID: a.TenantID, MonthlyUSD: a.Tier.MonthlyBudgetUSD, TopicARN: a.BudgetTopic,
	}
}

func (a *PlacementArgs) validate(name string) error {
	c := check.New("pool", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Add(tenants.ValidateID("TenantID", a.TenantID))
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Pool", a.Pool, maxName, namePattern)
	c.Name("RuntimeRole", a.RuntimeRole, 64, rolePattern)
	c.Add(a.Tier.Validate("Tier"))
	given := func(o pulumi.StringOutput) bool { return o.OutputState != nil }
	c.Needs("Shared.KeyARN", given(a.Shared.KeyARN), "the pool's keyArn")
	c.Needs("Shared.UserPoolID", given(a.Shared.UserPoolID), "the pool's userPoolId")
	c.Needs("Shared.UsagePlanID", given(a.Shared.UsagePlanID), "the pool's usagePlanIds of the tier")
	if a.AlarmTopic != "" {
		c.Name("AlarmTopic", a.AlarmTopic, maxTopic, topicPattern)
	}
	c.Needs("BudgetTopic", a.BudgetTopic != "" || a.Tier.MonthlyBudgetUSD == 0, "the ARN of the topic that is told of the tier's budget")
	if err := c.Err(); err != nil {
		return err
	}
	parts := []error{a.signals().Validate(name + "-signals"), a.dashboard().Validate(name + "-dashboard")}
	if a.Tier.MonthlyBudgetUSD != 0 {
		parts = append(parts, a.budget().Validate(name+"-budget"))
	}
	return cmp.Or(parts...)
}
