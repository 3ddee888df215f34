package automation_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// answers is a gate with one answer for everything.
type answers struct {
	report policies.Report
	err    error
}

func (a answers) Evaluate(context.Context, policies.Input) (policies.Report, error) {
	return a.report, a.err
}

// TestNoDecisionChangesNothing shows gates that reach no decision, or one that is
// not whole: nothing is changed, and the error says why.
func TestNoDecisionChangesNothing(t *testing.T) {
	late, err := policies.New(t.Context(), &policies.Options{Timeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		gate automation.Gate
		want string
	}{
		"an error beside a report that allows": {answers{policies.Report{Verdict: policies.VerdictAllow}, errors.New("a rule broke")}, "a rule broke"},
		"no report":                            {answers{}, "no reason was given"},
		"a report that allows what it denies":  {answers{policies.Report{Verdict: policies.VerdictAllow, Findings: []policies.Finding{{Rule: "x", Message: "bad"}}}, nil}, "bad"},
		"a denial with advice alone":           {answers{policies.Report{Verdict: policies.VerdictDeny, Findings: []policies.Finding{{Rule: "x", Level: policies.LevelAdvisory}}}, nil}, "no reason was given"},
		"a decision that is late":              {late, "not reached in the 1ns allowed"},
		"an evaluator without rules":           {&policies.Evaluator{}, "no rules are loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "", tt.gate, nil)
			_, err := r.Up(t.Context(), sample("acme", 30))
			if tenants.CodeOf(err) != tenants.CodeForbidden || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("up: %v, want forbidden by %q", err, tt.want)
			}
			r.whole(0)

			part := sample("acme", 30)
			const stack = "urn:pulumi:tenant-acme::" + automation.Project + "::"
			part.Targets = []string{stack + "pulumi:providers:aws::aws", stack + "aws:cloudwatch/logGroup:LogGroup::logs"}
			_, err = r.Up(t.Context(), part)
			if tenants.CodeOf(err) != tenants.CodeForbidden || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("up of targets: %v, want forbidden by %q", err, tt.want)
			}
			r.whole(0)
		})
	}
}

// TestTagsReachTheGate keeps the stack's tags in the input, and changes nothing
// when they cannot be read.
func TestTagsReachTheGate(t *testing.T) {
	seen := &noting{}
	r := newRig(t, "", seen, nil)
	s := sample("acme", 30)
	r.up(s)
	keep := func(text string) {
		if err := os.WriteFile(filepath.Join(r.dir, "state", ".pulumi", "stacks", automation.Project, "tenant-acme.pulumi-tags"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep(`{"version": 1, "tags": {"team": "payments"}}`)
	if _, err := r.Preview(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := seen.last.Subject.Tags; len(got) != 1 || got["team"] != "payments" {
		t.Errorf("the gate was told the tags %v", got)
	}
	if got, err := r.Tags(t.Context(), "tenant-acme"); err != nil || len(got) != 1 || got["team"] != "payments" {
		t.Errorf("the engine gives the tags %v, %v", got, err)
	}
	s.Subject.Tags = map[string]string{"team": "told"}
	if _, err := r.Preview(t.Context(), s); err != nil || seen.last.Subject.Tags["team"] != "told" {
		t.Errorf("the gate was told the tags %v, %v", seen.last.Subject.Tags, err)
	}
	keep(`{`)
	if _, err := r.Up(t.Context(), sample("acme", 60)); err == nil || !strings.Contains(err.Error(), "tags") {
		t.Errorf("with tags that cannot be read: %v", err)
	}
}

// noting allows everything and keeps what it was asked last.
type noting struct{ last policies.Input }

func (n *noting) Evaluate(ctx context.Context, in policies.Input) (policies.Report, error) {
	n.last = in
	return allow{}.Evaluate(ctx, in)
}
