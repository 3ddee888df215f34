package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tenantform/tenantform/policies"
)

var refused = policies.Report{
	Verdict: policies.VerdictDeny, RulesRun: 8, ResourcesSeen: 12,
	Findings: []policies.Finding{
		{
			Rule: "iam_no_full_admin", Title: "No identity may do everything", Severity: policies.SeverityCritical,
			URN:      "urn:pulumi:tenant-acme::tenantform::tenantform:silo:Silo$aws:iam/rolePolicy:RolePolicy::admin",
			Property: "policy", Value: `{"Action":"*"} <b> ` + strings.Repeat("x", 150), Message: "the statement allows\nevery action \x1b[31m",
			Remediation: strings.Repeat("Name the actions and the resources that are needed. ", 4),
		},
		{Rule: policies.ReasonTimeout, Title: "t", Severity: policies.SeverityCritical, Message: "late", Unknown: true},
	},
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, refused); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if utf8.RuneCountInString(line) > Width {
			t.Errorf("a line has %d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
	for _, want := range []string{
		"refused: 2 findings\n", "critical  iam_no_full_admin  No identity may do everything\n", "  resource  aws:iam/rolePolicy:RolePolicy admin\n",
		"  property  policy\n", `  value     {"Action":"*"} <b>`, "  why       the statement allows every action �[31m\n", "  mend      Name the actions",
		"\n            ", "(not known before the run)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := Text(&b, policies.Report{Verdict: policies.VerdictAllow, RulesRun: 8, ResourcesSeen: 1}); err != nil || b.String() != "allowed: 8 rules looked at 1 resource and found nothing\n" {
		t.Errorf("an allowed run reads %q, %v", b.String(), err)
	}
	b.Reset()
	if err := Text(&b, policies.Report{}); err != nil || !strings.HasPrefix(b.String(), "refused") {
		t.Errorf("the zero report reads %q, %v", b.String(), err)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, refused); err != nil {
		t.Fatal(err)
	}
	var got policies.Report
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || len(got.Findings) != 2 || got.Findings[0].Rule != "iam_no_full_admin" || got.Allowed() {
		t.Errorf("the JSON reads as %+v, %v", got, err)
	}
	if !strings.Contains(b.String(), "<b>") {
		t.Error("the JSON is escaped for HTML")
	}
	b.Reset()
	if err := JSON(&b, policies.Report{}); err != nil || !strings.Contains(b.String(), `"findings": []`) {
		t.Errorf("a report without findings is %s, %v", b.String(), err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrors(t *testing.T) {
	if Text(broken{}, refused) == nil || JSON(broken{}, refused) == nil {
		t.Error("a failed write went unnoticed")
	}
}
