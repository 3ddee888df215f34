package queries_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/queries"
)

func args() *queries.Args {
	return &queries.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "tenantform/acme",
		LogGroups: []string{"acme-silo-api/access", "acme-silo/application", "/aws/lambda/acme-greeting"},
	}
}

func program(a *queries.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := queries.New(ctx, "queries", a)
		return err
	}
}

func made(t *testing.T, a *queries.Args) map[string]string {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	all := map[string]string{}
	for _, q := range r.OfType("aws:cloudwatch/queryDefinition:QueryDefinition") {
		all[q.Inputs["name"].(string)] = q.Inputs["queryString"].(string)
		if fmt.Sprint(q.Inputs["logGroupNames"]) != fmt.Sprint(a.LogGroups) {
			t.Errorf("%s reads %v", q.Name, q.Inputs["logGroupNames"])
		}
	}
	return all
}

func TestOneIDThroughAllLogs(t *testing.T) {
	all := made(t, args())
	got := all["tenantform/acme/correlation"]
	const filter = `| filter correlationId = "REPLACE-WITH-THE-ID" or correlation_id = "REPLACE-WITH-THE-ID" or requestId = "REPLACE-WITH-THE-ID"`
	if !strings.Contains(got, filter) || !strings.Contains(got, "sort @timestamp asc") || len(all) != 2 {
		t.Errorf("%d queries, correlation:\n%s", len(all), got)
	}
	if !strings.Contains(all["tenantform/acme/errors"], `filter level = "ERROR"`) {
		t.Errorf("errors:\n%s", all["tenantform/acme/errors"])
	}
}

func TestOwnFields(t *testing.T) {
	a := args()
	a.IDFields = []string{"trace.id"}
	if got := made(t, a)["tenantform/acme/correlation"]; !strings.Contains(got, "\n| filter trace.id = \"REPLACE-WITH-THE-ID\"\n") {
		t.Errorf("correlation:\n%s", got)
	}
}

func TestQueriesAreTheSameInProduction(t *testing.T) {
	a := args()
	a.Location.Environment = location.Production
	if dev, production := made(t, args()), made(t, a); fmt.Sprint(dev) != fmt.Sprint(production) {
		t.Errorf("dev %v, production %v", dev, production)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*queries.Args)
		words  []string
	}{
		"no name":       {func(a *queries.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":     {func(a *queries.Args) { a.Name = strings.Repeat("n", 201) }, []string{"1 to 200"}},
		"empty folder":  {func(a *queries.Args) { a.Name = "acme//x" }, []string{"Name", "acme//x"}},
		"no groups":     {func(a *queries.Args) { a.LogGroups = nil }, []string{"LogGroups", "1 to 50"}},
		"many groups":   {func(a *queries.Args) { a.LogGroups = make([]string, 51) }, []string{"LogGroups", `"51"`}},
		"group":         {func(a *queries.Args) { a.LogGroups = []string{"a b"} }, []string{"LogGroups", `"a b"`}},
		"group twice":   {func(a *queries.Args) { a.LogGroups = []string{"a", "a"} }, []string{"each log group once"}},
		"injected":      {func(a *queries.Args) { a.IDFields = []string{"x | limit 1"} }, []string{"IDFields", "x | limit 1"}},
		"many fields":   {func(a *queries.Args) { a.IDFields = make([]string, 11) }, []string{"IDFields", "0 to 10"}},
		"no tags":       {func(a *queries.Args) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
		"no region":     {func(a *queries.Args) { a.Location.Region = "" }, []string{"Location.Region"}},
		"no parts":      {func(a *queries.Args) { *a = queries.Args{} }, []string{"LogGroups", "Name", "Tags.tenant-id"}},
		"hidden folder": {func(a *queries.Args) { a.Name = "/acme" }, []string{"Name", `"/acme"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "queries")...)
		})
	}
	r, err := componenttest.Run("test", program(nil), nil)
	componenttest.Refused(t, r, err, "LogGroups")
}
