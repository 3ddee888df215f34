package policies

import (
	_ "embed"
	"slices"
)

//go:generate go run ./internal/inputdocs -schema schema/input.json -page ../docs/policy-input.md

//go:embed schema/input.json
var inputSchema []byte

// InputSchema gives the JSON schema, draft 7, of an Input as the rules see it. It
// is generated from the types and what their documentation says.
func InputSchema() []byte { return slices.Clone(inputSchema) }
