package guardrails

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// MaxDocument is the most characters that a service control policy may have, and
// MaxAttached how many may be attached to a root, unit or account, of which AWS's
// own FullAWSAccess is one; see "Quotas for AWS Organizations". An Organization
// makes four, so that nothing else fits beside them on a target of all.
const (
	MaxDocument = 5120
	MaxAttached = 5
)

const (
	maxPolicyName = 110 // 128 by CreatePolicy in the Organizations API Reference, less what the policies' names add
	maxTargets    = 100
	maxRegions    = 20
	maxEverywhere = 20
)

var (
	policyPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	// targetPattern is that of "AttachPolicy" in the Organizations API Reference.
	targetPattern = regexp.MustCompile(`^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|[0-9]{12})$`)
	actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z][A-Za-z0-9]*\*?$`)
)

// OrganizationArgs are the arguments of an Organization.
type OrganizationArgs struct {
	Location location.Location // the management account; policies have no region
	Tags     tags.Required
	Name     string // begins the policies' names; 1 to 110 letters, digits, "_" and "-"
	// Targets are what the baseline holds for: ids of the root, of units or of accounts,
	// 1 to 100, each once.
	Targets []string
	// FunctionsTargets are those among, or below, the Targets where tenants' own code
	// runs; at most 100. None: no policy for functions is made.
	FunctionsTargets []string
	// Regions are those in which anything may be done; 1 to 20. Services that are global
	// are exempt: they are asked for in one region, whatever the others.
	Regions []string
	// EverywhereActions are further actions that may be done in every region; at most
	// 20, each "service:Action" or "service:Prefix*".
	EverywhereActions []string
	// Deployers are the names of the roles that may change what Tenantform manages and
	// what watches over it, 1 to 10, in every account. Only they themselves and the
	// Administrators may make or change a role of that name.
	Deployers []string
	// Administrators are the names of roles that may do the same, at most 10: who
	// prepares an account before there is a deployer, and who helps when the deployer
	// cannot. None: nobody but the deployers.
	Administrators []string
}

// Organization is a set of service control policies with their attachments.
type Organization struct {
	pulumi.ResourceState

	// PolicyIDs are by the policy: "baseline", "regions", "managed", "functions".
	PolicyIDs pulumi.StringMapOutput `pulumi:"policyIds"`
}

// NewOrganization registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewOrganization(ctx *pulumi.Context, name string, args *OrganizationArgs, opts ...pulumi.ResourceOption) (*Organization, error) {
	if args == nil {
		args = &OrganizationArgs{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	o := &Organization{}
	if err := ctx.RegisterComponentResource("tenantform:guardrails:Organization", name, o, opts...); err != nil {
		return nil, err
	}
	ids := pulumi.StringMap{}
	for _, p := range args.policies() {
		made, err := organizations.NewPolicy(ctx, name+"-"+p.name, &organizations.PolicyArgs{
			Name:        pulumi.String(args.Name + "-" + p.name),
			Description: pulumi.String(p.says),
			Type:        pulumi.String("SERVICE_CONTROL_POLICY"),
			Content:     p.document.Input(),
			Tags:        args.Tags.Map(),
		}, pulumi.Parent(o))
		if err != nil {
			return nil, err
		}
		for _, target := range p.targets {
			if _, err := organizations.NewPolicyAttachment(ctx, name+"-"+p.name+"-"+target, &organizations.PolicyAttachmentArgs{
				PolicyId: made.ID(),
				TargetId: pulumi.String(target),
			}, pulumi.Parent(o)); err != nil {
				return nil, err
			}
		}
		ids[p.name] = made.ID().ToStringOutput()
	}
	o.PolicyIDs = ids.ToStringMapOutput()
	if err := ctx.RegisterResourceOutputs(o, pulumi.Map{"policyIds": o.PolicyIDs}); err != nil {
		return nil, err
	}
	return o, nil
}

// Validate checks the arguments as NewOrganization does, for who wants to refuse
// them before it registers anything.
func (a *OrganizationArgs) Validate(name string) error {
	c := check.New("organization", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxPolicyName, policyPattern)
	c.Between("Targets", len(a.Targets), 1, maxTargets, "targets")
	a.checkTargets(c, "Targets", a.Targets)
	c.Between("FunctionsTargets", len(a.FunctionsTargets), 0, maxTargets, "targets")
	a.checkTargets(c, "FunctionsTargets", a.FunctionsTargets)
	c.Between("Regions", len(a.Regions), 1, maxRegions, "regions")
	for _, r := range a.Regions {
		c.Add(tenants.ValidateRegion("Regions", r))
	}
	c.Between("EverywhereActions", len(a.EverywhereActions), 0, maxEverywhere, "actions")
	for _, action := range a.EverywhereActions {
		c.Name("EverywhereActions", action, 128, actionPattern)
	}
	checkRoles(c, "Deployers", a.Deployers, 1)
	checkRoles(c, "Administrators", a.Administrators, 0)
	if err := c.Err(); err != nil {
		return err
	}
	for _, p := range a.policies() {
		if n := len(p.document.String()); n > MaxDocument {
			c.Fault("document "+p.name, strconv.Itoa(n), fmt.Sprintf(
				"at most %d characters; name fewer Regions, EverywhereActions, Deployers or Administrators", MaxDocument))
		}
	}
	return c.Err()
}

func (a *OrganizationArgs) checkTargets(c *check.Args, argument string, targets []string) {
	seen := map[string]bool{}
	for _, t := range targets {
		c.Name(argument, t, 68, targetPattern)
		if seen[t] {
			c.Fault(argument, t, "each target once")
		}
		if t == a.Location.AccountID {
			c.Fault(argument, t, "targets other than the management account, for which no policy holds")
		}
		seen[t] = true
	}
}
