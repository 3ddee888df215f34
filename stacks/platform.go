package stacks

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/archive"
	"github.com/tenantform/tenantform/components/artifacts"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/crossaccount"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/components/health"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/components/topic"
	"github.com/tenantform/tenantform/tenants"
)

// The outputs of the platform's stack that other stacks, and other programs,
// read.
const (
	OutputVPCID             = "functionsVpcId"
	OutputSubnetIDs         = "functionsSubnetIds"
	OutputInvokerRoleARN    = "invokerRoleArn"
	OutputExternalID        = "invokerExternalId"
	OutputCodeSigningConfig = "codeSigningConfigArn"
	OutputFunctionsLogKey   = "functionsLogKeyArn"
	OutputLogBucket         = "logBucketName"
	OutputArtifactBucket    = "artifactBucketName"
	OutputSigningProfile    = "signingProfileName"
	OutputSigningVersionARN = "signingProfileVersionArn"
	OutputAlertsTopicARN    = "alertsTopicArn"
	OutputLifecycleTopicARN = "lifecycleTopicArn"
	OutputLifecycleQueues   = "lifecycleQueueUrls" // by service
	OutputEventBucket       = "eventBucketName"
	OutputSinkARN           = "observabilitySinkArn"
	OutputDashboard         = "dashboardName"
	OutputHealthAlarmARN    = "healthAlarmArn"
)

// DefaultSigningProfile is the name of the signing profile where none is given.
const DefaultSigningProfile = "platform_signing"

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// PlatformSpec says what the platform's stack, once an environment and region,
// is made of.
type PlatformSpec struct {
	Settings
	// Services are the business services that take part in tenants' lives: each of
	// the core account has a queue that gets every lifecycle event. A service of the
	// account of tenants' functions subscribes its own queue; see topic.Subscription.
	Services []string
	// Publishers and Signers are the ARNs of the roles that put archives of code into
	// the artifact bucket and have them signed; none: nobody may. See artifacts.Args.
	Publishers []string
	Signers    []string
	// SigningProfile is the name of the signing profile; DefaultSigningProfile when
	// empty. Signer keeps the name of one that was taken away, so that a platform that
	// is made again needs another.
	SigningProfile string
	// EventLockDays is for how many days nobody can delete an archived event, the
	// account's root user included; 0: there is no lock. Given to an archive that
	// exists, it makes that anew.
	EventLockDays int
	// Alarms are the names of further alarms that the platform's alarm is made of, of
	// tenants and pools for example; they have to exist.
	Alarms []string
	// Released lets the platform's buckets be deleted with what is in them, so that the
	// platform can be taken away.
	Released bool
}

// Validate checks the spec; the error is CodeInvalid and names every field.
func (s PlatformSpec) Validate() error {
	faults := s.Settings.Faults()
	for i, name := range s.Services {
		if len(name) > topic.MaxServiceName || !servicePattern.MatchString(name) || slices.Contains(s.Services[:i], name) {
			faults = append(faults, tenants.FieldError{Field: "services", Value: name,
				Allowed: fmt.Sprintf("1 to %d lower-case letters, digits and hyphens, each service once", topic.MaxServiceName)})
		}
	}
	if s.EventLockDays < 0 || s.EventLockDays > bucket.MaxDays {
		faults = append(faults, tenants.FieldError{Field: "eventLockDays", Value: strconv.Itoa(s.EventLockDays),
			Allowed: fmt.Sprintf("1 to %d days, or 0 for no lock", bucket.MaxDays)})
	}
	if len(faults) > 0 {
		return tenants.Invalid(faults...)
	}
	names := map[string]string{"Publishers": "publishers", "Signers": "signers", "Profile": "signingProfile", "Alarms": "alarms"}
	for _, err := range []error{
		s.artifacts(nil).Validate("platform-artifacts"), s.health().Validate("platform-health"), s.dashboard().Validate("platform-dashboard"),
	} {
		if e, ok := errors.AsType[*tenants.Error](err); ok {
			for _, f := range e.Fields {
				f.Field = cmp.Or(names[f.Field], f.Field)
				faults = append(faults, f)
			}
		}
	}
	return tenants.Invalid(faults...)
}

// alarms are the names of all alarms of the platform, with those given.
func (s PlatformSpec) alarms() []string {
	names := []string{s.eventArchive() + "-dead-letters", s.eventArchive() + "-behind"}
	for _, service := range s.Services {
		queue := lifecycleTopic + "-" + service
		names = append(names, queue+"-dead-letters", queue+"-oldest-message")
	}
	return append(names, s.Alarms...)
}

func (s PlatformSpec) dashboard() *dashboard.Args {
	return &dashboard.Args{
		Location: s.core(), Tags: s.sharedTags("observability"), Name: s.platformName("dashboard"), TenantID: tags.Shared, Alarms: s.alarms(),
	}
}

func (s PlatformSpec) health() *health.Args {
	return &health.Args{
		Location: s.core(), Tags: s.sharedTags("observability"), Name: "platform-health", Of: "the platform", Alarms: s.alarms(),
		Actions: pulumi.ToStringArray([]string{s.alertsTopicARN()}),
	}
}

// artifacts are the arguments of the place of code.
func (s PlatformSpec) artifacts(logs *bucket.AccessLogs) *artifacts.Args {
	return &artifacts.Args{
		Location: s.core(), Tags: s.sharedTags("artifacts"), Name: "platform-artifacts",
		Bucket: s.platformBucket("artifacts"), Profile: cmp.Or(s.SigningProfile, DefaultSigningProfile),
		Publishers: s.Publishers, Signers: s.Signers, Readers: []string{s.functions().RoleARN(DeployRole)},
		AccessLogs: logs, Discard: s.Released,
	}
}

// eventArchive is the name of the archive of lifecycle events. A role has it, too,
// whose names are the account's in all regions.
func (s PlatformSpec) eventArchive() string { return s.platformName("events") }

// platformParts are what the platform's parts hand to one another.
type platformParts struct {
	spec      PlatformSpec
	core      pulumi.ResourceOption
	functions pulumi.ResourceOption
	logs      *bucket.Logs
	artifacts *artifacts.Artifacts
	lifecycle *topic.Fanout
	alarmed   []pulumi.CustomResource
}

// Platform gives the program of the platform's stack. The core account gets
// the setting that lets API Gateway write logs, the bucket for access logs, the
// artifacts, the topics of alerts and of lifecycle events with their archive,
// and the platform's dashboard and alarm. The account of tenants' functions gets
// their network, the key of their logs, the role that invokes them, the code
// signing configuration, and a link that shows the core account its metrics,
// logs and traces.
func Platform(spec PlatformSpec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		core, err := spec.coreProvider(ctx)
		if err != nil {
			return err
		}
		functions, err := spec.functionsProvider(ctx)
		if err != nil {
			return err
		}
		p := &platformParts{spec: spec, core: core, functions: functions}
		for _, part := range []func(*pulumi.Context) error{p.logging, p.code, p.host, p.topics, p.events, p.watch, p.sight} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// logging makes what everything else logs into.
func (p *platformParts) logging(ctx *pulumi.Context) error {
	s := p.spec
	if _, err := apigateway.NewAccountLogging(ctx, "platform-api-logging", &apigateway.AccountArgs{
		Location: s.core(), Tags: s.sharedTags("api"), RoleName: s.platformName("api-logs"),
	}, p.core); err != nil {
		return err
	}
	var err error
	p.logs, err = bucket.NewLogs(ctx, "platform-logs", &bucket.LogsArgs{
		Location: s.core(), Tags: s.sharedTags("logs"), Name: s.logBucket(), Discard: s.Released,
	}, p.core)
	if err != nil {
		return err
	}
	ctx.Export(OutputLogBucket, p.logs.Name)
	return nil
}

// code makes the place of archives and the profile that signs them.
func (p *platformParts) code(ctx *pulumi.Context) error {
	var err error
	p.artifacts, err = artifacts.New(ctx, "platform-artifacts", p.spec.artifacts(&bucket.AccessLogs{BucketName: p.logs.Name}), p.core)
	if err != nil {
		return err
	}
	ctx.Export(OutputArtifactBucket, p.artifacts.BucketName)
	ctx.Export(OutputSigningProfile, p.artifacts.ProfileName)
	ctx.Export(OutputSigningVersionARN, p.artifacts.ProfileVersionARN)
	return nil
}

// host prepares the account of tenants' functions.
func (p *platformParts) host(ctx *pulumi.Context) error {
	s := p.spec
	host, err := functionhost.New(ctx, "platform-functions", &functionhost.Args{
		Location: s.functions(), Tags: s.sharedTags("functions"), Name: s.platformName("functions"),
		CIDRBlock: functionsCIDR, ZoneNames: zonesIn(s.Region, s.FunctionsZones), InvokerRole: s.InvokerRole(),
		CoreAccountID: s.AccountID, RuntimeRole: RuntimeRole, ExternalID: s.ExternalID(),
		SigningProfileVersionARNs: pulumi.StringArray{p.artifacts.ProfileVersionARN},
	}, p.functions, depend.On(p.artifacts.Ready...))
	if err != nil {
		return err
	}
	ctx.Export(OutputVPCID, host.VPCID)
	ctx.Export(OutputSubnetIDs, host.SubnetIDs)
	ctx.Export(OutputFunctionsLogKey, host.LogKeyARN)
	ctx.Export(OutputInvokerRoleARN, host.InvokerRoleARN)
	ctx.Export(OutputExternalID, pulumi.String(s.ExternalID()))
	ctx.Export(OutputCodeSigningConfig, host.CodeSigningConfigARN)
	return nil
}

// topics makes the topic that alarms and budgets tell, and the one of
// lifecycle events with a queue for each service.
func (p *platformParts) topics(ctx *pulumi.Context) error {
	s := p.spec
	alerts, err := topic.New(ctx, alertsTopic, &topic.Args{
		Location: s.core(), Tags: s.sharedTags("observability"), Name: alertsTopic, Alarms: true, Budgets: true,
	}, p.core)
	if err != nil {
		return err
	}
	args := &topic.FanoutArgs{
		Location: s.core(), Tags: s.sharedTags("events"), Name: lifecycleTopic, Subscribers: []string{s.FunctionsAccountID},
		LogGroups: []string{archive.LogGroupName(s.eventArchive())},
	}
	for _, name := range s.Services {
		args.Services = append(args.Services, topic.Service{Name: name})
	}
	if p.lifecycle, err = topic.NewFanout(ctx, lifecycleTopic, args, p.core); err != nil {
		return err
	}
	p.alarmed = append(p.alarmed, p.lifecycle.Ready...)
	ctx.Export(OutputAlertsTopicARN, alerts.ARN)
	ctx.Export(OutputLifecycleTopicARN, p.lifecycle.TopicARN)
	ctx.Export(OutputLifecycleQueues, p.lifecycle.QueueURLs)
	return nil
}

// events keeps every lifecycle event in a bucket.
func (p *platformParts) events(ctx *pulumi.Context) error {
	s := p.spec
	name := s.eventArchive()
	args := &bucket.Args{
		Location: s.core(), Tags: s.sharedTags("events"), Name: s.platformBucket("events"), KeyARN: p.lifecycle.KeyARN.ToStringPtrOutput(),
		AccessLogs: &bucket.AccessLogs{BucketName: p.logs.Name}, Discard: s.Released && s.EventLockDays == 0,
	}
	if s.EventLockDays > 0 {
		args.ObjectLock = &bucket.ObjectLock{Mode: bucket.Compliance, Days: s.EventLockDays}
	}
	store, err := bucket.New(ctx, "platform-event-store", args, p.core)
	if err != nil {
		return err
	}
	kept, err := archive.New(ctx, "platform-events", &archive.Args{
		Location: s.core(), Tags: s.sharedTags("events"), Name: name, TopicARN: s.core().ARN("sns", lifecycleTopic),
		Bucket: args.Name, KeyARN: p.lifecycle.KeyARN, LogKeyARN: p.lifecycle.KeyARN,
	}, p.core, depend.On(slices.Concat(p.lifecycle.Ready, store.Ready)...))
	if err != nil {
		return err
	}
	p.alarmed = append(p.alarmed, kept.Ready...)
	ctx.Export(OutputEventBucket, store.Name)
	return nil
}

// sight shows the account of tenants' functions in the core account.
func (p *platformParts) sight(ctx *pulumi.Context) error {
	s := p.spec
	sink, err := crossaccount.NewSink(ctx, "platform-sink", &crossaccount.SinkArgs{
		Location: s.core(), Tags: s.sharedTags("observability"), Name: "platform-sink", Sources: []string{s.FunctionsAccountID},
	}, p.core)
	if err != nil {
		return err
	}
	if _, err := crossaccount.NewLink(ctx, "platform-link", &crossaccount.LinkArgs{
		Location: s.functions(), Tags: s.sharedTags("observability"), SinkARN: sink.ARN, Label: "tenant functions",
	}, p.functions, depend.On(sink.Ready...)); err != nil {
		return err
	}
	ctx.Export(OutputSinkARN, sink.ARN)
	return nil
}

// watch makes the platform's dashboard, and one alarm of all.
func (p *platformParts) watch(ctx *pulumi.Context) error {
	s := p.spec
	board, err := dashboard.New(ctx, "platform-dashboard", s.dashboard(), p.core)
	if err != nil {
		return err
	}
	ctx.Export(OutputDashboard, board.Name)
	whole, err := health.New(ctx, "platform-health", s.health(), p.core, depend.On(p.alarmed...))
	if err != nil {
		return err
	}
	ctx.Export(OutputHealthAlarmARN, whole.AlarmARN)
	return nil
}
