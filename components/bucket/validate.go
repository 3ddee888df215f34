package bucket

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
)

// MaxName is the most characters that a bucket's name may have; see "General
// purpose bucket naming rules" in the S3 User Guide.
const MaxName = 63

const (
	// MaxDays is the longest retention that an object lock takes, and here the
	// greatest age in a lifecycle, which S3 does not limit; see DefaultRetention in
	// the S3 API Reference and "Amazon Simple Storage Service endpoints and quotas".
	MaxDays = 36500
	// MinInfrequentAccessDays is the least age at which S3 moves objects to
	// Standard-IA; see "Transitioning objects using Amazon S3 Lifecycle" in the S3
	// User Guide.
	MinInfrequentAccessDays = 30
	// An object's key has at most 1024 bytes; S3 adds the time and a random part to
	// the prefix of a log.
	maxPrefix = 800
)

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]+[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^[a-zA-Z0-9!_.'()=/-]+$`)
)

// Validate checks the arguments as New does, for a component that is made of a
// bucket and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("bucket", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	checkName(c, "Name", a.Name)
	switch {
	case a.KeyARN == nil && !a.S3ManagedKey:
		c.Fault("KeyARN", "", "the ARN of a customer managed key, or S3ManagedKey")
	case a.KeyARN != nil && a.S3ManagedKey:
		c.Fault("S3ManagedKey", "true", "false with a KeyARN: the bucket is encrypted with one or the other")
	}
	if a.Unversioned && a.Location.Production() {
		c.Fault("Unversioned", "true", "false in production, where old versions are kept")
	}
	if a.InfrequentAccessDays != 0 {
		c.Between("InfrequentAccessDays", a.InfrequentAccessDays, MinInfrequentAccessDays, MaxDays, "days")
	}
	if a.ExpireDays != 0 {
		c.Between("ExpireDays", a.ExpireDays, 1, MaxDays, "days")
		if a.ExpireDays > 0 && a.ExpireDays <= a.InfrequentAccessDays {
			c.Fault("ExpireDays", strconv.Itoa(a.ExpireDays), fmt.Sprintf("more than InfrequentAccessDays (%d)", a.InfrequentAccessDays))
		}
	}
	a.checkLock(c)
	a.checkLogs(c)
	for i, s := range a.Statements {
		a.checkStatement(c, fmt.Sprintf("Statements[%d]", i), s)
	}
	return c.Err()
}

// checkName refuses what the naming rules do: a form, and beginnings and endings
// that S3 keeps for itself.
func checkName(c *check.Args, argument, name string) {
	c.Name(argument, name, MaxName, namePattern)
	for _, kept := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, kept) {
			c.Fault(argument, name, "a name that does not begin with "+kept+", which S3 keeps for itself")
		}
	}
	for _, kept := range []string{"-s3alias", "--ol-s3", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, kept) {
			c.Fault(argument, name, "a name that does not end in "+kept+", which S3 keeps for itself")
		}
	}
}

func (a *Args) checkLock(c *check.Args) {
	lock := a.ObjectLock
	if lock == nil {
		return
	}
	c.OneOf("ObjectLock.Mode", lock.Mode, Governance, Compliance)
	c.Between("ObjectLock.Days", lock.Days, 1, MaxDays, "days")
	if a.Unversioned {
		c.Fault("Unversioned", "true", "false with an ObjectLock, which locks versions")
	}
	if a.Discard && lock.Mode == Compliance {
		c.Fault("Discard", "true", "false with an ObjectLock of the mode "+Compliance+": nobody can delete its objects before their time")
	}
}

func (a *Args) checkLogs(c *check.Args) {
	logs := a.AccessLogs
	if logs == nil {
		return
	}
	c.Needs("AccessLogs.BucketName", logs.BucketName != nil, "the name of a bucket for the logs")
	if known, ok := logs.BucketName.(pulumi.String); ok {
		checkName(c, "AccessLogs.BucketName", string(known))
		if string(known) == a.Name {
			c.Fault("AccessLogs.BucketName", string(known), "another bucket: each log would itself be logged, without end")
		}
	}
	if logs.Prefix != "" {
		c.Name("AccessLogs.Prefix", logs.Prefix, maxPrefix, prefixPattern)
	}
}

// checkStatement refuses what would open the bucket: a grant to everybody, of
// everything, or to a service in anybody's name; and what is of another bucket.
func (a *Args) checkStatement(c *check.Args, argument string, s iampolicy.Statement) {
	arn := a.Location.BucketARN(a.Name)
	for _, r := range s.Resources {
		if r != arn && !strings.HasPrefix(r, arn+"/") {
			c.Fault(argument+".Resources", r, arn+" or its objects")
		}
	}
	c.Needs(argument+".Resources", len(s.Resources) > 0, arn+" or its objects")
	c.Needs(argument+".Principal", s.Principal != nil && len(s.Principal.AWS)+len(s.Principal.Service) > 0, "an account, a role or a service")
	if s.Effect == iampolicy.Deny {
		return
	}
	if s.Effect != iampolicy.Allow {
		c.OneOf(argument+".Effect", s.Effect, iampolicy.Allow, iampolicy.Deny)
	}
	c.Needs(argument+".Actions", len(s.Actions) > 0, "actions of S3, each by its name")
	for _, action := range s.Actions {
		if !strings.HasPrefix(action, "s3:") || strings.ContainsAny(action, "*?") {
			c.Fault(argument+".Actions", action, "actions of S3, each by its name")
		}
	}
	if s.Principal == nil {
		return
	}
	for _, p := range s.Principal.AWS {
		if strings.ContainsAny(p, "*?") {
			c.Fault(argument+".Principal", p, "an account or a role, without a wildcard")
		}
	}
	if len(s.Principal.Service) > 0 && !bound(s.Conditions) {
		c.Fault(argument+".Conditions", "", "aws:SourceAccount, aws:SourceOrgID or aws:SourceArn, so that the service comes in the name of nobody else")
	}
}

// bound tells whether conditions say in whose name a service comes.
func bound(conditions iampolicy.Conditions) bool {
	for _, operator := range []string{"StringEquals", "ArnEquals", "ArnLike", "StringLike"} {
		for key, values := range conditions[operator] {
			source := slices.Contains([]string{"aws:SourceAccount", "aws:SourceOrgID", "aws:SourceArn"}, key)
			if source && len(values) > 0 && !slices.Contains(values, "*") {
				return true
			}
		}
	}
	return false
}
