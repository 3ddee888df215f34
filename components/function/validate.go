package function

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/internal/code"
)

const (
	maxPowertoolsName = 255  // of a metric's namespace and a dimension's value, in CloudWatch
	maxTable          = 255  // "Naming rules" in the DynamoDB Developer Guide
	maxVariables      = 4096 // bytes; "Lambda quotas" in the Lambda Developer Guide
)

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	servicePattern = regexp.MustCompile(`^[!-~]+$`)
	tablePattern   = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,}$`)
)

// Validate checks the arguments as New does, for a component that is made of a
// function and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error { return a.validate(name) }

func (a *Args) validate(name string) error {
	c := check.New("function", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	code.Check(c, code.Code{
		Runtime: a.Runtime, Handler: a.Handler, Archive: a.Archive, Object: a.Object != nil, Signed: a.CodeSigningConfigARN != nil,
	})
	c.Within("Object", a.Object.Faults())
	if a.Architecture != "" {
		c.OneOf("Architecture", a.Architecture, ArchitectureX86, ArchitectureARM)
	}
	c.Needs("CodeSigningConfigARN", a.CodeSigningConfigARN != nil || !a.Sensitive, "the ARN of a code signing configuration, which a Sensitive function has")
	c.Between("MemoryMB", a.MemoryMB, MinMemoryMB, MaxMemoryMB, "MB")
	c.Between("TimeoutSec", a.TimeoutSec, 1, MaxTimeoutSec, "seconds")
	c.Positive("Concurrency", float64(a.Concurrency))
	a.checkPowertools(c)
	c.Between("Layers", len(a.layers()), 0, MaxLayers, "layers, with that of Powertools")
	a.checkVariables(c)
	if a.VPC != nil {
		c.Needs("VPC.SubnetIDs", a.VPC.SubnetIDs != nil, "ids of private subnets")
		c.Needs("VPC.SecurityGroupIDs", a.VPC.SecurityGroupIDs != nil, "ids of security groups")
	}
	if a.LogRetentionDays != 0 {
		c.Retention("LogRetentionDays", a.LogRetentionDays)
	}
	c.OneOf("ApplicationLogLevel", a.applicationLogLevel(), ApplicationLogLevels()...)
	c.OneOf("SystemLogLevel", a.systemLogLevel(), SystemLogLevels()...)
	if a.Idempotency != nil {
		c.Name("Idempotency.Table", a.Idempotency.table(a.Name), maxTable, tablePattern)
	}
	a.checkOnFailure(c)
	a.checkProvisioned(c)
	c.Add(GrantFaults(a.Grants))
	c.Add(a.document().Faults("Grants", iampolicy.MaxInline))
	return c.Err()
}

// checkVariables refuses variables that the component sets itself, and more of
// them than Lambda takes.
func (a *Args) checkVariables(c *check.Args) {
	own := a.own()
	for _, k := range slices.Sorted(maps.Keys(own)) {
		if v, ok := a.Environment[k]; ok {
			c.Fault("Environment."+k, v, "variables other than those that the component sets")
		}
	}
	size := 0
	for k, v := range a.variables() {
		size += len(k) + len(v)
	}
	if size > maxVariables {
		c.Fault("Environment", fmt.Sprintf("%d bytes", size), fmt.Sprintf("at most %d bytes of names and values", maxVariables))
	}
	c.Needs("KeyARN", a.KeyARN != nil || size == 0, "the ARN of the key that encrypts the variables, which Powertools and Idempotency have too")
}
