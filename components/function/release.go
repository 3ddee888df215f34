package function

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/internal/check"
)

// Live is the name of the alias that points at the last published version.
const Live = "live"

// What TargetUtilization may be, and is when 0. Application Auto Scaling takes
// targets from 0.1 to 0.9 for provisioned concurrency; 0.7 is what "Configuring
// provisioned concurrency for a function" in the Lambda Developer Guide uses.
const (
	MinUtilization     = 0.1
	MaxUtilization     = 0.9
	DefaultUtilization = 0.7
)

const (
	scaledService   = "lambda"
	scaledDimension = "lambda:function:ProvisionedConcurrency"
	utilization     = "LambdaProvisionedConcurrencyUtilization"
)

// Provisioned says how many environments of the alias Live are kept
// initialised. Application Auto Scaling moves their number between Min and Max
// so that the share in use stays near TargetUtilization.
type Provisioned struct {
	Min int // 1 or more
	Max int // Min or more, and at most the function's Concurrency
	// TargetUtilization is the share of environments in use to aim at, 0.1 to 0.9;
	// 0.7 when 0.
	TargetUtilization float64
}

func (a *Args) checkProvisioned(c *check.Args) {
	p := a.Provisioned
	if p == nil {
		return
	}
	c.Needs("Publish", a.Publish, "true with Provisioned, which is of the alias "+Live)
	c.Between("Provisioned.Max", p.Max, max(p.Min, 1), a.Concurrency, "environments: at least Min, at most Concurrency")
	c.Between("Provisioned.Min", p.Min, 1, max(a.Concurrency, 1), "environments")
	if u := p.TargetUtilization; u != 0 && !(u >= MinUtilization && u <= MaxUtilization) {
		c.Fault("Provisioned.TargetUtilization", strconv.FormatFloat(u, 'g', -1, 64), fmt.Sprintf("%g to %g", MinUtilization, MaxUtilization))
	}
}

// release makes the alias, and what is provisioned for it.
func (f *Function) release(ctx *pulumi.Context, name string, args *Args, made *lambda.Function) error {
	if !args.Publish {
		return nil
	}
	live, err := LiveAlias(ctx, name, made, pulumi.Parent(f))
	if err != nil {
		return err
	}
	f.live, f.LiveARN, f.InvokeARN = live, live.Arn, live.InvokeArn
	if args.Provisioned == nil {
		return nil
	}
	return f.provision(ctx, name, args, live)
}

// LiveAlias makes the alias Live of a function that is published, for a
// component that makes its functions itself. The resource is called name and
// "-live".
func LiveAlias(ctx *pulumi.Context, name string, made *lambda.Function, opts ...pulumi.ResourceOption) (*lambda.Alias, error) {
	return lambda.NewAlias(ctx, name+"-"+Live, &lambda.AliasArgs{
		Name:            pulumi.String(Live),
		Description:     pulumi.String("The version that is in use"),
		FunctionName:    made.Name,
		FunctionVersion: made.Version,
	}, opts...)
}

func (f *Function) provision(ctx *pulumi.Context, name string, args *Args, live *lambda.Alias) error {
	p := args.Provisioned
	// The number is Application Auto Scaling's from now on: an update must not put
	// it back to Min under load.
	config, err := lambda.NewProvisionedConcurrencyConfig(ctx, name+"-provisioned", &lambda.ProvisionedConcurrencyConfigArgs{
		FunctionName:                    live.FunctionName,
		Qualifier:                       live.Name,
		ProvisionedConcurrentExecutions: pulumi.Int(p.Min),
	}, pulumi.Parent(f), pulumi.IgnoreChanges([]string{"provisionedConcurrentExecutions"}))
	if err != nil {
		return err
	}
	resource := pulumi.String("function:" + args.Name + ":" + Live)
	target, err := appautoscaling.NewTarget(ctx, name+"-scaling", &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String(scaledService),
		ScalableDimension: pulumi.String(scaledDimension),
		ResourceId:        resource,
		MinCapacity:       pulumi.Int(p.Min),
		MaxCapacity:       pulumi.Int(p.Max),
		Tags:              args.Tags.Map(),
	}, pulumi.Parent(f), depend.On(config))
	if err != nil {
		return err
	}
	aim := p.TargetUtilization
	if aim == 0 {
		aim = DefaultUtilization
	}
	_, err = appautoscaling.NewPolicy(ctx, name+"-utilization", &appautoscaling.PolicyArgs{
		Name:              pulumi.String(args.Name + "-utilization"),
		PolicyType:        pulumi.String("TargetTrackingScaling"),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		TargetTrackingScalingPolicyConfiguration: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
			TargetValue: pulumi.Float64(aim),
			PredefinedMetricSpecification: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
				PredefinedMetricType: pulumi.String(utilization),
			},
		},
	}, pulumi.Parent(f))
	return err
}
