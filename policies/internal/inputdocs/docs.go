package main

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/internal/typeschema"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// read reads the sources of what the input is made of.
func read(root string) (typeschema.Docs, error) {
	words := typeschema.Words{Type: plain, Field: func(_, above, beside string) string { return plain(above + " " + beside) }}
	return typeschema.Read(words, filepath.Join(root, "policies"), filepath.Join(root, "automation", "plan"), filepath.Join(root, "tenants"))
}

// plain gives a comment on one line, in the words of the JSON: constants and
// fields of Go that it names become values and names of fields.
func plain(comment string) string {
	text := strings.NewReplacer(
		" Make it with NewInput.", "", "InputVersion", strconv.Itoa(policies.InputVersion),
		"ProgramFunctions", strconv.Quote(policies.ProgramFunctions), "ModelPool", strconv.Quote(string(tenants.ModelPool)),
		"ReleaseMove", strconv.Quote(policies.ReleaseMove), "ReleaseDelete", strconv.Quote(policies.ReleaseDelete),
		"DefaultConcurrencyLimit", strconv.Itoa(tenants.DefaultConcurrencyLimit), "Catalogue.Validate", "the reader of catalogues",
		"OldInputs", "oldInputs", "Inputs", "inputs", "; nil for a delete", "; left out for a delete", "; nil for a create", "; left out for a create",
		"; nil entitles to nothing", "; without one nothing is", "; zero for components", "; empty for components",
		"The zero value is a run", "Without any field it is a run", "zero means", "without it, or with 0, it is",
	).Replace(strings.Join(strings.Fields(comment), " "))
	return strings.TrimSpace(text)
}
