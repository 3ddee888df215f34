package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tenantform/tenantform/internal/auth"
)

// described is the document as a reader takes it in: routes by subject, and the
// documents that they exchange.
type described struct {
	Title, Version string
	Introduction   []string // paragraphs
	Groups         []group
	Models         []model
}

type group struct {
	Name   string
	Routes []describedRoute
}

type describedRoute struct {
	Method, Path, Summary, Description string
	Permission, Roles                  string
	Params                             []param
	Body                               string // a model's name
	Answers                            []string
}

type param struct {
	Name, In, Type, Doc string
	Required            bool
}

type model struct {
	Name   string
	Fields []param
}

// describe reads the document of the routes.
func describe(a *assembly) described {
	doc := a.api.OpenAPI()
	d := described{Title: doc.Info.Title, Version: doc.Info.Version, Introduction: strings.Split(doc.Info.Description, "\n\n")}
	for _, tag := range doc.Tags {
		g := group{Name: tag.Name}
		for _, rt := range a.routes {
			if rt.tag == tag.Name {
				g.Routes = append(g.Routes, describeRoute(rt, operationAt(doc, rt)))
			}
		}
		d.Groups = append(d.Groups, g)
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		d.Models = append(d.Models, describeModel(name, schemas[name]))
	}
	return d
}

func operationAt(doc *huma.OpenAPI, rt route) *huma.Operation {
	item := doc.Paths[rt.path]
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[rt.method]
}

func describeRoute(rt route, op *huma.Operation) describedRoute {
	out := describedRoute{
		Method: rt.method, Path: rt.path, Summary: rt.summary, Description: rt.description,
		Permission: string(rt.permission), Roles: rolesOf(rt.permission),
	}
	for _, p := range op.Parameters {
		out.Params = append(out.Params, param{Name: p.Name, In: p.In, Type: typeOf(p.Schema), Doc: p.Description, Required: p.Required})
	}
	if op.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(op.RequestBody.Content)) {
			out.Body = typeOf(op.RequestBody.Content[kind].Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		answer := status
		for _, kind := range slices.Sorted(maps.Keys(op.Responses[status].Content)) {
			if s := op.Responses[status].Content[kind].Schema; s != nil && s.Ref != "" {
				answer += " " + typeOf(s)
			} else {
				answer += " " + kind
			}
		}
		out.Answers = append(out.Answers, answer)
	}
	return out
}

// rolesOf lists the roles that have a permission.
func rolesOf(permission auth.Permission) string {
	var names []string
	for _, role := range auth.Roles() {
		switch auth.ScopeOf(permission, role) {
		case auth.ScopeAll:
			names = append(names, string(role))
		case auth.ScopeOwn:
			names = append(names, string(role)+" (own tenant)")
		case auth.ScopeNone:
		}
	}
	return strings.Join(names, ", ")
}

func describeModel(name string, s *huma.Schema) model {
	m := model{Name: name}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[field]
		m.Fields = append(m.Fields, param{Name: field, Type: typeOf(p), Doc: p.Description, Required: slices.Contains(s.Required, field)})
	}
	slices.SortStableFunc(m.Fields, func(a, b param) int { // what is always there first
		return cmp.Compare(fmt.Sprint(b.Required), fmt.Sprint(a.Required))
	})
	return m
}

// typeOf names the type of a schema for people.
func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Type == huma.TypeArray:
		return "list of " + typeOf(s.Items)
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
		}
		return strings.Join(values, " | ")
	case s.Type == "":
		return "any"
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}
