package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tenantform/tenantform/components/observability"
)

// The grid of a dashboard; see "Dashboard Body Structure and Syntax" in the
// CloudWatch API Reference, as for all that is written here.
const (
	columns = 24
	height  = 6
	period  = 300 // seconds
	top     = 20  // how many of many are drawn
)

type body struct {
	Start   string   `json:"start"`
	Widgets []widget `json:"widgets"`
}

type widget struct {
	Type       string `json:"type"`
	X          int    `json:"x"`
	Y          int    `json:"y"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Properties any    `json:"properties"`
}

type text struct {
	Markdown string `json:"markdown"`
}

type alarms struct {
	Title  string   `json:"title"`
	Alarms []string `json:"alarms"`
}

type logs struct {
	Title  string `json:"title"`
	Region string `json:"region"`
	View   string `json:"view"`
	Query  string `json:"query"`
}

type graph struct {
	Title   string  `json:"title"`
	Region  string  `json:"region"`
	View    string  `json:"view"`
	Stat    string  `json:"stat"`
	Period  int     `json:"period"`
	Metrics [][]any `json:"metrics"`
}

// option is the last element of a metric.
type option struct {
	Expression string `json:"expression,omitempty"`
	ID         string `json:"id,omitempty"`
	Label      string `json:"label,omitempty"`
	Stat       string `json:"stat,omitempty"`
	AccountID  string `json:"accountId,omitempty"`
}

// rows collects widgets from top to bottom; those of a row share its width.
type rows struct {
	region string
	y      int
	all    []widget
}

func (r *rows) add(high int, parts ...widget) {
	for i, p := range parts {
		p.X, p.Y, p.Width, p.Height = i*columns/len(parts), r.y, columns/len(parts), high
		r.all = append(r.all, p)
	}
	r.y += high
}

// graph draws metrics over time; a metric without a statistic of its own has
// that of the graph.
func (r *rows) graph(title, stat string, metrics ...[]any) widget {
	return widget{Type: "metric", Properties: graph{
		Title: title, Region: r.region, View: "timeSeries", Stat: stat, Period: period, Metrics: metrics,
	}}
}

// text gives the dashboard's JSON. Equal arguments give equal text.
func (a *Args) text() (string, error) {
	r := &rows{region: a.Location.Region}
	title := "Tenant " + a.TenantID
	if a.platform() {
		title = "Platform: all tenants"
	}
	r.add(1, widget{Type: "text", Properties: text{Markdown: "# " + title}})
	if len(a.Alarms) > 0 {
		arns := make([]string, len(a.Alarms))
		for i, name := range a.Alarms {
			arns[i] = a.Location.ARN("cloudwatch", "alarm:"+name)
		}
		r.add(3, widget{Type: "alarm", Properties: alarms{Title: "Alarms", Alarms: arns}})
	}
	if a.platform() {
		a.drawMany(r)
	} else {
		a.drawOne(r)
	}
	if a.LogGroup != "" {
		r.add(height, widget{Type: "log", Properties: logs{Title: "Latest errors", Region: a.Location.Region, View: "table",
			Query: fmt.Sprintf("SOURCE '%s' | fields @timestamp, tenant_id, message | filter level = \"ERROR\" | sort @timestamp desc | limit 20", a.LogGroup)}})
	}
	return encode(body{Start: "-PT3H", Widgets: r.all})
}

func encode(b body) (string, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(b); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(out.Bytes())), nil
}

// drawOne draws the metrics of one tenant, each by its name.
func (a *Args) drawOne(r *rows) {
	r.add(height,
		r.graph("Requests", "Sum", []any{observability.Namespace, observability.MetricRequests, observability.Dimension, a.TenantID}),
		r.graph("Errors", "Sum", []any{observability.Namespace, observability.MetricErrors, observability.Dimension, a.TenantID}),
	)
	if a.API != "" {
		of := func(metric, stat, label string) []any {
			return []any{"AWS/ApiGateway", metric, "ApiName", a.API, option{Label: label, Stat: stat}}
		}
		r.add(height,
			r.graph("API: requests", "Sum", of("Count", "Sum", "requests")),
			r.graph("API: refused and failed", "Sum", of("4XXError", "Sum", "4xx"), of("5XXError", "Sum", "5xx")),
			r.graph("API: duration, ms", "p99", of("Latency", "p50", "p50"), of("Latency", "p99", "p99")),
		)
	}
	if len(a.Functions) > 0 {
		each := func(metric string, stats ...string) [][]any {
			var all [][]any
			for _, f := range a.Functions {
				for _, stat := range stats {
					label := f
					if len(stats) > 1 {
						label += " " + stat
					}
					all = append(all, []any{"AWS/Lambda", metric, "FunctionName", f, option{Label: label, Stat: stat, AccountID: a.FunctionsAccountID}})
				}
			}
			return all
		}
		r.add(height,
			r.graph("Functions: invocations", "Sum", each("Invocations", "Sum")...),
			r.graph("Functions: errors", "Sum", each("Errors", "Sum")...),
			r.graph("Functions: duration, ms", "p99", each("Duration", "p50", "p99")...),
		)
	}
}

// drawMany draws the metrics of all that there is, whatever its name: a tenant
// that is added is on the dashboard without a change of it. Of many, those with
// the most are drawn. The searches see the accounts that are linked to this one.
func (a *Args) drawMany(r *rows) {
	search := func(schema, metric, stat string) []any {
		by := "SUM"
		if stat != "Sum" {
			by = "MAX"
		}
		return []any{option{ID: "most", Expression: fmt.Sprintf(
			"SORT(SEARCH('{%s} MetricName=\"%s\"', '%s', %d), %s, DESC, %d)", schema, metric, stat, period, by, top)}}
	}
	total := func(schema, metric string) []any {
		return []any{option{ID: "total", Label: "all", Expression: fmt.Sprintf("SUM(SEARCH('{%s} MetricName=\"%s\"', 'Sum', %d))", schema, metric, period)}}
	}
	const ours = observability.Namespace + "," + observability.Dimension
	r.add(height,
		r.graph("Requests", "Sum", total(ours, observability.MetricRequests)),
		r.graph("Requests by tenant", "Sum", search(ours, observability.MetricRequests, "Sum")),
	)
	r.add(height,
		r.graph("Errors", "Sum", total(ours, observability.MetricErrors)),
		r.graph("Errors by tenant", "Sum", search(ours, observability.MetricErrors, "Sum")),
	)
	r.add(height,
		r.graph("APIs: failed", "Sum", search("AWS/ApiGateway,ApiName", "5XXError", "Sum")),
		r.graph("APIs: duration p50, ms", "p50", search("AWS/ApiGateway,ApiName", "Latency", "p50")),
		r.graph("APIs: duration p99, ms", "p99", search("AWS/ApiGateway,ApiName", "Latency", "p99")),
	)
	r.add(height,
		r.graph("Functions: invocations", "Sum", search("AWS/Lambda,FunctionName", "Invocations", "Sum")),
		r.graph("Functions: errors", "Sum", search("AWS/Lambda,FunctionName", "Errors", "Sum")),
		r.graph("Functions: throttled", "Sum", search("AWS/Lambda,FunctionName", "Throttles", "Sum")),
	)
	r.add(height,
		r.graph("Functions: duration p50, ms", "p50", search("AWS/Lambda,FunctionName", "Duration", "p50")),
		r.graph("Functions: duration p99, ms", "p99", search("AWS/Lambda,FunctionName", "Duration", "p99")),
	)
}
