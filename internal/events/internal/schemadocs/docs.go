package main

import (
	"path/filepath"
	"strings"

	"github.com/tenantform/tenantform/internal/typeschema"
)

// docs is what the sources say, and which fields nothing is said of.
type docs struct {
	typeschema.Docs

	missing []string
}

// read reads the sources of what events are made of.
func read(root string) (*docs, error) {
	d, err := typeschema.Read(typeschema.Words{Type: sentence, Field: field}, filepath.Join(root, "internal", "events"), filepath.Join(root, "tenants"))
	return &docs{Docs: d}, err
}

func sentence(comment string) string { return strings.TrimSuffix(comment, ".") }

// field gives the first comment that says something, without the field's own name.
func field(name, above, beside string) string {
	if above == "" {
		above = beside
	}
	says := strings.TrimPrefix(sentence(above), name+" ")
	for _, verb := range []string{"is ", "are "} {
		says = strings.TrimPrefix(says, verb)
	}
	return says
}
