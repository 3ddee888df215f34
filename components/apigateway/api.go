// Package apigateway makes a REST API with its stage, logs and tracing, the
// usage plans of tiers, and the API key of a tenant.
package apigateway

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// StageName is the name of an API's one stage; it is part of its address.
const StageName = "live"

const maxName = 128

// maxPlans is how many usage plans an account and region may have; see "Amazon
// API Gateway quotas" (300 a region).
const maxPlans = 300

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]*$`)

// Args are the arguments of an API.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name; 1 to 128 characters
	// Tiers are the tiers that the API serves: a usage plan each. 1 to 300.
	Tiers []tenants.Tier
	// LogRetentionDays is how long the access log is kept; a value that CloudWatch
	// Logs accepts.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the access log; nil: CloudWatch's own
}

// API is a regional REST API. Every method asks for a request signed by IAM and
// for an API key; the key's usage plan sets the rate, the burst and the quota.
// The account must be prepared with AccountLogging, once a region.
type API struct {
	pulumi.ResourceState

	ID       pulumi.StringOutput `pulumi:"id"`
	Endpoint pulumi.StringOutput `pulumi:"endpoint"` // https address of the stage
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
	// UsagePlanIDs are the ids of the usage plans by tier.
	UsagePlanIDs pulumi.StringMapOutput `pulumi:"usagePlanIds"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*API, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	a := &API{}
	if err := ctx.RegisterComponentResource("tenantform:apigateway:API", name, a, opts...); err != nil {
		return nil, err
	}
	body := definition(args.Name)
	api, err := apigateway.NewRestApi(ctx, name+"-api", &apigateway.RestApiArgs{
		Name:                  pulumi.String(args.Name),
		Description:           pulumi.String("API of " + args.Name),
		Body:                  pulumi.String(body),
		ApiKeySource:          pulumi.String("HEADER"),
		EndpointConfiguration: apigateway.RestApiEndpointConfigurationArgs{Types: pulumi.String("REGIONAL")},
		Tags:                  args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	stage, err := a.stage(ctx, name, args, api, body)
	if err != nil {
		return nil, err
	}
	plans, err := a.plans(ctx, name, args, api, stage)
	if err != nil {
		return nil, err
	}
	a.ID, a.Endpoint, a.UsagePlanIDs = api.ID().ToStringOutput(), stage.InvokeUrl, plans.ToStringMapOutput()
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{
		"id": a.ID, "endpoint": a.Endpoint, "logGroup": a.LogGroup, "usagePlanIds": a.UsagePlanIDs,
	}); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Args) validate(name string) error {
	c := check.New("apigateway", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Retention("LogRetentionDays", a.LogRetentionDays)
	c.Between("Tiers", len(a.Tiers), 1, maxPlans, "tiers")
	seen := map[string]bool{}
	for _, t := range a.Tiers {
		c.Name("Tiers.Name", t.Name, maxName, namePattern)
		if seen[t.Name] {
			c.Fault("Tiers.Name", t.Name, "each tier once")
		}
		seen[t.Name] = true
		c.Positive("Tiers."+t.Name+".RateLimit", t.RateLimit)
		c.Positive("Tiers."+t.Name+".BurstLimit", float64(t.BurstLimit))
		c.Positive("Tiers."+t.Name+".MonthlyQuota", float64(t.MonthlyQuota))
	}
	return c.Err()
}

// stage deploys the definition. A new definition has a new hash, which replaces
// the deployment; the old one goes after the stage has been pointed to the new.
func (a *API) stage(ctx *pulumi.Context, name string, args *Args, api *apigateway.RestApi, body string) (*apigateway.Stage, error) {
	group, err := cloudwatch.NewLogGroup(ctx, name+"-access", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.Name + "/access"),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.LogGroup = group.Name
	sum := sha256.Sum256([]byte(body))
	deployment, err := apigateway.NewDeployment(ctx, name+"-deployment", &apigateway.DeploymentArgs{
		RestApi:     api.ID(),
		Description: pulumi.String("The definition of " + args.Name),
		Triggers:    pulumi.StringMap{"definition": pulumi.String(hex.EncodeToString(sum[:]))},
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	stage, err := apigateway.NewStage(ctx, name+"-stage", &apigateway.StageArgs{
		RestApi:    api.ID(),
		Deployment: deployment.ID(),
		StageName:  pulumi.String(StageName),
		AccessLogSettings: apigateway.StageAccessLogSettingsArgs{
			DestinationArn: group.Arn,
			Format:         pulumi.String(accessLogFormat),
		},
		XrayTracingEnabled: pulumi.Bool(true),
		Tags:               args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	_, err = apigateway.NewMethodSettings(ctx, name+"-settings", &apigateway.MethodSettingsArgs{
		RestApi:    api.ID(),
		StageName:  stage.StageName,
		MethodPath: pulumi.String("*/*"),
		Settings: apigateway.MethodSettingsSettingsArgs{
			MetricsEnabled:   pulumi.Bool(true),
			LoggingLevel:     pulumi.String("ERROR"),
			DataTraceEnabled: pulumi.Bool(false), // a trace holds whole requests and answers
		},
	}, pulumi.Parent(a))
	return stage, err
}

func (a *API) plans(ctx *pulumi.Context, name string, args *Args, api *apigateway.RestApi, stage *apigateway.Stage) (pulumi.StringMap, error) {
	ids := pulumi.StringMap{}
	for _, tier := range args.Tiers {
		plan, err := apigateway.NewUsagePlan(ctx, name+"-"+tier.Name, &apigateway.UsagePlanArgs{
			Name:             pulumi.String(args.Name + "-" + tier.Name),
			Description:      pulumi.String("Tier " + tier.Name + " of " + args.Name),
			ApiStages:        apigateway.UsagePlanApiStageArray{apigateway.UsagePlanApiStageArgs{ApiId: api.ID(), Stage: stage.StageName}},
			ThrottleSettings: apigateway.UsagePlanThrottleSettingsArgs{RateLimit: pulumi.Float64(tier.RateLimit), BurstLimit: pulumi.Int(tier.BurstLimit)},
			QuotaSettings:    apigateway.UsagePlanQuotaSettingsArgs{Limit: pulumi.Int(tier.MonthlyQuota), Period: pulumi.String("MONTH")},
			Tags:             args.Tags.Map(),
		}, pulumi.Parent(a))
		if err != nil {
			return nil, err
		}
		ids[tier.Name] = plan.ID()
	}
	return ids, nil
}
