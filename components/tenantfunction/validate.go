package tenantfunction

import (
	"regexp"
	"strings"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/internal/code"
)

const (
	maxName  = 64  // of a function and of a role
	maxLayer = 140 // LayerName in the Lambda API Reference
)

var (
	namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	arnPattern  = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/.+$`)
)

// Validate checks the arguments as New does, for a component that is made of
// such functions and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error { return a.validate(name) }

func (a *Args) validate(name string) error {
	c := check.New("tenantfunction", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	code.Check(c, code.Code{Runtime: a.Runtime, Handler: a.Handler, Archive: a.Archive, Object: a.Object != nil, Signed: a.signed()})
	c.Within("Object", a.Object.Faults())
	a.checkSigning(c)
	a.checkLayers(c)
	c.Between("MemoryMB", a.MemoryMB, function.MinMemoryMB, function.MaxMemoryMB, "MB")
	c.Between("TimeoutSec", a.TimeoutSec, 1, function.MaxTimeoutSec, "seconds")
	c.Positive("Concurrency", float64(a.Concurrency))
	c.Retention("LogRetentionDays", a.Location.LogRetentionDays(a.LogRetentionDays))
	if strings.HasPrefix(a.Name, "sg-") {
		c.Fault("Name", a.Name, "a name that does not begin with sg-: EC2 takes it for no security group")
	}
	c.Add(function.GrantFaults(a.Grants))
	c.Add(a.boundary().Faults("Grants", iampolicy.MaxManaged))
	c.Needs("VPCID", a.VPCID != nil, "the id of the VPC of tenants' functions")
	c.Needs("SubnetIDs", a.SubnetIDs != nil, "ids of private subnets")
	if !arnPattern.MatchString(a.InvokerRoleARN) {
		c.Fault("InvokerRoleARN", a.InvokerRoleARN, "the ARN of a role")
	}
	return c.Err()
}

func (a *Args) signed() bool { return a.CodeSigningConfigARN != nil }

func (a *Args) checkSigning(c *check.Args) {
	switch {
	case a.signed() && a.Unsigned:
		c.Fault("Unsigned", "true", "false where CodeSigningConfigARN is given")
	case a.Location.Production() && !a.signed() && !a.Unsigned:
		c.Fault("CodeSigningConfigARN", "", "the ARN of a code signing configuration in production; Unsigned: true goes without")
	}
}

func (a *Args) checkLayers(c *check.Args) {
	c.Between("Layers", len(a.Layers)+len(a.LayerObjects), 0, function.MaxLayers, "layers, with LayerObjects")
	seen := map[string]string{}
	for _, path := range a.Layers {
		if a.signed() {
			code.CheckSigned(c, "Layers", path)
		} else {
			code.CheckArchive(c, "Layers", path)
		}
		key := layerKey(path)
		if first, ok := seen[key]; ok {
			c.Fault("Layers", path, "file names that differ; "+first+" has the same")
		}
		seen[key] = path
		c.Name("Layers", a.layerName(key), maxLayer, namePattern)
	}
	for _, l := range a.LayerObjects {
		c.Within("LayerObjects", l.Faults())
		if first, ok := seen[l.Name]; ok {
			c.Fault("LayerObjects.Name", l.Name, "names that differ; "+first+" has the same")
		}
		seen[l.Name] = l.Name
		c.Name("LayerObjects.Name", l.Name, maxLayer, namePattern)
		c.Name("LayerObjects", a.layerName(l.Name), maxLayer, namePattern)
	}
}
