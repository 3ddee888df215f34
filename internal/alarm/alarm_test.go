package alarm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/alarm"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

var now = time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)

// drifted is a stack with a changed and a deleted resource, and what the
// decision on it was.
func drifted() (plan.Observed, policies.Report) {
	o := plan.Observed{
		Deployed: plan.Plan{Project: "tenantform", Stack: "tenant-acme"},
		Drifted: []plan.Drifted{
			{URN: "u1", Type: "aws:x/y:Y", Name: "one", Kind: plan.DriftChanged, Properties: []plan.Difference{
				{Path: "a", Recorded: 1.0, Found: 2.0}, {Path: "key", Recorded: plan.Secret(), Found: plan.Secret()}, {Path: "waived", Recorded: true},
			}},
			{URN: "u2", Kind: plan.DriftDeleted}, {URN: "u3", Kind: plan.DriftDeleted},
			{URN: "u4", Kind: plan.DriftBeside, Properties: []plan.Difference{{Path: "status"}}},
		},
	}
	r := policies.Report{Verdict: policies.VerdictDeny, Findings: []policies.Finding{
		{Rule: policies.DriftChanged, URN: "u1", Property: "a"}, {Rule: policies.DriftChanged, URN: "u1", Property: "key"},
		{Rule: policies.DriftChanged, URN: "u1", Property: "waived", Waiver: &policies.Waiver{}},
		{Rule: policies.DriftDeleted, URN: "u2"}, {Rule: policies.DriftDeleted, URN: "u3", Existing: true},
		{Rule: policies.DriftBeside, URN: "u4", Property: "status", Level: policies.LevelAdvisory},
		{Rule: "s3_public", URN: "u9", Property: "acl", Severity: policies.SeverityHigh, Message: "it is public"},
	}}
	return o, r
}

func told(d alarm.Drift) string {
	var lines []string
	for _, x := range d.Drifted {
		lines = append(lines, fmt.Sprintf("%s %s %v", x.Kind, x.URN, x.Properties))
	}
	for _, r := range d.Refused {
		lines = append(lines, r.Rule+" "+r.URN)
	}
	return strings.Join(lines, "; ")
}

func TestOnlyWhatRefusesIsTold(t *testing.T) {
	o, r := drifted()
	d, there := alarm.NewDrift(policies.Subject{TenantID: "acme", Environment: "dev"}, o, r)
	if got := told(d); got != "changed u1 [{a 1 2} {key map[$secret:true] map[$secret:true]}]; deleted u2 []; s3_public u9" || !there {
		t.Errorf("told %v: %s", there, got)
	}
	r.Findings = r.Findings[5:]
	if _, there := alarm.NewDrift(policies.Subject{}, o, r); there {
		t.Error("a refusal without drift is told as drift")
	}
	o2, r2 := drifted()
	again, _ := alarm.NewDrift(policies.Subject{TenantID: "acme"}, o2, r2)
	o2.Drifted[0].Properties[0].Found = 3.0
	other, _ := alarm.NewDrift(policies.Subject{TenantID: "acme"}, o2, r2)
	if again.Fingerprint != d.Fingerprint || other.Fingerprint == d.Fingerprint || len(d.Fingerprint) != 32 {
		t.Errorf("fingerprints %s, %s of the same and %s of another drift", d.Fingerprint, again.Fingerprint, other.Fingerprint)
	}
}

func event(t *testing.T) events.Event {
	t.Helper()
	o, r := drifted()
	d, _ := alarm.NewDrift(policies.Subject{TenantID: "acme", Environment: "dev"}, o, r)
	e, err := d.Event(now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEvent(t *testing.T) {
	e, other := event(t), event(t)
	if e.Type != alarm.TypeDrift || e.Subject != "acme" || e.Source != "/tenantform" || !e.Time.Equal(now) || e.ID == other.ID {
		t.Errorf("%+v", e)
	}
	var d alarm.Drift
	if err := json.Unmarshal(e.Data, &d); err != nil || d.Stack != "tenant-acme" || len(d.Drifted) != 2 || d.Omitted != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestEventIsShortened(t *testing.T) {
	long := strings.Repeat("<x>", 1000)
	for name, c := range map[string]struct {
		resources, refused int
		omitted            string
	}{
		"values": {100, 0, "[values]"}, "refused": {100, 1000, "[values refused]"}, "resources": {5000, 1000, "[values refused drifted]"},
	} {
		t.Run(name, func(t *testing.T) {
			d := alarm.Drift{Stack: "s"}
			for range c.resources {
				d.Drifted = append(d.Drifted, plan.Drifted{URN: strings.Repeat("u", 100), Properties: []plan.Difference{{Path: "p", Recorded: long, Found: long}}})
			}
			for range c.refused {
				d.Refused = append(d.Refused, alarm.Refusal{Message: long})
			}
			e, err := d.Event(now)
			if err != nil {
				t.Fatal(err)
			}
			var got alarm.Drift
			if err := json.Unmarshal(e.Data, &got); err != nil || fmt.Sprint(got.Omitted) != c.omitted || len(got.Drifted) == 0 {
				t.Errorf("omitted %v, %d resources, %v", got.Omitted, len(got.Drifted), err)
			}
			if d.Drifted[0].Properties[0].Found != long {
				t.Error("what was given is changed")
			}
		})
	}
}

// TestPublishers gives every Publisher the same events.
func TestPublishers(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lines")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	closed, err := os.Create(filepath.Join(dir, "closed"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct {
		good, bad alarm.Publisher
		file      string
	}{
		"lines": {alarm.Lines{W: f}, alarm.Lines{W: closed}, file},
		"command": {
			alarm.Command{Line: "(cat; echo) >> $FILE", Env: []string{"FILE=" + filepath.Join(dir, "said"), "PATH=" + os.Getenv("PATH")}},
			alarm.Command{Line: "cat >/dev/null; echo no route >&2; exit 3"}, filepath.Join(dir, "said"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			sent := []events.Event{event(t), event(t)}
			for _, e := range sent {
				if err := c.good.Publish(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(c.file)
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.Collect(strings.Lines(string(data)))
			for i, line := range lines {
				if e, err := events.Parse([]byte(line)); err != nil || i >= len(sent) || e.ID != sent[i].ID || !bytes.Equal(e.Data, sent[i].Data) {
					t.Errorf("line %d: %v: %s", i, err, line)
				}
			}
			if len(lines) != len(sent) {
				t.Errorf("%d lines of %d events", len(lines), len(sent))
			}
			if err := c.bad.Publish(t.Context(), sent[0]); tenants.CodeOf(err) != tenants.CodeUnavailable {
				t.Errorf("a failure: %v", err)
			}
			if err := c.good.Publish(t.Context(), events.Event{}); tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Errorf("an event that is none: %v", err)
			}
		})
	}
}

func TestCommandFails(t *testing.T) {
	var said bytes.Buffer
	t.Setenv("TENANTFORM_CANARY", "1")
	c := alarm.Command{Line: `echo "canary: $TENANTFORM_CANARY$OWN"; echo no route >&2; exit 3`, Env: []string{"OWN=2"}, Out: &said}
	err := c.Publish(t.Context(), event(t))
	if err == nil || !strings.Contains(err.Error(), "exit status 3: canary: 2 no route") || said.String() != "canary: 2\nno route\n" {
		t.Errorf("%v, said %q", err, said.String())
	}
	start := time.Now()
	err = alarm.Command{Line: "sleep 60 & sleep 60", Timeout: 200 * time.Millisecond}.Publish(t.Context(), event(t))
	if err == nil || !strings.Contains(err.Error(), "killed after 200ms") || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if err := (alarm.Command{Line: "yes | head -c 100000; exit 1"}).Publish(t.Context(), event(t)); err == nil || len(err.Error()) > 500 {
		t.Errorf("a long word: %v", err)
	}
	if err := (alarm.Lines{W: full{}}).Publish(t.Context(), event(t)); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("a full disk: %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestMetrics(t *testing.T) {
	line, err := alarm.Metrics{Environment: "production", StacksSeen: 3, StacksDrifted: 1, ResourcesDrifted: 2, Stacks: []string{"pool-a"}}.Line(now)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Environment":"production","ResourcesDrifted":2,"Stacks":["pool-a"],"StacksDrifted":1,"StacksNotSeen":0,"StacksSeen":3,` +
		`"_aws":{"CloudWatchMetrics":[{"Namespace":"Tenantform/Drift","Dimensions":[["Environment"]],"Metrics":[{"Name":"StacksSeen","Unit":"Count"},` +
		`{"Name":"StacksNotSeen","Unit":"Count"},{"Name":"StacksDrifted","Unit":"Count"},{"Name":"ResourcesDrifted","Unit":"Count"}]}],"Timestamp":1795309323000}}` + "\n"
	if string(line) != want {
		t.Errorf("got  %swant %s", line, want)
	}
}
