package blueprints_test

import (
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/blueprints"
	"github.com/tenantform/tenantform/internal/blueprints/iamgrammar"
)

// excused gives the reason for what is wrong on purpose; "" for none.
func excused(problem string) string {
	for about, reason := range map[string]string{
		"LogsOfAPIGateway: logs:": "API Gateway asks for these actions on *, and names the groups of execution logs itself; see apigateway.AccountLogging",
	} {
		if strings.Contains(problem, about) && strings.Contains(problem, " is allowed on *") {
			return reason
		}
	}
	return ""
}

// TestDocumentsAreOfTheGrammar holds every IAM document that a component makes to
// AWS's grammar, actions and resource forms.
func TestDocumentsAreOfTheGrammar(t *testing.T) {
	byKind := map[iamgrammar.Kind]int{}
	each(t, func(t *testing.T, _ blueprints.Blueprint, _ variant, r blueprints.Run) {
		documents, err := r.Documents()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents {
			byKind[d.Kind]++
			for _, problem := range iamgrammar.Check(d.Kind, d.Text) {
				if excused(problem) != "" {
					continue
				}
				t.Errorf("%s of %s %s: %s\n%s", d.Property, d.Resource.Type, d.Resource.Name, problem, d.Text)
			}
		}
	})
	for _, kind := range []iamgrammar.Kind{iamgrammar.Identity, iamgrammar.Trust, iamgrammar.Resource, iamgrammar.Key, iamgrammar.Boundary, iamgrammar.Control} {
		if byKind[kind] == 0 {
			t.Errorf("no component made a document of the kind %s", kind)
		}
	}
	t.Logf("documents by kind: %v; %s", byKind, iamgrammar.Source())
}
