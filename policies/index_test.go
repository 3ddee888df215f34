package policies

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// prepared compiles the embedded bundle for a query.
func prepared(t testing.TB, query string) rego.PreparedEvalQuery {
	t.Helper()
	src, err := load(Bundle())
	if err != nil {
		t.Fatal(err)
	}
	q, err := src.prepare(t.Context(), query, nil)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// libraries asks for what an index holds, from the libraries that say what it is.
const libraries = `x := {
	"live": data.tenantform.lib.plan.live,
	"by_type": data.tenantform.lib.plan.by_type,
	"by_urn": data.tenantform.lib.plan.by_urn,
	"every_by_type": data.tenantform.lib.plan.every_by_type,
	"by_operation": data.tenantform.lib.plan.by_operation,
	"parents": data.tenantform.lib.plan.parents,
	"components": data.tenantform.lib.plan.components,
	"provided": data.tenantform.lib.plan.provided,
	"tagged": data.tenantform.lib.tenancy.tagged,
	"marked": data.tenantform.lib.tenancy.texts,
	"documents": data.tenantform.lib.iam.documents,
	"trusts": data.tenantform.lib.iam.trusts,
	"resource_documents": data.tenantform.lib.iam.resource_documents,
}`

// TestIndexIsTheLibraries wants the evaluator's index of every fixture to be
// what the libraries work out without one.
func TestIndexIsTheLibraries(t *testing.T) {
	query := prepared(t, libraries)
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	more, err := filepath.Glob("testdata/reference/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, more...) {
		in, err := term(readInput(t, name))
		if err != nil {
			t.Fatal(err)
		}
		sameIndex(t, query, in, name)
	}
}

func sameIndex(t *testing.T, query rego.PreparedEvalQuery, in ast.Value, what string) {
	t.Helper()
	got := at(indexed(in), "index")
	if got == nil {
		t.Errorf("%s: no index", what)
		return
	}
	set, err := query.Eval(t.Context(), rego.EvalParsedInput(in), rego.EvalGenerateJSON(func(x *ast.Term, _ *rego.EvalContext) (any, error) { return x, nil }))
	if err != nil || len(set) != 1 {
		t.Fatalf("%s: %v", what, err)
	}
	want := set[0].Bindings["x"].(*ast.Term)
	want.Value.(ast.Object).Foreach(func(key, w *ast.Term) {
		if g := at(got.Value, text(key)); g == nil || g.Value.Compare(w.Value) != 0 {
			t.Errorf("%s: %s of the index is\n%s, want\n%s", what, key, g, w)
		}
	})
	if n := got.Value.(ast.Object).Len(); n != want.Value.(ast.Object).Len() {
		t.Errorf("%s: the index holds %d things, and %d are compared", what, n, want.Value.(ast.Object).Len())
	}
}

// TestIndexReadsDocumentsAsTheLibrary gives both what a document may be, and what
// it must not be.
func TestIndexReadsDocumentsAsTheLibrary(t *testing.T) {
	query := prepared(t, "x := data.tenantform.lib.iam.parsed(input)")
	for text, want := range map[string]string{
		``:                                     stateInvalid,
		`{`:                                    stateInvalid,
		`{} {}`:                                stateInvalid,
		`{}`:                                   stateInvalid,
		`[]`:                                   stateInvalid,
		`"text"`:                               stateInvalid,
		`{"Statement":[]}`:                     stateOK,
		`{"Statement":null}`:                   stateOK,
		` {"Statement":[]} `:                   stateOK,
		`{"Statement":false}`:                  stateInvalid,
		`{"Statement":[],"Statement":[]}`:      stateInvalid,
		`{"Statement":[],"\u0053tatement":[]}`: stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:\u0047et","Resource":"a:b:c"}}`:                                        stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:Get\\","Resource":"*"}}`:                                               stateInvalid,
		`{"Statement":[],"Version":"2012-10-17"}`:                                                                           stateOK,
		`{"Statement":[],"Version":"2013-10-17"}`:                                                                           stateInvalid,
		`{"Statement":[],"Version":1}`:                                                                                      stateInvalid,
		`{"Statement":[],"Other":1}`:                                                                                        stateInvalid,
		`{"Statement":{"$unknown":true},"Other":1}`:                                                                         stateOpaque,
		`{"$unknown":true}`:                                                                                                 stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"*"}}`:                                                                     stateOK,
		`{"Statement":{"Effect":"Allow","Action":"**"}}`:                                                                    stateOK,
		`{"Statement":{"Effect":"Allow","Action":""}}`:                                                                      stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":[]}}`:                                                                      stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":["s3:Get",""]}}`:                                                           stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":["","s3:Get"]}}`:                                                           stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":["s3:Get","s3:Put\n"]}}`:                                                   stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3-a?*:Get*?"}}`:                                                          stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:Get-Object"}}`:                                                         stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:a:b"}}`:                                                                stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":":b"}}`:                                                                    stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3é:b"}}`:                                                                 stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":1}}`:                                                                       stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":["s3:Get",{"$unknown":true}]}}`:                                            stateOK,
		`{"Statement":{"Effect":"Allow","Action":{"$secret":true},"Resource":[{"$unknown":true}]}}`:                         stateOK,
		`{"Statement":{"Effect":"Allow","Action":{"$secret":1}}}`:                                                           stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":null,"NotAction":"s3:*"}}`:                                                 stateInvalid,
		`{"Statement":{"Effect":"Allow","NotAction":["S3:*"],"NotResource":"*","NotPrincipal":{"AWS":"*"}}}`:                stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":null}}`:                                                  stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":[]}}`:                                                    stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"}}`:                                 stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":"*","NotPrincipal":"*"}}`:                               stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":"*"}}`:                                                  stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":"arn"}}`:                                                stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":null,"NotPrincipal":null}}`:                             stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","NotPrincipal":null}}`:                                              stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":{"AWS":["a",1,{"$unknown":true}],"Service":"b"}}}`:      stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Principal":{"$unknown":true}}}`:                                    stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Condition":{"Bool":{"a":false}}}}`:                                 stateOK,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Condition":[]}}`:                                                   stateInvalid,
		`{"Statement":{"Effect":"allow","Action":"s3:*"}}`:                                                                  stateInvalid,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Sid":1,"Id":2}}`:                                                   stateInvalid,
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:\"quoted\":x"]},{"Effect":"Deny","Action":"*"}]}`: stateOK,
	} {
		values := []ast.Value{ast.String(text)}
		if v, err := ast.ValueFromReader(strings.NewReader(text)); err == nil {
			values = append(values, v)
		}
		for i, v := range values {
			state, statements := parsed(ast.NewTerm(v))
			if i == 0 && state != want {
				t.Errorf("%s is %s, want %s", text, state, want)
			}
			got := ast.NewObject(field("state", ast.StringTerm(state)), field("statements", ast.ArrayTerm(statements...)))
			set, err := query.Eval(t.Context(), rego.EvalParsedInput(v), rego.EvalGenerateJSON(func(x *ast.Term, _ *rego.EvalContext) (any, error) { return x, nil }))
			if err != nil || len(set) != 1 {
				t.Fatalf("%s: %v", v, err)
			}
			if lib := set[0].Bindings["x"].(*ast.Term); lib.Value.Compare(got) != 0 {
				t.Errorf("%s is\n%s, and to the library\n%s", v, got, lib)
			}
		}
	}
}
