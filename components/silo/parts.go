package silo

import (
	"cmp"
	"errors"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/health"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/tenants"
)

var (
	namePattern  = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	topicPattern = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)
)

const (
	maxName  = 40 // what the network's names leave; see network.Args
	maxTopic = 512
)

// resultsPrefix is where in the bucket for results the worker puts them.
const resultsPrefix = "results/"

func (a *Args) validate(name string) error {
	c := check.New("silo", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Add(tenants.ValidateID("TenantID", a.TenantID))
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Bucket", a.Bucket, bucket.MaxName, namePattern)
	c.Add(a.Tier.Validate("Tier"))
	a.checkWorker(c)
	for _, t := range []struct{ argument, arn string }{{"AlarmTopic", a.AlarmTopic}, {"BudgetTopic", a.BudgetTopic}} {
		if t.arn != "" {
			c.Name(t.argument, t.arn, maxTopic, topicPattern)
		}
	}
	c.Needs("BudgetTopic", a.BudgetTopic != "" || a.Tier.MonthlyBudgetUSD == 0, "the ARN of the topic that is told of the tier's budget")
	if err := c.Err(); err != nil {
		return err
	}
	later := pulumi.String("known in the run").ToStringOutput()
	parts := []func() error{
		func() error { return a.key().Validate(name + "-key") },
		func() error { return a.table(later).Validate(name + "-data") },
		func() error { return a.networkArgs().Validate(name + "-network") },
		func() error { return a.api(later, later).Validate(name + "-api") },
		func() error { return a.signals(later).Validate(name + "-signals") },
		func() error { return a.users().Validate(name + "-identity") },
		func() error { return a.files(later, a.sharedLogs()).Validate(name + "-files") },
		func() error { return a.health().Validate(name + "-health") },
		func() error { return a.dashboard().Validate(name + "-dashboard") },
	}
	if a.AccessLogBucket == nil && a.OwnLogBucket != "" {
		parts = append(parts, func() error { return a.ownLogs().Validate(name + "-access-logs") })
	}
	if a.Tier.MonthlyBudgetUSD != 0 {
		parts = append(parts, func() error { return a.budget().Validate(name + "-budget") })
	}
	for _, check := range parts {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (a *Args) checkWorker(c *check.Args) {
	w := a.Worker
	if w == nil {
		return
	}
	c.Name("Worker.Bucket", w.Bucket, bucket.MaxName, namePattern)
	if w.Bucket == a.Bucket && w.Bucket != "" {
		c.Fault("Worker.Bucket", w.Bucket, "a bucket other than the silo's own")
	}
	later := pulumi.String("known in the run").ToStringOutput()
	err := a.worker(later, a.sharedLogs()).Validate("worker")
	if e, ok := errors.AsType[*tenants.Error](err); ok && a.Name != "" {
		c.Within("Worker", e.Fields)
	}
}

// logGroups are the names of the groups that the silo's key encrypts.
func (a *Args) logGroups() []string {
	groups := []string{a.Name + "/*", apigateway.ExecutionLogGroups}
	if a.Worker != nil {
		groups = append(groups, function.LogGroupName(a.workerName()))
	}
	return groups
}

func (a *Args) key() *encryption.Args {
	return &encryption.Args{
		Location: a.Location, Tags: a.Tags.ForService("encryption"), Alias: a.Name,
		Description: "Data and logs of tenant " + a.TenantID, LogGroups: a.logGroups(),
	}
}

func (a *Args) table(key pulumi.StringOutput) *data.TableArgs {
	return &data.TableArgs{
		Location: a.Location, Tags: a.Tags.ForService("data"), Name: a.Name + "-data",
		KeyARN: key, DeletionProtection: a.Tier.DeletionProtection, Released: a.Released,
	}
}

func (a *Args) api(key, userPool pulumi.StringOutput) *apigateway.Args {
	args := &apigateway.Args{
		Location: a.Location, Tags: a.Tags.ForService("api"), Name: a.Name, Tiers: []tenants.Tier{a.Tier},
		LogRetentionDays: a.Tier.LogRetentionDays, LogKeyARN: key, ExecutionLogKeyARN: key,
		Routes: a.Routes, WebACLARN: a.WebACLARN,
	}
	if a.UserTokens {
		args.Authorizer = &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{userPool}}
	}
	return args
}

func (a *Args) signals(key pulumi.StringOutput) *observability.Args {
	return &observability.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), TenantID: a.TenantID, Name: a.Name,
		LogRetentionDays: a.Tier.LogRetentionDays, LogKeyARN: key,
	}
}

func (a *Args) files(key pulumi.StringOutput, logs *bucket.AccessLogs) *bucket.Args {
	return &bucket.Args{
		Location: a.Location, Tags: a.Tags.ForService("data"), Name: a.Bucket, KeyARN: key.ToStringPtrOutput(), AccessLogs: logs, Discard: a.Released,
	}
}

// sharedLogs is where the buckets are logged that no bucket of the silo's own is for.
func (a *Args) sharedLogs() *bucket.AccessLogs {
	if a.AccessLogBucket == nil {
		return nil
	}
	return &bucket.AccessLogs{BucketName: a.AccessLogBucket}
}

// ownLogs is the bucket for access logs that the silo makes itself.
func (a *Args) ownLogs() *bucket.LogsArgs {
	args := &bucket.LogsArgs{
		Location: a.Location, Tags: a.Tags.ForService("data"), Name: a.OwnLogBucket, Sources: []string{a.Bucket}, Discard: a.Released,
	}
	if a.Worker != nil {
		args.Sources = append(args.Sources, a.Worker.Bucket)
	}
	return args
}

func (a *Args) networkArgs() *network.Args {
	return &network.Args{
		Location: a.Location, Tags: a.Tags.ForService("network"), Name: a.Name, CIDRBlock: a.CIDRBlock, ZoneNames: a.ZoneNames,
		Endpoints: []string{network.DynamoDB, network.S3},
	}
}

func (a *Args) users() *identity.Args {
	protection := identity.ThreatOff
	if a.Tier.ThreatProtection {
		protection = identity.ThreatEnforced
	}
	return &identity.Args{
		Location: a.Location, Tags: a.Tags.ForService("identity"), Name: a.Name,
		DeletionProtection: a.Tier.DeletionProtection, Released: a.Released, ThreatProtection: protection,
		Migration: a.Migration, ResourceServer: a.ResourceServer,
	}
}

// workerName is the physical name of the worker's queue, function and role.
func (a *Args) workerName() string { return a.Name + "-worker" }

func (a *Args) worker(key pulumi.StringOutput, logs *bucket.AccessLogs) *queueworker.Args {
	w := a.Worker
	return &queueworker.Args{
		Location: a.Location, Tags: a.Tags.ForService("worker"), Name: a.workerName(),
		Runtime: w.Runtime, Handler: w.Handler, Archive: w.Archive, MemoryMB: w.MemoryMB, TimeoutSec: w.TimeoutSec,
		Concurrency: cmp.Or(w.Concurrency, queueworker.MinConcurrency), Grants: w.Grants, Environment: w.Environment,
		Bucket: w.Bucket, Prefix: resultsPrefix, AccessLogs: logs, Discard: a.Released,
		KeyARN: key, LogKeyARN: key, LogRetentionDays: a.Tier.LogRetentionDays,
	}
}

// alarms are the names of all alarms of the silo.
func (a *Args) alarms() []string {
	names := []string{observability.AlarmName(a.Name)}
	if a.Worker != nil {
		names = append(names, a.workerName()+"-dead-letters", a.workerName()+"-oldest-message")
	}
	return names
}

func (a *Args) health() *health.Args {
	args := &health.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), Name: a.Name + "-health", Of: "tenant " + a.TenantID, Alarms: a.alarms(),
	}
	if a.AlarmTopic != "" {
		args.Actions = pulumi.ToStringArray([]string{a.AlarmTopic})
	}
	return args
}

// dashboard draws the tenant's API, its worker and its alarms.
func (a *Args) dashboard() *dashboard.Args {
	args := &dashboard.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), Name: a.Name, TenantID: a.TenantID, API: a.Name,
		Alarms: append(a.alarms(), a.Name+"-health"), LogGroup: observability.LogGroupName(a.Name),
	}
	if a.Worker != nil {
		args.Functions = []string{a.workerName()}
	}
	return args
}

func (a *Args) budget() *budget.Args {
	return &budget.Args{
		Location: a.Location, Tags: a.Tags.ForService("observability"), Name: a.Name + "-budget",
		TenantID: a.TenantID, MonthlyUSD: a.Tier.MonthlyBudgetUSD, TopicARN: a.BudgetTopic,
	}
}
