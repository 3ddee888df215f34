package iampolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/iampolicy"
)

func TestSizeLeavesOutWhiteSpace(t *testing.T) {
	plain := iampolicy.Document{{Sid: "S", Effect: iampolicy.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::b/key"}}}
	spaced := iampolicy.Document{{Sid: "S", Effect: iampolicy.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::b/k e y"}}}
	if plain.Size() != len(plain.String()) || spaced.Size() != plain.Size() {
		t.Errorf("%d and %d characters, want %d twice", plain.Size(), spaced.Size(), len(plain.String()))
	}
}

func TestADocumentMayBeAsLargeAsTheLimit(t *testing.T) {
	of := func(characters int) iampolicy.Document {
		d := iampolicy.Document{{Effect: iampolicy.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{""}}}
		d[0].Resources[0] = strings.Repeat("r", characters-d.Size())
		return d
	}
	for _, limit := range []int{iampolicy.MaxInline, iampolicy.MaxManaged, iampolicy.MaxTrust} {
		if faults := of(limit).Faults("Grants", limit); faults != nil {
			t.Errorf("%d characters: %v", limit, faults)
		}
		faults := of(limit+1).Faults("Grants", limit)
		if len(faults) != 1 {
			t.Fatalf("%d characters: %v", limit+1, faults)
		}
		if f := faults[0]; f.Field != "Grants" || !strings.Contains(f.Value, fmt.Sprint(limit+1)) || !strings.Contains(f.Allowed, fmt.Sprintf("at most %d ", limit)) {
			t.Errorf("%+v", f)
		}
	}
}

func TestBoundary(t *testing.T) {
	most := make(iampolicy.Document, 1, 2)
	most[0] = iampolicy.Statement{Effect: iampolicy.Allow, Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::b/*"}}
	bound := iampolicy.Boundary(most)
	if len(bound) != 2 || bound[0].Effect != iampolicy.Allow || !slices.Equal(bound[0].Actions, most[0].Actions) {
		t.Fatalf("%+v", bound)
	}
	deny := bound[1]
	if deny.Effect != iampolicy.Deny || len(deny.Conditions) > 0 || !slices.Equal(deny.Resources, []string{"*"}) {
		t.Errorf("%+v", deny)
	}
	for _, action := range []string{"iam:*", "sts:*", "lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"} {
		if !slices.Contains(deny.Actions, action) {
			t.Errorf("%s is not denied: %v", action, deny.Actions)
		}
	}
	if most[:2][1].Effect != "" {
		t.Error("the document that was given is changed")
	}
}
