package pool_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/pool"
	"github.com/tenantform/tenantform/tenants"
)

func args() *pool.Args {
	return &pool.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "pool-a",
		Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelPool)}, LogRetentionDays: 30, DeletionProtection: true,
	}
}

func TestPool(t *testing.T) {
	r := componenttest.MustRun(t, "pool-a", func(ctx *pulumi.Context) error {
		_, err := pool.New(ctx, "pool-a", args())
		return err
	}, nil)
	componenttest.Check(t, r)
	if got := r.One(t, "aws:dynamodb/table:Table").Inputs; got["name"] != "pool-a-data" || got["deletionProtectionEnabled"] != true {
		t.Errorf("table %v, protected %v", got["name"], got["deletionProtectionEnabled"])
	}
	if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["deletionProtection"]; got != "ACTIVE" {
		t.Errorf("user pool protection %v", got)
	}
	if n := len(r.OfType("aws:iam/role:Role")); n > 0 {
		t.Errorf("a pool has %d roles; grants belong to its tenants", n)
	}
}

func TestNoDashboard(t *testing.T) {
	a := placementArgs()
	a.NoDashboard = true
	if n := len(componenttest.MustRun(t, "tenant-acme", placement(a), nil).OfType("aws:cloudwatch/dashboard:Dashboard")); n != 0 {
		t.Errorf("%d dashboards", n)
	}
}

func TestPlacementIsTheTenantsOwn(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", placement(placementArgs()), nil)
	componenttest.Check(t, r)
	if n := len(r.Custom()); n != 10 {
		t.Errorf("%d resources, want 10", n)
	}
	group := r.One(t, "aws:cognito/userGroup:UserGroup").Inputs
	if group["name"] != "acme" || group["userPoolId"] != "users-1" {
		t.Errorf("group %v", group)
	}
	if got := r.One(t, "aws:apigateway/usagePlanKey:UsagePlanKey").Inputs["usagePlanId"]; got != "plan-1" {
		t.Errorf("usage plan %v", got)
	}
	if got := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs; got["kmsKeyId"] != "arn:key" || got["retentionInDays"] != 7.0 {
		t.Errorf("log group %v", got)
	}
}

func TestPlacementTellsAndCounts(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:111111111111:platform-alerts"
	a := placementArgs()
	a.AlarmTopic, a.BudgetTopic, a.Tier.MonthlyBudgetUSD = topic, topic, 20
	r := componenttest.MustRun(t, "tenant-acme", placement(a), nil)
	componenttest.Check(t, r)
	if told, _ := r.One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs["alarmActions"].([]any); len(told) != 1 || told[0] != topic {
		t.Errorf("the alarm tells %v", told)
	}
	if got := r.One(t, "aws:budgets/budget:Budget").Inputs["limitAmount"]; got != "20.00" {
		t.Errorf("the budget is %v", got)
	}
	for name, c := range map[string]struct {
		change func(*pool.PlacementArgs)
		words  string
	}{
		"no topic": {func(a *pool.PlacementArgs) { a.BudgetTopic = "" }, "BudgetTopic is missing"},
		"no ARN":   {func(a *pool.PlacementArgs) { a.AlarmTopic = "alerts" }, "AlarmTopic"},
		"negative": {func(a *pool.PlacementArgs) { a.Tier.MonthlyBudgetUSD = -1 }, "monthlyBudgetUSD"},
	} {
		t.Run(name, func(t *testing.T) {
			b := *a
			c.change(&b)
			r, err := componenttest.Run("tenant-acme", placement(&b), nil)
			componenttest.Refused(t, r, err, c.words)
		})
	}
}

func placementArgs() *pool.PlacementArgs {
	return &pool.PlacementArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-pool-a", Pool: "pool-a",
		Tier: componenttest.Tier(tenants.ModelPool), RuntimeRole: "tenantform-runtime",
		Shared: pool.Shared{KeyARN: text("arn:key"), UserPoolID: text("users-1"), UsagePlanID: text("plan-1")},
	}
}

func text(s string) pulumi.StringOutput { return pulumi.String(s).ToStringOutput() }

func placement(a *pool.PlacementArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := pool.NewPlacement(ctx, "acme-pool-a", a)
		return err
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pool.Args)
		words  []string
	}{
		"no name":   {func(a *pool.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name": {func(a *pool.Args) { a.Name = strings.Repeat("p", 56) }, []string{"1 to 55"}},
		"no tiers":  {func(a *pool.Args) { a.Tiers = nil }, []string{"Tiers is missing"}},
		"bad tier":  {func(a *pool.Args) { a.Tiers[0].MonthlyQuota = -1 }, []string{"Tiers.free.monthlyQuota", `"-1"`}},
		"retention": {func(a *pool.Args) { a.LogRetentionDays = 8 }, []string{"LogRetentionDays", `"8"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("pool-a", func(ctx *pulumi.Context) error {
				_, err := pool.New(ctx, "pool-a", a)
				return err
			}, nil)
			componenttest.Refused(t, r, err, append(c.words, "pool")...)
		})
	}
	for name, c := range map[string]struct {
		change func(*pool.PlacementArgs)
		words  []string
	}{
		"no tenant": {func(a *pool.PlacementArgs) { a.TenantID = "" }, []string{"TenantID is missing"}},
		"reserved":  {func(a *pool.PlacementArgs) { a.TenantID = "shared" }, []string{"TenantID", "shared", "reserved"}},
		"no pool":   {func(a *pool.PlacementArgs) { a.Pool = "" }, []string{"Pool is missing"}},
		"no ids": {func(a *pool.PlacementArgs) { a.Shared = pool.Shared{} },
			[]string{"Shared.KeyARN is missing", "Shared.UserPoolID is missing", "Shared.UsagePlanID is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := placementArgs()
			c.change(a)
			r, err := componenttest.Run("tenant-acme", placement(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "pool", "acme-pool-a")...)
		})
	}
}
