package stacks

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/guardrails"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/tenants"
)

// GuardrailsStackName is the name of the stack of the guardrails.
const GuardrailsStackName = "guardrails"

// The outputs of the guardrails' stack.
const (
	OutputAuditBucket   = "auditBucketName"
	OutputAlertTopics   = "manualChangeTopicArns" // by account
	OutputOrganization  = "organizationPolicyIds" // by policy; none without an organization
	auditPrefixCore     = "core"
	auditPrefixFunction = "functions"
)

// GuardrailsSpec says what holds for the accounts, and what is watched in them.
// The alert on manual changes hears of them through CloudTrail, which logs in
// the organization's trail, or in the one that Trail makes.
type GuardrailsSpec struct {
	Settings
	// Deployers are the names of the roles whose changes are no manual ones, those of
	// CI in the core account for example; 1 to 8. DeployRole and RuntimeRole are
	// always among them.
	Deployers []string
	// Organization is what holds for the organization's accounts; nil: nothing, and
	// the accounts are only watched.
	Organization *Organization
	// TrailKeyARN is the key of a trail that is made in each account, with
	// guardrails.AccountArgs.KeyStatements of both in its policy. Empty: no trail is
	// made, because the organization has one.
	TrailKeyARN string
	// GlobalElsewhere and ServiceRoleExists are as in guardrails.AccountArgs: for a
	// second region, and for accounts that have used AWS Config before.
	GlobalElsewhere   bool
	ServiceRoleExists bool
	// Without are managed rules that are left out; see guardrails.AccountArgs.
	Without []string
	// Released lets the audit bucket and that of its access logs be deleted with what
	// is in them.
	Released bool
}

// Organization is the organization's part of the guardrails; see
// guardrails.OrganizationArgs.
type Organization struct {
	AccountID        string   `json:"accountId"` // the management account, 12 digits, reached by assuming DeployRole there
	Targets          []string `json:"targets"`
	FunctionsTargets []string `json:"functionsTargets"`
	Regions          []string `json:"regions"`
	Administrators   []string `json:"administrators"`
}

// Validate checks the spec; the error is CodeInvalid and names every field.
func (s GuardrailsSpec) Validate() error {
	faults := s.Settings.Faults()
	if len(s.Deployers) == 0 {
		faults = append(faults, tenants.FieldError{Field: "deployers", Allowed: "the names of the roles whose changes are no manual ones, 1 or more"})
	}
	if len(faults) > 0 {
		return tenants.Invalid(faults...)
	}
	for _, account := range s.accounts() {
		if err := account.args.Validate(account.name); err != nil {
			return err
		}
	}
	if s.Organization == nil {
		return nil
	}
	return s.organization().Validate(organizationName)
}

const organizationName = "platform-organization"

// watched is an account of the guardrails.
type watched struct {
	name string
	args *guardrails.AccountArgs
}

// accounts are the core account and that of tenants' functions.
func (s GuardrailsSpec) accounts() []watched {
	of := func(name, prefix string, at location.Location) watched {
		args := &guardrails.AccountArgs{
			Location: at, Tags: s.sharedTags("guardrails"), Name: name, Bucket: s.platformBucket("audit"), Prefix: prefix,
			Deployers: s.deployers(), GlobalElsewhere: s.GlobalElsewhere, ServiceRoleExists: s.ServiceRoleExists, Without: s.Without,
		}
		if s.TrailKeyARN != "" {
			args.Trail, args.TrailKeyARN = true, pulumi.StringPtr(s.TrailKeyARN)
		}
		return watched{name, args}
	}
	return []watched{
		of("platform-guardrails-core", auditPrefixCore, s.core()),
		of("platform-guardrails-functions", auditPrefixFunction, s.functions()),
	}
}

// deployers are the roles that deploy, in any of the accounts.
func (s GuardrailsSpec) deployers() []string {
	all := slices.Clone(s.Deployers)
	for _, own := range []string{DeployRole, RuntimeRole} {
		if !slices.Contains(all, own) {
			all = append(all, own)
		}
	}
	return all
}

func (s GuardrailsSpec) organization() *guardrails.OrganizationArgs {
	o := s.Organization
	at := s.core()
	at.AccountID = o.AccountID
	return &guardrails.OrganizationArgs{
		Location: at, Tags: s.sharedTags("guardrails"), Name: "platform", Targets: o.Targets, FunctionsTargets: o.FunctionsTargets,
		Regions: o.Regions, Deployers: s.deployers(), Administrators: o.Administrators,
	}
}

// Guardrails gives the program of the guardrails' stack: the bucket of the
// audit with its key and its access logs, what is watched in the core account
// and in that of tenants' functions, and what holds for the organization.
func Guardrails(spec GuardrailsSpec) pulumi.RunFunc {
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
		store, err := spec.store(ctx, core)
		if err != nil {
			return err
		}
		topics := pulumi.Map{}
		for i, account := range spec.accounts() {
			made, err := guardrails.NewAccount(ctx, account.name, account.args,
				[]pulumi.ResourceOption{core, functions}[i], depend.On(store.Ready...))
			if err != nil {
				return err
			}
			topics[account.args.Location.AccountID] = made.TopicARN
		}
		ctx.Export(OutputAuditBucket, store.Name)
		ctx.Export(OutputAlertTopics, topics)
		if spec.Organization == nil {
			return nil
		}
		management, err := spec.managementProvider(ctx)
		if err != nil {
			return err
		}
		made, err := guardrails.NewOrganization(ctx, organizationName, spec.organization(), management)
		if err != nil {
			return err
		}
		ctx.Export(OutputOrganization, made.PolicyIDs)
		return nil
	}
}

// store makes the bucket to which both accounts deliver, the key that lets Config
// and CloudTrail of both do so, and the bucket for its access logs. That one is
// not the platform's, which may come up later.
func (s GuardrailsSpec) store(ctx *pulumi.Context, core pulumi.ResourceOption) (*bucket.Bucket, error) {
	const name = "platform-audit"
	logs, err := bucket.NewLogs(ctx, name+"-access", &bucket.LogsArgs{
		Location: s.core(), Tags: s.sharedTags("guardrails"), Name: s.platformBucket("audit-logs"),
		Sources: []string{s.platformBucket("audit")}, Discard: s.Released,
	}, core)
	if err != nil {
		return nil, err
	}
	keyArgs := &encryption.Args{
		Location: s.core(), Tags: s.sharedTags("guardrails"), Alias: name, Description: "What Config and CloudTrail deliver",
	}
	args := &bucket.Args{
		Location: s.core(), Tags: s.sharedTags("guardrails"), Name: s.platformBucket("audit"),
		AccessLogs: &bucket.AccessLogs{BucketName: logs.Name}, Discard: s.Released,
	}
	for _, account := range s.accounts() {
		keyArgs.Statements = append(keyArgs.Statements, account.args.KeyStatements()...)
		args.Statements = append(args.Statements, account.args.BucketStatements()...)
	}
	key, err := encryption.New(ctx, name+"-key", keyArgs, core)
	if err != nil {
		return nil, err
	}
	args.KeyARN = key.ARN.ToStringPtrOutput()
	return bucket.New(ctx, name, args, core)
}

// managementProvider makes the provider of the organization's management
// account, which it reaches by assuming DeployRole there.
func (s GuardrailsSpec) managementProvider(ctx *pulumi.Context) (pulumi.ResourceOption, error) {
	at := s.core()
	at.AccountID = s.Organization.AccountID
	provider, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{
		Region:            pulumi.String(s.Region),
		AllowedAccountIds: pulumi.ToStringArray([]string{at.AccountID}),
		AssumeRole: aws.ProviderAssumeRoleArgs{
			RoleArn:     pulumi.String(at.RoleARN(DeployRole)),
			SessionName: pulumi.String("tenantform-" + ctx.Stack()),
		},
	})
	if err != nil {
		return nil, err
	}
	return pulumi.Providers(provider), nil
}
