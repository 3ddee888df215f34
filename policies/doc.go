// Package policies decides whether a run may go on. It holds the rules, written
// in Rego and embedded, and evaluates them over what the run would change.
//
// A decision needs no network, no clock and no file: the same Input always gets
// the same Report. Everything that keeps the rules from reaching a decision is
// a denial that says why.
//
// Each rule is a directory of bundle/rules. The directory's name is the rule's
// id and the last part of its Rego package; beside rule.rego lie its tests and
// the fixtures that it passes and refuses. docs/policies is generated from the
// rules' metadata:
//
//	go generate ./policies
package policies

//go:generate go run ./internal/taggable
//go:generate go run ./internal/ruledocs -out ../docs/policies
//go:generate go run ./internal/casedocs -out ../docs/policies-cases.md
