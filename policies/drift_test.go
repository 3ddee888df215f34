package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
)

const (
	driftedTable = "urn:pulumi:pool-a::tenantform::aws:dynamodb/table:Table::data"
	driftedLogs  = "urn:pulumi:pool-a::tenantform::aws:cloudwatch/logGroup:LogGroup::logs"
)

// observed is a stack in which all that can differ does.
func observed() plan.Observed {
	return plan.Observed{
		Deployed: plan.Plan{Project: "tenantform", Stack: "pool-a", Resources: []plan.Resource{
			{URN: "urn:pulumi:pool-a::tenantform::pulumi:pulumi:Stack::tenantform-pool-a", Type: "pulumi:pulumi:Stack", Operation: plan.OperationSame},
		}},
		Drifted: []plan.Drifted{
			{URN: driftedTable, Kind: plan.DriftChanged, Properties: []plan.Difference{
				{Path: "tags.owner", Found: "me"}, {Path: "streamEnabled", Recorded: true, Found: false}, {Path: "ttl", Recorded: "x"},
				{Path: "key", Recorded: plan.Secret(), Found: plan.Secret()}, {},
			}},
			{URN: driftedLogs, ID: "/acme/logs", Kind: plan.DriftDeleted},
			{URN: driftedTable, Kind: plan.DriftBeside, Properties: []plan.Difference{{Path: "status", Recorded: "ACTIVE", Found: "UPDATING"}}},
		},
	}
}

func evaluateDrift(t *testing.T, opts policies.Options, o plan.Observed) policies.Report {
	t.Helper()
	e, err := policies.New(t.Context(), &opts)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.EvaluateDrift(t.Context(), policies.Input{Version: policies.InputVersion, Subject: policies.Subject{Environment: "dev"}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findingLines(r policies.Report) string {
	lines := make([]string, 0, len(r.Findings))
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s %v %s=%s: %s", f.Rule, policies.TypeAndName(f.URN), f.Denies(), f.Property, f.Value, f.Message))
	}
	return strings.Join(lines, "\n")
}

func TestDriftIsFindings(t *testing.T) {
	r := evaluateDrift(t, policies.Options{}, observed())
	const want = `drift_deleted aws:cloudwatch/logGroup:LogGroup logs true =/acme/logs: the resource is recorded and is not there any more
drift_changed aws:dynamodb/table:Table data true =: the provider says that it is not as recorded, and not how
drift_changed aws:dynamodb/table:Table data true key=[secret]: the provider says that it is not as recorded; the difference is not shown, as in a secret or beyond what is shown of a long value
drift_changed aws:dynamodb/table:Table data true streamEnabled=false: it is false and is recorded as true
drift_changed aws:dynamodb/table:Table data true tags.owner=me: it is me and is not recorded
drift_changed aws:dynamodb/table:Table data true ttl=: it is recorded as x and is not there any more
drift_beside aws:dynamodb/table:Table data false status=UPDATING: it is UPDATING and is recorded as ACTIVE`
	if got := findingLines(r); got != want || r.Allowed() {
		t.Errorf("allowed: %v, findings:\n%s\nwant:\n%s", r.Allowed(), got, want)
	}
	o := observed()
	o.Drifted = o.Drifted[2:]
	if r := evaluateDrift(t, policies.Options{}, o); !r.Allowed() || len(r.Findings) != 1 {
		t.Errorf("what no program sets denies: %+v", r.Findings)
	}
	o.Drifted = nil
	if r := evaluateDrift(t, policies.Options{}, o); !r.Allowed() || len(r.Findings) != 0 || r.ResourcesSeen != 1 {
		t.Errorf("without drift: %+v", r)
	}
	o.Deployed.Resources = nil
	if r := evaluateDrift(t, policies.Options{}, o); r.Allowed() || r.Findings[0].Rule != policies.ReasonNoResource {
		t.Errorf("without a resource: %+v", r)
	}
}

func TestDriftIsHeldAsOtherFindings(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	waiver := policies.Waiver{Rule: policies.DriftDeleted, Stack: "pool-*", Resource: "*logs", Reason: "the log group is made on demand", Owner: "ops", Expires: now.AddDate(0, 1, 0)}
	opts := policies.Options{Now: func() time.Time { return now }, Waivers: []policies.Waiver{waiver}}
	r := evaluateDrift(t, opts, observed())
	if f := r.Findings[len(r.Findings)-2]; f.Rule != policies.DriftDeleted || f.Waiver == nil || len(r.Waivers) != 1 || r.Waivers[0].Findings != 1 {
		t.Errorf("waived: %s\n%+v", findingLines(r), r.Waivers)
	}
	e, err := policies.New(t.Context(), &opts)
	if err != nil {
		t.Fatal(err)
	}
	in := policies.Input{Version: policies.InputVersion, Plan: observed().Deployed, Subject: policies.Subject{Environment: "dev"}}
	if r, err := e.Evaluate(t.Context(), in); err != nil || len(r.Waivers)+len(r.Findings) != 0 {
		t.Errorf("a plan, which shows no drift, speaks of its waiver: %+v, %v", r, err)
	}

	known := policies.NewBaseline(policies.DriftRules(), r)
	r = evaluateDrift(t, policies.Options{Now: opts.Now, Waivers: opts.Waivers, Baseline: &known}, observed())
	if !r.Allowed() || len(r.Findings) != 7 {
		t.Errorf("known drift denies:\n%s", findingLines(r))
	}
	changed := observed()
	for i := range changed.Drifted {
		for j := range changed.Drifted[i].Properties {
			if p := &changed.Drifted[i].Properties[j]; p.Path == "tags.owner" {
				p.Found = "somebody else"
			}
		}
	}
	r = evaluateDrift(t, policies.Options{Now: opts.Now, Waivers: opts.Waivers, Baseline: &known}, changed)
	if denials := r.Denials(); len(denials) != 1 || denials[0].Property != "tags.owner" {
		t.Errorf("another value in the place of known drift:\n%s", findingLines(r))
	}
	off := policies.Enforcement{Settings: []policies.Setting{
		{Category: "drift", Level: policies.LevelDisabled}, {Rule: policies.DriftDeleted, Environment: "dev", Level: policies.LevelAdvisory},
	}}
	r = evaluateDrift(t, policies.Options{Enforcement: off}, observed())
	if !r.Allowed() || len(r.Findings) != 1 || r.Findings[0].Rule != policies.DriftDeleted {
		t.Errorf("levels do not hold:\n%s", findingLines(r))
	}
}
