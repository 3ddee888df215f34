// Package queries saves questions to logs: what happened under one correlation
// id, through the gateway, the runtime and the functions, and which errors there
// were.
package queries

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// Placeholder stands in the saved query where the correlation id is put before
// it is run.
const Placeholder = "REPLACE-WITH-THE-ID"

// MaxLogGroups is how many log groups a query reads; see "CloudWatch Logs
// quotas". Name and group lengths are those of "PutQueryDefinition".
const MaxLogGroups = 50

const (
	maxName      = 200 // 255, less what the queries' names add
	maxGroupName = 512
	maxFields    = 10
)

var (
	namePattern  = regexp.MustCompile(`^[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$`)
	groupPattern = regexp.MustCompile(`^[a-zA-Z0-9_/.#-]+$`)
	fieldPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_.]*$`)
)

// IDFields gives the fields that are taken for the correlation id where
// Args.IDFields names none: as applications log it, as Powertools does
// ("Logger" in its documentation), and the gateway's own id of a request, which
// is the first that there is.
func IDFields() []string { return []string{"correlationId", "correlation_id", "requestId"} }

// Args are the arguments of Queries.
type Args struct {
	Location location.Location
	Tags     tags.Required // queries cannot be tagged; they are checked all the same
	// Name begins the queries' names, and is the folder under which consoles show
	// them; 1 to 200 letters, digits and _ . - with single "/" between.
	Name string
	// LogGroups are the names of the groups that are read, 1 to 50, each once: those
	// of the gateway's access log, the runtime and the functions. Groups of another
	// account, which a crossaccount.Link shows, have the same form; the account is
	// chosen where the query is run.
	LogGroups []string
	// IDFields are the fields of JSON log lines that hold the correlation id, at most
	// 10; none: IDFields().
	IDFields []string
}

// Queries are saved queries of CloudWatch Logs Insights.
type Queries struct {
	pulumi.ResourceState

	// Correlation and Errors are the names under which the queries are found.
	Correlation pulumi.StringOutput `pulumi:"correlation"`
	Errors      pulumi.StringOutput `pulumi:"errors"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Queries, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	q := &Queries{}
	if err := ctx.RegisterComponentResource("tenantform:queries:Queries", name, q, opts...); err != nil {
		return nil, err
	}
	for _, d := range []struct {
		child, text string
		out         *pulumi.StringOutput
	}{
		{"correlation", args.correlation(), &q.Correlation},
		{"errors", errorsQuery, &q.Errors},
	} {
		made, err := cloudwatch.NewQueryDefinition(ctx, name+"-"+d.child, &cloudwatch.QueryDefinitionArgs{
			Name:          pulumi.String(args.Name + "/" + d.child),
			LogGroupNames: pulumi.ToStringArray(args.LogGroups),
			QueryString:   pulumi.String(d.text),
		}, pulumi.Parent(q))
		if err != nil {
			return nil, err
		}
		*d.out = made.Name
	}
	if err := ctx.RegisterResourceOutputs(q, pulumi.Map{"correlation": q.Correlation, "errors": q.Errors}); err != nil {
		return nil, err
	}
	return q, nil
}

// correlation follows one id through all groups, in the order of time.
func (a *Args) correlation() string {
	terms := make([]string, len(a.idFields()))
	for i, f := range a.idFields() {
		terms[i] = fmt.Sprintf("%s = %q", f, Placeholder)
	}
	return strings.Join([]string{
		"fields @timestamp, @log, level, coalesce(message, @message) as said",
		"filter " + strings.Join(terms, " or "),
		"sort @timestamp asc",
		"limit 1000",
	}, "\n| ")
}

// errorsQuery counts the errors of each tenant by what was said.
const errorsQuery = `fields @timestamp, tenant_id, message
| filter level = "ERROR"
| stats count(*) as errors, max(@timestamp) as last by tenant_id, message
| sort errors desc
| limit 100`

func (a *Args) idFields() []string {
	if len(a.IDFields) == 0 {
		return IDFields()
	}
	return a.IDFields
}

// Validate checks the arguments as New does, for a component that is made of
// queries and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("queries", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Between("LogGroups", len(a.LogGroups), 1, MaxLogGroups, "log groups")
	seen := map[string]bool{}
	for _, g := range a.LogGroups {
		c.Name("LogGroups", g, maxGroupName, groupPattern)
		if seen[g] {
			c.Fault("LogGroups", g, "each log group once")
		}
		seen[g] = true
	}
	c.Between("IDFields", len(a.IDFields), 0, maxFields, "fields")
	for _, f := range a.IDFields {
		c.Name("IDFields", f, 128, fieldPattern)
	}
	return c.Err()
}
