package policies

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// FuzzDocument gives any text as a policy document to a role policy and to the
// role of a tenant's function. No text may stop the rules, and one that is no
// JSON object may never pass.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		"", "{", "null", `{"Statement":[]}`, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":["ec2:*"],"Resource":"*","Condition":{"Null":{"lambda:SourceFunctionArn":"false"}}}}`,
		`{"Statement":[{"Effect":"Allow","Action":["a:b"],"NotResource":["arn:aws:logs:x:111111111111:log-group:/aws/lambda/fn:*"]}]}`,
		`{"Statement":[{"Effect":"Allow","Action":[],"Action":"*","Resource":"*","Condition":{"ArnLike":{"lambda:SourceFunctionArn":["*",1,null]}}}]}`,
	} {
		f.Add(seed)
	}
	e := evaluator(f)
	f.Fuzz(func(t *testing.T, document string) {
		in := onePlan()
		in.Subject.Program = ProgramFunctions
		in.Plan.Resources = []plan.Resource{
			{URN: "urn:fn", Type: "aws:lambda/function:Function", Operation: plan.OperationCreate, Inputs: map[string]any{"name": "fn"}, PropertyDependencies: map[string][]string{"role": {"urn:role"}}},
			{URN: "urn:role", Type: "aws:iam/role:Role", Operation: plan.OperationCreate, Inputs: map[string]any{"name": "fn", "permissionsBoundary": document}},
			{URN: "urn:policy", Type: "aws:iam/rolePolicy:RolePolicy", Operation: plan.OperationCreate, Inputs: map[string]any{"role": "fn", "policy": document}},
		}
		report, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatalf("%q stopped the rules: %v", document, err)
		}
		var object map[string]any
		if json.Unmarshal([]byte(document), &object) == nil && object != nil {
			return
		}
		for _, rule := range []string{"iam_no_full_admin", "untrusted_function_role"} {
			if !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Rule == rule && f.URN == "urn:policy" }) {
				t.Errorf("%q passed %s: %+v", document, rule, report.Findings)
			}
		}
	})
}

// FuzzEvaluate gives any plan to the rules: they reach a decision, whatever types
// its values have.
func FuzzEvaluate(f *testing.F) {
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range names {
		text, err := json.Marshal(readInput(f, name).Plan)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	e := evaluator(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		in := Input{Version: InputVersion, Subject: Subject{Program: ProgramFunctions, TenantID: "acme", Tiers: []string{"premium"}}}
		if json.Unmarshal(text, &in.Plan) != nil || len(in.Plan.Resources) == 0 {
			return
		}
		report, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatalf("%s stopped the rules: %v", text, err)
		}
		if report.Allowed() != (len(report.Findings) == 0) {
			t.Errorf("the verdict %s does not agree with %d findings", report.Verdict, len(report.Findings))
		}
	})
}
