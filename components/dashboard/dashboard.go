// Package dashboard draws what a tenant does, or all of them: requests, errors
// and how long they take, of the API and of the functions.
package dashboard

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// CloudWatch's limits; see "PutDashboard" and "Dashboard Body Structure and
// Syntax" in the CloudWatch API Reference.
const (
	MaxName   = 255 // characters
	MaxAlarms = 100 // that an alarm widget shows
)

// MaxFunctions is how many functions a tenant's dashboard draws. CloudWatch's
// limit is 500 metrics a widget; a picture of more than this shows nothing.
const MaxFunctions = 50

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	tenantPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	apiPattern     = regexp.MustCompile(`^[^"'\\]+$`)
	alarmPattern   = regexp.MustCompile(`^[a-zA-Z0-9_./ -]+$`)
	groupPattern   = regexp.MustCompile(`^[a-zA-Z0-9_/.#-]+$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

// Args are the arguments of a Dashboard.
type Args struct {
	Location location.Location
	Tags     tags.Required // dashboards cannot be tagged; they are checked all the same
	Name     string        // physical name; 1 to 255 letters, digits, "_" and "-"
	// TenantID is the tenant whose dashboard it is. tags.Shared is the platform's: it
	// finds tenants, APIs and functions by searching, in linked accounts too, so that
	// it does not change when one is added.
	TenantID string
	// API is the name of the tenant's REST API, Functions are the names of its
	// functions, at most 50, each once. None: they are not drawn. The platform's
	// dashboard draws all and takes neither.
	API       string
	Functions []string
	// FunctionsAccountID is the account of the functions, 12 digits, where it is
	// another one that is linked to this; see package crossaccount.
	FunctionsAccountID string
	// Alarms are the names of alarms whose state is shown, at most 100.
	Alarms []string
	// LogGroup is the group whose latest errors are shown; "" shows none.
	LogGroup string
}

// Dashboard is a CloudWatch dashboard.
type Dashboard struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	text, err := args.text()
	if err != nil {
		return nil, err
	}
	d := &Dashboard{}
	if err := ctx.RegisterComponentResource("tenantform:dashboard:Dashboard", name, d, opts...); err != nil {
		return nil, err
	}
	made, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(args.Name),
		DashboardBody: pulumi.String(text),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, err
	}
	d.Name = made.DashboardName
	if err := ctx.RegisterResourceOutputs(d, pulumi.Map{"name": d.Name}); err != nil {
		return nil, err
	}
	return d, nil
}

func (a *Args) platform() bool { return a.TenantID == tags.Shared }

// Validate checks the arguments as New does, for a component that is made of a
// dashboard and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("dashboard", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, MaxName, namePattern)
	c.Name("TenantID", a.TenantID, 64, tenantPattern)
	if a.API != "" {
		c.Name("API", a.API, 255, apiPattern)
	}
	c.Between("Functions", len(a.Functions), 0, MaxFunctions, "functions")
	each(c, "Functions", a.Functions, 140, namePattern)
	if a.FunctionsAccountID != "" {
		c.Name("FunctionsAccountID", a.FunctionsAccountID, 12, accountPattern)
	}
	if a.platform() && (a.API != "" || len(a.Functions) > 0 || a.FunctionsAccountID != "") {
		c.Fault("TenantID", a.TenantID, "a tenant, where API, Functions or FunctionsAccountID are given")
	}
	c.Between("Alarms", len(a.Alarms), 0, MaxAlarms, "alarms")
	each(c, "Alarms", a.Alarms, 255, alarmPattern)
	if a.LogGroup != "" {
		c.Name("LogGroup", a.LogGroup, 512, groupPattern)
	}
	return c.Err()
}

func each(c *check.Args, argument string, names []string, limit int, pattern *regexp.Regexp) {
	seen := map[string]bool{}
	for _, n := range names {
		c.Name(argument, n, limit, pattern)
		if seen[n] {
			c.Fault(argument, n, "each once")
		}
		seen[n] = true
	}
}
