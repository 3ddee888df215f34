package dashboard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

func args() *dashboard.Args {
	return &dashboard.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme", TenantID: "acme",
		API: "acme-silo", Functions: []string{"acme-greeting", "acme-tax"}, FunctionsAccountID: "222222222222",
		Alarms: []string{"acme-health"}, LogGroup: "acme-silo/application",
	}
}

func platform() *dashboard.Args {
	return &dashboard.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "platform", TenantID: tags.Shared}
}

func program(a *dashboard.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := dashboard.New(ctx, "view", a)
		return err
	}
}

type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Region, Stat, Query string
		Metrics                    [][]any
		Alarms                     []string
	}
}

func text(t *testing.T, a *dashboard.Args) string {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	in := r.One(t, "aws:cloudwatch/dashboard:Dashboard").Inputs
	if in["dashboardName"] != a.Name {
		t.Errorf("name %v", in["dashboardName"])
	}
	return in["dashboardBody"].(string)
}

// widgets gives the widgets by title, and fails where two lie on each other or
// one sticks out.
func widgets(t *testing.T, a *dashboard.Args) map[string]widget {
	t.Helper()
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(text(t, a)), &body); err != nil {
		t.Fatal(err)
	}
	all, taken := map[string]widget{}, map[[2]int]string{}
	for _, w := range body.Widgets {
		all[w.Properties.Title] = w
		if w.X+w.Width > 24 || w.Width < 1 || w.Height < 1 {
			t.Errorf("%s is %d wide at %d", w.Properties.Title, w.Width, w.X)
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					t.Errorf("%s lies on %s", w.Properties.Title, other)
				}
				taken[[2]int{x, y}] = w.Properties.Title
			}
		}
		if w.Type == "metric" && (w.Properties.Region != a.Location.Region || len(w.Properties.Metrics) == 0) {
			t.Errorf("%s: %+v", w.Properties.Title, w)
		}
	}
	return all
}

func draws(w widget) string {
	lines := make([]string, len(w.Properties.Metrics))
	for i, m := range w.Properties.Metrics {
		line, _ := json.Marshal(m)
		lines[i] = string(line)
	}
	return strings.Join(lines, "\n")
}

func TestTenantsDashboard(t *testing.T) {
	all := widgets(t, args())
	for title, want := range map[string]string{
		"Requests":          `["Tenantform","Requests","TenantId","acme"]`,
		"Errors":            `["Tenantform","Errors","TenantId","acme"]`,
		"API: duration, ms": `["AWS/ApiGateway","Latency","ApiName","acme-silo",{"label":"p50","stat":"p50"}]` + "\n" + `["AWS/ApiGateway","Latency","ApiName","acme-silo",{"label":"p99","stat":"p99"}]`,
		"Functions: errors": `["AWS/Lambda","Errors","FunctionName","acme-greeting",{"accountId":"222222222222","label":"acme-greeting","stat":"Sum"}]` + "\n" +
			`["AWS/Lambda","Errors","FunctionName","acme-tax",{"accountId":"222222222222","label":"acme-tax","stat":"Sum"}]`,
	} {
		if got := draws(all[title]); got != want {
			t.Errorf("%s draws\n%s\nwant\n%s", title, got, want)
		}
	}
	if n := len(all["Functions: duration, ms"].Properties.Metrics); n != 4 {
		t.Errorf("%d lines of duration, want p50 and p99 of two functions", n)
	}
	if got := all["Alarms"].Properties.Alarms; !slices.Equal(got, []string{"arn:aws:cloudwatch:eu-west-1:111111111111:alarm:acme-health"}) {
		t.Errorf("alarms %v", got)
	}
	if got := all["Latest errors"].Properties.Query; !strings.HasPrefix(got, "SOURCE 'acme-silo/application' | ") {
		t.Errorf("query %s", got)
	}
}

func TestPlatformsDashboardFindsTenantsItself(t *testing.T) {
	all := widgets(t, platform())
	const want = `[{"expression":"SORT(SEARCH('{Tenantform,TenantId} MetricName=\"Errors\"', 'Sum', 300), SUM, DESC, 20)","id":"most"}]`
	if got := draws(all["Errors by tenant"]); got != want {
		t.Errorf("errors by tenant\n%s\nwant\n%s", got, want)
	}
	for _, stat := range []string{"p50", "p99"} {
		for _, title := range []string{"APIs: duration " + stat + ", ms", "Functions: duration " + stat + ", ms"} {
			if !strings.Contains(draws(all[title]), "'"+stat+"', 300), MAX") || all[title].Properties.Stat != stat {
				t.Errorf("%s draws %s", title, draws(all[title]))
			}
		}
	}
	if body := text(t, platform()); strings.Contains(body, "acme") {
		t.Errorf("it names a tenant: %s", body)
	}
}

func TestTextIsStable(t *testing.T) {
	first := text(t, args())
	for range 10 {
		if again := text(t, args()); again != first {
			t.Fatalf("%s\nthen\n%s", first, again)
		}
	}
	a := args()
	a.Location.Environment = location.Production
	if text(t, a) != first {
		t.Error("the environment changes what is drawn")
	}
}

func TestOnlyWhatThereIs(t *testing.T) {
	a := args()
	a.API, a.Functions, a.FunctionsAccountID, a.Alarms, a.LogGroup = "", nil, "", nil, ""
	if all := widgets(t, a); len(all) != 3 {
		t.Errorf("widgets %v", all)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	many := func(n int) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprint("x", i)
		}
		return all
	}
	for name, c := range map[string]struct {
		change func(*dashboard.Args)
		words  []string
	}{
		"no name":        {func(a *dashboard.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":      {func(a *dashboard.Args) { a.Name = strings.Repeat("n", 256) }, []string{"1 to 255"}},
		"no tenant":      {func(a *dashboard.Args) { a.TenantID = "" }, []string{"TenantID is missing"}},
		"tenant":         {func(a *dashboard.Args) { a.TenantID = `a"` }, []string{"TenantID", `a\"`}},
		"shared, an API": {func(a *dashboard.Args) { a.TenantID = tags.Shared }, []string{"TenantID", "where API"}},
		"API":            {func(a *dashboard.Args) { a.API = `a"b` }, []string{"API"}},
		"function":       {func(a *dashboard.Args) { a.Functions = []string{"a b"} }, []string{"Functions", `"a b"`}},
		"function twice": {func(a *dashboard.Args) { a.Functions = []string{"a", "a"} }, []string{"Functions", "each once"}},
		"many functions": {func(a *dashboard.Args) { a.Functions = many(51) }, []string{"Functions", "0 to 50"}},
		"account":        {func(a *dashboard.Args) { a.FunctionsAccountID = "2" }, []string{"FunctionsAccountID", `"2"`}},
		"alarm":          {func(a *dashboard.Args) { a.Alarms = []string{""} }, []string{"Alarms"}},
		"many alarms":    {func(a *dashboard.Args) { a.Alarms = many(101) }, []string{"Alarms", "0 to 100"}},
		"log group":      {func(a *dashboard.Args) { a.LogGroup = "x' | SOURCE 'y" }, []string{"LogGroup", "SOURCE"}},
		"no tags":        {func(a *dashboard.Args) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "dashboard", "view")...)
		})
	}
	r, err := componenttest.Run("test", program(nil), nil)
	componenttest.Refused(t, r, err, "TenantID")
}
