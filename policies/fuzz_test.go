package policies

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// documentSeeds are policy documents in the forms that IAM knows, and some that it does not.
func documentSeeds() []string {
	return []string{
		"", "{", "null", "[]", `"*"`, `{"Statement":[]}`, `{"Statement":{}}`, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":["ec2:*"],"Resource":"*","Condition":{"Null":{"lambda:SourceFunctionArn":"false"}}}}`,
		`{"Statement":[{"Effect":"Allow","Action":["a:b"],"NotResource":["arn:aws:logs:x:111111111111:log-group:/aws/lambda/fn:*"]}]}`,
		`{"Statement":[{"Effect":"Allow","Action":[],"Action":"*","Resource":"*","Condition":{"ArnLike":{"lambda:SourceFunctionArn":["*",1,null]}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["iam:PassRole","lambda:*","kms:Decrypt"],"Resource":["*"],"Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":"s3:Get?bject","Resource":"arn:aws:s3:::${aws:PrincipalTag/TenantID}/*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`,
		`{"Statement":[{"Effect":"Allow","NotAction":"iam:*","NotResource":["arn:aws:s3:::a"]}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111111111111","*"]},"Action":"sts:AssumeRole","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-a/*"]}}}]}`,
		`{"Statement":[{"Effect":"Allow","NotPrincipal":"*","Action":"kms:*","Resource":"*"}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":{"$unknown":true},"Resource":["*",{"$secret":true}]}]}`,
		`{"Statement":{"$unknown":true}}`,
		`{"Id":"a\":\"b","Statement":[{"Sid":":\\","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a"}]}`,
		`{"Statement":[{"Effect":"Allow","Act\u0069on":"s3:GetObject","Resource":"arn:x\u0022:","Action":"*"}]}`,
	}
}

// documentRules are the rules that look into documents, by the resource of
// documentPlan that holds the document for them.
func documentRules() map[string][]string {
	return map[string][]string{
		"urn:policy": {
			"iam_no_credential_exposure", "iam_no_data_exfiltration", "iam_no_decrypt_on_all_keys", "iam_no_full_admin", "iam_no_permissions_management",
			"iam_no_privilege_escalation", "iam_no_service_wildcard", "iam_resource_named", "iam_write_constrained", "untrusted_function_role",
		},
		"urn:trust": {"iam_oidc_claims", "iam_trust_not_public"},
		"urn:key":   {"kms_key_policy_not_public"},
	}
}

// documentPlan gives one document to a role policy, to the role of a tenant's
// function as its boundary, to a role as its trust, and to a key.
func documentPlan(document any) Input {
	in := onePlan()
	in.Subject.Program = ProgramFunctions
	in.Plan.Resources = []plan.Resource{
		{URN: "urn:fn", Type: "aws:lambda/function:Function", Operation: plan.OperationCreate, Inputs: map[string]any{"name": "fn"}, PropertyDependencies: map[string][]string{"role": {"urn:role"}}},
		{URN: "urn:role", Type: "aws:iam/role:Role", Operation: plan.OperationCreate, Inputs: map[string]any{"name": "fn", "permissionsBoundary": document}},
		{URN: "urn:policy", Type: "aws:iam/rolePolicy:RolePolicy", Operation: plan.OperationCreate, Inputs: map[string]any{"role": "fn", "policy": document}},
		{URN: "urn:trust", Type: "aws:iam/role:Role", Operation: plan.OperationCreate, Inputs: map[string]any{"assumeRolePolicy": document}},
		{URN: "urn:key", Type: "aws:kms/key:Key", Operation: plan.OperationCreate, Inputs: map[string]any{"policy": document, "enableKeyRotation": true}},
	}
	return in
}

// refused gives which rules found something in the document, as "rule on urn".
func refused(t *testing.T, e *Evaluator, document any) map[string]bool {
	report, err := e.Evaluate(t.Context(), documentPlan(document))
	if err != nil {
		t.Fatalf("%q stopped the rules: %v", document, err)
	}
	found := map[string]bool{}
	for _, f := range report.Findings {
		if slices.Contains(documentRules()[f.URN], f.Rule) {
			found[f.Rule+" on "+f.URN] = true
		}
	}
	return found
}

// readable tells whether a text is a JSON object without a key twice in any
// object, of which the statements have no keys but IAM's.
func readable(text string) bool {
	decoder := json.NewDecoder(strings.NewReader(text))
	if !json.Valid([]byte(text)) || !unambiguous(decoder) {
		return false
	}
	var doc map[string]any
	if json.Unmarshal([]byte(text), &doc) != nil || doc == nil {
		return false
	}
	statements, isList := doc["Statement"].([]any)
	if !isList {
		statements = []any{doc["Statement"]}
	}
	for key := range doc {
		if !slices.Contains([]string{"Version", "Id", "Statement"}, key) {
			return false
		}
	}
	known := []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "$unknown", "$secret"}
	for _, s := range statements {
		fields, isObject := s.(map[string]any)
		for key := range fields {
			isObject = isObject && slices.Contains(known, key)
		}
		if !isObject {
			return false
		}
	}
	return true
}

// unambiguous reads one value and tells whether no object has a key twice.
func unambiguous(d *json.Decoder) bool {
	token, err := d.Token()
	opened, isDelim := token.(json.Delim)
	if err != nil || !isDelim {
		return err == nil
	}
	keys := map[string]bool{}
	for d.More() {
		if opened == '{' {
			key, err := d.Token()
			name, _ := key.(string)
			if err != nil || keys[name] {
				return false
			}
			keys[name] = true
		}
		if !unambiguous(d) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

// FuzzDocument gives any text as a policy document. No text may stop the rules, and
// one that is no readable document may pass none of those that look into documents.
func FuzzDocument(f *testing.F) {
	for _, seed := range documentSeeds() {
		f.Add(seed)
	}
	e := evaluator(f)
	f.Fuzz(func(t *testing.T, document string) {
		found := refused(t, e, document)
		if readable(document) {
			return
		}
		for urn, rules := range documentRules() {
			for _, rule := range rules {
				if document == "" && urn == "urn:key" {
					continue // the key then has the default policy
				}
				if !found[rule+" on "+urn] {
					t.Errorf("%q passed %s on %s", document, rule, urn)
				}
			}
		}
	})
}

// FuzzDocumentUnknown takes a part of a document away, as a preview does: a rule
// that refused the whole must not pass what is partly unknown.
func FuzzDocumentUnknown(f *testing.F) {
	for _, seed := range documentSeeds() {
		for part := range uint8(12) {
			f.Add(seed, part)
		}
	}
	e := evaluator(f)
	f.Fuzz(func(t *testing.T, text string, part uint8) {
		var document map[string]any
		if !readable(text) || json.Unmarshal([]byte(text), &document) != nil || document["$unknown"] != nil || document["$secret"] != nil {
			return
		}
		before := refused(t, e, document)
		left := int(part)
		partly := without(document, &left)
		after := refused(t, e, partly)
		for which := range before {
			if !after[which] {
				t.Errorf("%v is refused by %s and %v is not", document, which, partly)
			}
		}
	})
}

// without gives a value with one of its parts, the left-th in depth-first order, unknown.
func without(v any, left *int) any {
	if *left == 0 {
		*left = -1
		return map[string]any{"$unknown": true}
	}
	*left--
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[key] = v[key]
			if *left >= 0 {
				out[key] = without(v[key], left)
			}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			if *left >= 0 {
				out[i] = without(out[i], left)
			}
		}
		return out
	}
	return v
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
		if report.Allowed() == slices.ContainsFunc(report.Findings, Finding.Denies) {
			t.Errorf("the verdict %s does not agree with %d findings", report.Verdict, len(report.Findings))
		}
	})
}
