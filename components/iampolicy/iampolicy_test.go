package iampolicy_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/iampolicy"
)

func TestDocument(t *testing.T) {
	doc := iampolicy.Document{
		{Sid: "S", Effect: iampolicy.Deny, NotActions: []string{"logs:PutLogEvents"}, Resources: []string{"*"}},
		{Effect: iampolicy.Allow, Principal: &iampolicy.Principal{AWS: []string{"a"}}, Actions: []string{"s3:GetObject"}, Resources: []string{"<b>&c"},
			Conditions: iampolicy.Conditions{"Z": {"k": {"1"}}, "A": {"m": {"2"}, "l": {"3"}}}},
	}
	want := `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"S","Effect":"Deny","NotAction":["logs:PutLogEvents"],"Resource":["*"]},` +
		`{"Effect":"Allow","Principal":{"AWS":["a"]},"Action":["s3:GetObject"],"Resource":["<b>&c"],"Condition":{"A":{"l":["3"],"m":["2"]},"Z":{"k":["1"]}}}]}`
	for range 20 {
		if got := doc.String(); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}
