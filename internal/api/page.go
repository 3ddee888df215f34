package api

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
)

// pageStyle is the docs page's style sheet; the page's policy allows it by its
// digest, and nothing else.
const pageStyle = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1b1b1f; background: #fff; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d0d8; }
h3 { font: 600 1rem/1.4 ui-monospace, monospace; margin: 2rem 0 .25rem; }
code { font-family: ui-monospace, monospace; background: #f2f2f6; padding: 0 .2rem; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #e6e6ec; }
.method { color: #0b57a4; } .who { color: #55555f; font-size: .9rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6ec; background: #17171b; } code { background: #26262c; } h2, th, td { border-color: #3a3a42; }
  .method { color: #7db8f0; } .who { color: #a5a5b0; } a { color: #7db8f0; }
}
`

// The page needs no script, and asks nothing of anybody.
const pageTemplate = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>{{.Style}}</style></head>
<body>
<h1>{{.Title}} <small>{{.Version}}</small></h1>
{{range .Introduction}}<p>{{text .}}</p>
{{end}}<p>The whole as OpenAPI 3.1: <a href="` + documentPath + `">` + documentPath + `</a></p>
{{range .Groups}}<h2 id="{{.Name}}">{{.Name}}</h2>
{{range .Routes}}<h3><span class="method">{{.Method}}</span> {{.Path}}</h3>
<p>{{.Summary}}{{if .Description}}. {{.Description}}{{end}}</p>
<p class="who">{{.Permission}}: {{.Roles}}</p>
{{if .Params}}<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>
{{range .Params}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}</td><td>{{.In}}</td><td>{{.Type}}</td><td>{{.Doc}}</td></tr>
{{end}}</table>
{{end}}{{if .Body}}<p>Body: <a href="#{{.Body}}">{{.Body}}</a></p>
{{end}}<p>Answers: {{range $i, $a := .Answers}}{{if $i}}, {{end}}{{$a}}{{end}}</p>
{{end}}{{end}}<h2>Documents</h2>
{{range .Models}}<h3 id="{{.Name}}">{{.Name}}</h3>
<table><tr><th>field</th><th>type</th><th></th></tr>
{{range .Fields}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}</td><td>{{.Type}}</td><td>{{.Doc}}</td></tr>
{{end}}</table>
{{end}}<p>* always there</p>
</body></html>
`

// renderPage makes the docs page.
func renderPage(a *assembly) ([]byte, error) {
	t, err := template.New("docs").Funcs(template.FuncMap{"text": codeOf}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		described
		Style template.CSS
	}{describe(a), pageStyle})
	return b.Bytes(), err
}

// codeOf gives a text as HTML, with what is between backquotes as code.
func codeOf(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) //nolint:gosec // every part is escaped
}

// Page gives the API's reference as a Markdown page, for the project's docs.
func Page() ([]byte, error) {
	s, err := newServer(Args{}, nil)
	if err != nil {
		return nil, err
	}
	d := describe(s.routes)
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("<!-- Made by go generate ./internal/api; do not edit. -->\n\n# The API\n\n")
	for _, paragraph := range d.Introduction {
		p("%s\n\n", paragraph)
	}
	p("The same for programs, as OpenAPI 3.1: [openapi.json](openapi.json). A running control plane serves both, at `%s` and `%s`.\n\n", documentPath, docsPath)
	p("| request | what it does | permission | roles |\n| --- | --- | --- | --- |\n")
	for _, g := range d.Groups {
		for _, r := range g.Routes {
			p("| `%s %s` | %s | %s | %s |\n", r.Method, r.Path, r.Summary, r.Permission, r.Roles)
		}
	}
	for _, g := range d.Groups {
		p("\n## %s\n", strings.ToUpper(g.Name[:1])+g.Name[1:])
		for _, r := range g.Routes {
			markdownRoute(p, r)
		}
	}
	p("\n## Documents\n\nFields with a star are always there.\n")
	for _, m := range d.Models {
		p("\n### %s\n\n| field | type | |\n| --- | --- | --- |\n", m.Name)
		for _, f := range m.Fields {
			p("| `%s`%s | %s | %s |\n", f.Name, star(f), cell(f.Type), f.Doc)
		}
	}
	return b.Bytes(), nil
}

func markdownRoute(p func(string, ...any), r describedRoute) {
	p("\n### %s %s\n\n%s.", r.Method, r.Path, r.Summary)
	if r.Description != "" {
		p(" %s", r.Description)
	}
	p("\n\n")
	if len(r.Params) > 0 {
		p("| parameter | in | type | |\n| --- | --- | --- | --- |\n")
		for _, f := range r.Params {
			p("| `%s`%s | %s | %s | %s |\n", f.Name, star(f), f.In, cell(f.Type), f.Doc)
		}
		p("\n")
	}
	if r.Body != "" {
		p("Body: [%s](#%s). ", r.Body, strings.ToLower(r.Body))
	}
	p("Answers: %s.\n", strings.Join(r.Answers, ", "))
}

func star(f param) string {
	if f.Required {
		return " *"
	}
	return ""
}

// cell keeps a text within its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
