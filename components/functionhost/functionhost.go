// Package functionhost prepares the account where tenants' own code runs: the
// network of their functions, the key of their logs, the role through which
// the platform's runtime in the core account invokes them, and the code signing
// that they have to pass.
package functionhost

import (
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/tags"
)

const (
	maxRole       = 64
	maxExternalID = 1224 // AssumeRole in the STS API Reference
	maxProfiles   = 20   // AllowedPublishers in the Lambda API Reference
)

var (
	rolePattern       = regexp.MustCompile(`^[\w+=,.@-]+$`)
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
)

// Args are the arguments of a Host.
type Args struct {
	Location location.Location // the account of tenants' functions
	Tags     tags.Required
	Name     string // begins the physical names; 1 to 40 characters
	// CIDRBlock is the network's range, ZoneNames are its zones; see network.Args.
	CIDRBlock string
	ZoneNames []string
	// InvokerRole is the physical name of the role that may invoke functions;
	// 1 to 64 characters.
	InvokerRole string
	// CoreAccountID is the account of the platform's runtime, RuntimeRole the name
	// of its role there.
	CoreAccountID string
	RuntimeRole   string
	// ExternalID is what the runtime has to say when it assumes the role, so that
	// nobody else can make the runtime do it for them; 2 to 1224 letters, digits and
	// _ + = , . @ : / -. It is no secret. Empty: the runtime says nothing.
	ExternalID string
	// SigningProfileVersionARNs are the versions of the signing profiles whose code
	// Lambda takes in this account, 1 to 20; a code signing configuration is made of
	// them, for functions to name. None: no configuration.
	SigningProfileVersionARNs pulumi.StringArray
	// WarnUnsigned lets Lambda take what no profile signed, and only warn of it in
	// its metrics. Refused in production.
	WarnUnsigned bool
}

// Host is the prepared account. Its network has no way out: no internet or NAT
// gateway and no endpoint.
type Host struct {
	pulumi.ResourceState

	VPCID          pulumi.StringOutput      `pulumi:"vpcId"`
	SubnetIDs      pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	InvokerRoleARN pulumi.StringOutput      `pulumi:"invokerRoleArn"`
	// LogKeyARN is the key that encrypts the network's flow logs, and may encrypt the
	// logs of functions of the account.
	LogKeyARN pulumi.StringOutput `pulumi:"logKeyArn"`
	// CodeSigningConfigARN is nil when no signing profile is given.
	CodeSigningConfigARN pulumi.StringPtrOutput `pulumi:"codeSigningConfigArn"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Host, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	h := &Host{}
	if err := ctx.RegisterComponentResource("tenantform:functionhost:Host", name, h, opts...); err != nil {
		return nil, err
	}
	key, err := encryption.New(ctx, name+"-key", args.key(), pulumi.Parent(h))
	if err != nil {
		return nil, err
	}
	within := args.network()
	within.LogKeyARN = key.ARN
	net, err := network.New(ctx, name+"-network", within, pulumi.Parent(h))
	if err != nil {
		return nil, err
	}
	role, err := h.invoker(ctx, name, args)
	if err != nil {
		return nil, err
	}
	if h.CodeSigningConfigARN, err = h.signing(ctx, name, args); err != nil {
		return nil, err
	}
	h.VPCID, h.SubnetIDs, h.InvokerRoleARN, h.LogKeyARN = net.VPCID, net.PrivateSubnetIDs, role.Arn, key.ARN
	if err := ctx.RegisterResourceOutputs(h, pulumi.Map{
		"vpcId": h.VPCID, "privateSubnetIds": h.SubnetIDs, "invokerRoleArn": h.InvokerRoleARN,
		"logKeyArn": h.LogKeyARN, "codeSigningConfigArn": h.CodeSigningConfigARN,
	}); err != nil {
		return nil, err
	}
	return h, nil
}

// Validate checks the arguments as New does.
func (a *Args) Validate(name string) error {
	c := check.New("functionhost", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	if a.Location.AccountID == a.CoreAccountID {
		c.Fault("CoreAccountID", a.CoreAccountID, "an account other than the one of tenants' functions")
	}
	c.Within("CoreAccountID", a.core().Faults())
	c.Name("InvokerRole", a.InvokerRole, maxRole, rolePattern)
	c.Name("RuntimeRole", a.RuntimeRole, maxRole, rolePattern)
	if a.ExternalID != "" {
		c.Name("ExternalID", a.ExternalID, maxExternalID, externalIDPattern)
	}
	c.Add(a.trust().Faults("ExternalID", iampolicy.MaxTrust))
	c.Between("SigningProfileVersionARNs", len(a.SigningProfileVersionARNs), 0, maxProfiles, "profile versions")
	if a.WarnUnsigned && a.Location.Production() {
		c.Fault("WarnUnsigned", "true", "false in production")
	}
	if err := c.Err(); err != nil {
		return err
	}
	return a.network().Validate(name + "-network")
}

func (a *Args) network() *network.Args {
	return &network.Args{Location: a.Location, Tags: a.Tags.ForService("network"), Name: a.Name, CIDRBlock: a.CIDRBlock, ZoneNames: a.ZoneNames}
}

// key encrypts what is logged in the account.
func (a *Args) key() *encryption.Args {
	return &encryption.Args{
		Location: a.Location, Tags: a.Tags.ForService("encryption"), Alias: a.Name, Description: "Logs of " + a.Name + " and of functions there",
		LogGroups: []string{a.Name + "/*", function.LogGroupName("*")},
	}
}

// core is where the platform's runtime is.
func (a *Args) core() location.Location {
	return location.Location{Environment: a.Location.Environment, Region: a.Location.Region, AccountID: a.CoreAccountID}
}
