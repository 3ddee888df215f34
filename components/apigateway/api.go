// Package apigateway makes a REST API with its stage, logs and tracing, its
// routes to functions, the usage plans of tiers, and the API key of a tenant.
//
// Every method asks for an API key, which names the tenant and its usage plan,
// and for a signature by IAM or a token of a user pool. Requests are checked
// before a function sees them. TLS is AWS's own at the address of the stage; a
// minimum version is a setting of custom domains, which are not made here.
package apigateway

import (
	"crypto/sha256"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
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
	// LogRetentionDays is how long the logs are kept; a value that CloudWatch Logs
	// accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the access log; nil: CloudWatch's own
	// ExecutionLogKeyARN is the key that encrypts the execution log, whose name has
	// the API's id in it: the key must let CloudWatch Logs use it for
	// ExecutionLogGroups. nil: CloudWatch's own.
	ExecutionLogKeyARN pulumi.StringPtrInput
	// Routes are answered by functions. None: the API has GET /health alone.
	Routes []Route
	// Authorizer lets in by tokens of user pools instead of signatures by IAM, on the
	// Routes. nil: IAM.
	Authorizer *Authorizer
	// WebACLARN is the regional web ACL of AWS WAF, a firewall.Firewall's for example,
	// that the stage is put behind. nil: none.
	WebACLARN pulumi.StringInput
}

// ExecutionLogGroups stands for the execution logs of all APIs of an account and
// region, for encryption.Args.LogGroups.
const ExecutionLogGroups = executionLogPrefix + "*/" + StageName

// executionLogPrefix begins the name that API Gateway gives to an execution log;
// see "Set up CloudWatch logging for REST APIs" in its Developer Guide.
const executionLogPrefix = "API-Gateway-Execution-Logs_"

// API is a regional REST API. Every method asks for an API key, whose usage plan
// sets the rate, the burst and the quota, and for a request signed by IAM or, on
// the routes of an API with an Authorizer, for a user's token. The account must be
// prepared with AccountLogging, once a region.
type API struct {
	pulumi.ResourceState

	ID       pulumi.StringOutput `pulumi:"id"`
	Endpoint pulumi.StringOutput `pulumi:"endpoint"` // https address of the stage
	StageARN pulumi.StringOutput `pulumi:"stageArn"`
	// LogGroup is the access log's, ExecutionLogGroup that of errors on the way of a
	// request through API Gateway.
	LogGroup          pulumi.StringOutput `pulumi:"logGroup"`
	ExecutionLogGroup pulumi.StringOutput `pulumi:"executionLogGroup"`
	// UsagePlanIDs are the ids of the usage plans by tier.
	UsagePlanIDs pulumi.StringMapOutput `pulumi:"usagePlanIds"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*API, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	a := &API{}
	if err := ctx.RegisterComponentResource("tenantform:apigateway:API", name, a, opts...); err != nil {
		return nil, err
	}
	body := args.definition()
	api, err := apigateway.NewRestApi(ctx, name+"-api", &apigateway.RestApiArgs{
		Name:                  pulumi.String(args.Name),
		Description:           pulumi.String("API of " + args.Name),
		Body:                  body.ToStringOutput(),
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
	if err := a.permissions(ctx, name, args, api); err != nil {
		return nil, err
	}
	if err := a.guard(ctx, name, args, stage); err != nil {
		return nil, err
	}
	plans, err := a.plans(ctx, name, args, api, stage)
	if err != nil {
		return nil, err
	}
	a.ID, a.Endpoint, a.StageARN = api.ID().ToStringOutput(), stage.InvokeUrl, stage.Arn
	a.UsagePlanIDs = plans.ToStringMapOutput()
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{
		"id": a.ID, "endpoint": a.Endpoint, "stageArn": a.StageARN, "logGroup": a.LogGroup,
		"executionLogGroup": a.ExecutionLogGroup, "usagePlanIds": a.UsagePlanIDs,
	}); err != nil {
		return nil, err
	}
	return a, nil
}

// Validate checks the arguments as New does, for a component that is made of an
// API and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("apigateway", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Retention("LogRetentionDays", a.Location.LogRetentionDays(a.LogRetentionDays))
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
	a.checkRoutes(c)
	return c.Err()
}

// logs makes the log groups. API Gateway would make the one of the execution log
// by itself, to keep for ever and with its own key, so that it has to be there
// before the stage.
func (a *API) logs(ctx *pulumi.Context, name string, args *Args, api *apigateway.RestApi) (access, execution *cloudwatch.LogGroup, err error) {
	access, err = cloudwatch.NewLogGroup(ctx, name+"-access", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.Name + "/access"),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, nil, err
	}
	execution, err = cloudwatch.NewLogGroup(ctx, name+"-execution", &cloudwatch.LogGroupArgs{
		Name:            pulumi.Sprintf("%s%s/%s", executionLogPrefix, api.ID(), StageName),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.ExecutionLogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, nil, err
	}
	a.LogGroup, a.ExecutionLogGroup = access.Name, execution.Name
	return access, execution, nil
}

// stage deploys the definition. A new definition has a new hash, which replaces
// the deployment; the old one goes after the stage has been pointed to the new.
func (a *API) stage(ctx *pulumi.Context, name string, args *Args, api *apigateway.RestApi, body pulumi.StringInput) (*apigateway.Stage, error) {
	access, execution, err := a.logs(ctx, name, args, api)
	if err != nil {
		return nil, err
	}
	deployment, err := apigateway.NewDeployment(ctx, name+"-deployment", &apigateway.DeploymentArgs{
		RestApi:     api.ID(),
		Description: pulumi.String("The definition of " + args.Name),
		Triggers: pulumi.StringMap{"definition": body.ToStringOutput().ApplyT(func(text string) string {
			return digest(text, sha256.Size)
		}).(pulumi.StringOutput)},
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	stage, err := apigateway.NewStage(ctx, name+"-stage", &apigateway.StageArgs{
		RestApi:    api.ID(),
		Deployment: deployment.ID(),
		StageName:  pulumi.String(StageName),
		AccessLogSettings: apigateway.StageAccessLogSettingsArgs{
			DestinationArn: access.Arn,
			Format:         pulumi.String(accessLogFormat),
		},
		XrayTracingEnabled: pulumi.Bool(true),
		Tags:               args.Tags.Map(),
	}, pulumi.Parent(a), depend.On(execution))
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
