package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/alarm"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/policies/report"
)

// twoStacks brings up a pool and a tenant in it.
func twoStacks(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "state")
	must(t, dir, "stack", "up", "pool-a", "-q")
	must(t, dir, "tenant", "create", "acme", "--tier", "standard", "--name", "Acme Ltd", "--email", "ops@acme.example", "-q")
	return dir
}

// tamper changes the pool's table by hand and deletes the client of its user pool.
func tamper(t *testing.T, dir string) {
	t.Helper()
	at := filepath.Join(dir, "cloud", "resources", "111111111111", "eu-west-1")
	table := filepath.Join(at, "dynamodb.Table", "pool-a-data.json")
	data, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Inputs map[string]any `json:"inputs"`
	}
	var whole map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	r.Inputs["pointInTimeRecovery"].(map[string]any)["enabled"] = false
	r.Inputs["tags"].(map[string]any)["owner"] = "mallory"
	whole["inputs"] = r.Inputs
	if data, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	write(t, table, string(data))
	clients, err := filepath.Glob(filepath.Join(at, "cognito.UserPoolClient", "*.json"))
	if err != nil || len(clients) != 1 || os.Remove(clients[0]) != nil {
		t.Fatalf("clients: %v, %v", clients, err)
	}
}

// driftDocument is the JSON of a report.
type driftDocument struct {
	Allowed   bool              `json:"allowed"`
	Decisions []report.Decision `json:"decisions"`
}

// refusals gives rule and property of what refuses in a stack.
func (d driftDocument) refusals(stack string) string {
	var lines []string
	for _, one := range d.Decisions {
		for _, f := range one.Report.Denials() {
			if one.Stack == stack {
				lines = append(lines, f.Rule+" "+f.Property)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

const poolDrift = "drift_changed pointInTimeRecovery.enabled; drift_changed tags.owner; drift_deleted "

func TestDriftCommand(t *testing.T) {
	if got := command(t, filepath.Join(t.TempDir(), "none"), "drift", "--all"); got.code != exitNotFound || !strings.Contains(got.errors, "nothing was looked at") {
		t.Errorf("without a stack: exit code %d: %s", got.code, got.errors)
	}
	dir := twoStacks(t)
	told := t.TempDir()
	hook, lines, metrics := filepath.Join(told, "hook"), filepath.Join(told, "events"), filepath.Join(told, "metrics")
	look := []string{"drift", "--all", "--events", lines, "--metrics", metrics, "--on-drift", "cat > " + hook}
	kept := func() string {
		return tree(t, filepath.Join(dir, "state"), filepath.Join(dir, "cloud"), filepath.Join(dir, "store"), filepath.Join(dir, "leases"), filepath.Join(dir, "runs"))
	}
	before := kept()
	got := must(t, dir, look...)
	if !strings.Contains(got.out, "stack pool-a: allowed") || !strings.Contains(got.out, "stack tenant-acme: allowed") || !strings.Contains(got.errors, " resources seen, no drift, ") {
		t.Errorf("before anything drifted:\n%s%s", got.out, got.errors)
	}
	if data, _ := os.ReadFile(lines); exists(hook) || len(data) > 0 {
		t.Errorf("somebody is told of no drift: %s", data)
	}

	tamper(t, dir)
	after := kept()
	if before == after {
		t.Fatal("the test changed nothing")
	}
	got = command(t, dir, look...)
	for _, want := range []string{
		"critical  drift_deleted", "high  drift_changed", "pointInTimeRecovery.enabled", "it is false and is recorded as true",
		"dynamodb_point_in_time_recovery  (advisory)", "stack tenant-acme: allowed",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the look does not say %q:\n%s", want, got.out)
		}
	}
	if got.code != exitRefused || kept() != after {
		t.Errorf("exit code %d; changed something: %v\n%s", got.code, kept() != after, got.errors)
	}
	checkTold(t, hook, lines, metrics)

	doc := decode[driftDocument](t, command(t, dir, "drift", "tenant-acme", "pool-a", "pool-a", "-o", "json"))
	if doc.Allowed || len(doc.Decisions) != 2 || doc.refusals("pool-a") != poolDrift || doc.refusals("tenant-acme") != "" {
		t.Errorf("as JSON: %+v", doc)
	}
	for _, format := range report.Formats() {
		file := filepath.Join(t.TempDir(), "report")
		got := command(t, dir, "drift", "pool-a", "--format", format, "--output-file", file, "-q")
		if data, err := os.ReadFile(file); err != nil || got.code != exitRefused || !strings.Contains(string(data), "drift_changed") || !strings.Contains(string(data), "drift_deleted") {
			t.Errorf("%s: exit code %d, %v: %s", format, got.code, err, data)
		}
	}
	driftIsHeld(t, dir)
	driftIsNotTold(t, dir)
	driftIsLocked(t, dir)

	must(t, dir, "stack", "refresh", "pool-a", "-q")
	must(t, dir, "stack", "up", "pool-a", "-q")
	if got := command(t, dir, "drift", "--all", "-q"); got.code != exitDone {
		t.Errorf("after what the finding says to do: exit code %d\n%s", got.code, got.out)
	}
}

// checkTold reads what others were told of the pool.
func checkTold(t *testing.T, hook, lines, metrics string) {
	t.Helper()
	line, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Parse(line)
	if err != nil || e.Type != alarm.TypeDrift || strings.Count(string(line), "\n") != 1 {
		t.Errorf("the event: %v: %s", err, line)
	}
	var d alarm.Drift
	if err := json.Unmarshal(e.Data, &d); err != nil || d.Stack != "pool-a" || len(d.Drifted) != 2 || d.Environment != "dev" || d.Account != localAccount {
		t.Errorf("the event's data: %+v, %v", d, err)
	}
	if got, err := os.ReadFile(hook); err != nil || string(got)+"\n" != string(line) {
		t.Errorf("the command got %s, %v", got, err)
	}
	data, err := os.ReadFile(metrics)
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for l := range strings.Lines(string(data)) {
		var m struct{ StacksSeen, StacksNotSeen, StacksDrifted, ResourcesDrifted int }
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, m.StacksSeen, m.StacksNotSeen, m.StacksDrifted, m.ResourcesDrifted)
	}
	if want := []int{2, 0, 0, 0, 2, 0, 1, 2}; !slices.Equal(counts, want) {
		t.Errorf("the metrics count %v, want %v", counts, want)
	}
}

// driftIsHeld holds drift by levels, waivers and a baseline, and tells nobody of
// what does not refuse.
func driftIsHeld(t *testing.T, dir string) {
	t.Helper()
	files := t.TempDir()
	levels := write(t, filepath.Join(files, "levels.yaml"), "enforcement:\n  - category: drift\n    environment: dev\n    level: advisory\n")
	waivers := write(t, filepath.Join(files, "waivers.yaml"), "waivers:\n  - rule: drift_changed\n    stack: pool-a\n    resource: \"*pool-a-data-table\"\n"+
		"    reason: a trial of the data team\n    owner: data\n    expires: "+soon()+"\n")
	baseline := filepath.Join(files, "baseline.json")
	hook := filepath.Join(files, "hook")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"levels":             {[]string{"--config", levels}, ""},
		"waivers":            {[]string{"--waivers", waivers}, "drift_deleted "},
		"a baseline at once": {[]string{"--write-baseline", baseline}, ""},
	} {
		got := command(t, dir, append([]string{"drift", "pool-a", "-o", "json", "--on-drift", "cat >> " + hook}, c.args...)...)
		if doc := decode[driftDocument](t, got); doc.refusals("pool-a") != c.want || doc.Allowed != (c.want == "") || (got.code == exitDone) != doc.Allowed {
			t.Errorf("%s: exit code %d, refused: %s\n%s", name, got.code, doc.refusals("pool-a"), got.errors)
		}
	}
	if got := command(t, dir, "drift", "pool-a", "--baseline", baseline, "-q"); got.code != exitDone || !strings.Contains(got.out, "drift_changed  (existing)") {
		t.Errorf("a baseline: exit code %d\n%s", got.code, got.out)
	}
	nowhere := write(t, filepath.Join(files, "nowhere.yaml"), strings.Replace(readFile(t, waivers), "stack: pool-a", "stack: pool-aa", 1))
	for _, c := range []struct {
		stacks string
		want   int // findings about waivers of no stack
	}{{"--all", 1}, {"pool-a", 0}} {
		n := 0
		for _, one := range decode[driftDocument](t, command(t, dir, "drift", c.stacks, "--waivers", nowhere, "-o", "json")).Decisions {
			for _, f := range one.Report.Findings {
				if f.Rule == "waiver_unused" && strings.Contains(f.Message, "pool-aa") {
					n++
				}
			}
		}
		if n != c.want {
			t.Errorf("%s: %d findings about a waiver of no stack, want %d", c.stacks, n, c.want)
		}
	}
	e, err := events.Parse([]byte(readFile(t, hook)))
	var d alarm.Drift
	if err != nil || json.Unmarshal(e.Data, &d) != nil || len(d.Drifted) != 1 || d.Drifted[0].Kind != "deleted" {
		t.Errorf("told, where all but a deletion is waived: %+v, %v", d, err)
	}
}

// soon is a day on which a waiver may end.
func soon() string { return `"` + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) + `"` }

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// driftIsNotTold has those fail who should be told.
func driftIsNotTold(t *testing.T, dir string) {
	t.Helper()
	got := command(t, dir, "drift", "pool-a", "-q", "--on-drift", "echo no route; exit 9")
	if got.code != exitUntold || !strings.Contains(got.errors, "could not be told") || !strings.Contains(got.errors, "exit status 9: no route") || !strings.Contains(got.out, "drift_deleted") {
		t.Errorf("a command that fails: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
	got = command(t, dir, "drift", "pool-a", "-o", "json", "--on-drift", "exit 9")
	if doc := decode[driftDocument](t, got); got.code != exitUntold || doc.Allowed || !strings.Contains(got.errors, "exit status 9") {
		t.Errorf("the same with JSON: exit code %d: %s", got.code, got.errors)
	}
	if got := command(t, dir, "drift", "tenant-acme", "-q", "--on-drift", "exit 9"); got.code != exitDone {
		t.Errorf("a command that is not needed: exit code %d: %s", got.code, got.errors)
	}
	// Standard output is for the events where they are asked for there.
	file := filepath.Join(t.TempDir(), "report")
	got = command(t, dir, "drift", "--all", "-q", "--events", "-", "--output-file", file)
	if _, err := events.Parse([]byte(got.out)); err != nil || got.code != exitRefused || !strings.Contains(readFile(t, file), "drift_deleted") {
		t.Errorf("events on standard output: exit code %d, %v\n%s", got.code, err, got.out)
	}
	spooled := t.TempDir()
	queue, err := events.OpenQueue(t.Context(), "spool://"+spooled+"?subscription=operators")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = queue.Shutdown(context.WithoutCancel(t.Context())) }()
	before := len(listFiles(spooled))
	if got := command(t, dir, "drift", "pool-a", "-q", "--topic", "spool://"+spooled); got.code != exitRefused || len(listFiles(spooled)) != before+1 {
		t.Errorf("a topic: exit code %d, %v\n%s", got.code, listFiles(spooled), got.errors)
	}
}

// driftIsLocked looks while another run holds a stack.
func driftIsLocked(t *testing.T, dir string) {
	t.Helper()
	lease := filepath.Join(dir, "leases", "stack-pool-a.lease")
	f, err := os.OpenFile(lease, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	got := command(t, dir, "drift", "--all", "--wait", "600ms", "-o", "json")
	doc := decode[driftDocument](t, got)
	if got.code != exitConflict || doc.Allowed || doc.refusals("pool-a") != driftNotSeen+" " || doc.refusals("tenant-acme") != "" || len(doc.Decisions) != 2 {
		t.Errorf("exit code %d, %+v", got.code, doc)
	}
	for _, want := range []string{"waiting for at most 600ms", "pool-a: could not be looked at", " resources seen, no drift, ", "tenantform: stack pool-a: another operation is running"} {
		if !strings.Contains(got.errors, want) {
			t.Errorf("standard error does not say %q:\n%s", want, got.errors)
		}
	}
	if err := os.Remove(lease); err != nil {
		t.Fatal(err)
	}
}

func TestDriftRefusesBadInput(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no stack":          {nil, "STACK is missing"},
		"stack and all":     {[]string{"--all", "pool-a"}, "nothing beside --all"},
		"no such pool":      {[]string{"pool-z"}, `STACK is "pool-z"`},
		"no such tenant":    {[]string{"tenant-none"}, `STACK is "tenant-none"`},
		"format":            {[]string{"--all", "--format", "xml"}, "--format"},
		"parallel":          {[]string{"--all", "--parallel", "0"}, "--parallel"},
		"wait":              {[]string{"--all", "--wait", "-1s"}, "--wait"},
		"metrics of one":    {[]string{"pool-a", "--metrics", "m"}, "only with --all"},
		"events and JSON":   {[]string{"--all", "-o", "json", "--events", "-", "--output-file", "r"}, "--events"},
		"events alone":      {[]string{"--all", "--events", "-"}, "--output-file"},
		"events nowhere":    {[]string{"--all", "--events", dir}, "--events " + dir + " cannot be written"},
		"topic":             {[]string{"--all", "--topic", "ftp://x"}, "--topic"},
		"waivers unknown":   {[]string{"--all", "--waivers", write(t, filepath.Join(dir, "w.yaml"), "waivers:\n  - rule: drift_none\n    stack: a\n    resource: b\n    reason: because it is so\n    owner: me\n    expires: "+soon()+"\n")}, "w.yaml:2"},
		"bundle is nowhere": {[]string{"--all", "--bundle", filepath.Join(dir, "none")}, "--bundle"},
	} {
		got := command(t, dir, append([]string{"drift"}, c.args...)...)
		if got.code != exitInvalid || !strings.Contains(got.errors+got.out, c.want) {
			t.Errorf("%s: exit code %d: %s%s, want %q", name, got.code, got.errors, got.out, c.want)
		}
	}
}

func TestPolicyImpact(t *testing.T) {
	dir := twoStacks(t)
	own := t.TempDir()
	must(t, dir, "policy", "new", "table_class", "--rules", own)
	write(t, filepath.Join(own, "rules", "table_class", "rule.rego"), tableClass)
	before := tree(t, dir)
	got := must(t, dir, "policy", "impact", "--bundle", own)
	for _, want := range []string{"table_class  new     1       1", "stack pool-a: 1 finding would be refused", "no table class", "2 stacks looked at: 1 finding would be refused that is not refused today"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the answer lacks %q:\n%s", want, got.out)
		}
	}
	if tree(t, dir) != before {
		t.Error("the question changed something")
	}
	if got := command(t, dir, "policy", "impact", "--bundle", own, "--fail"); got.code != exitRefused {
		t.Errorf("--fail: exit code %d", got.code)
	}
	if got := command(t, dir, "policy", "impact", "--bundle", own, "--fail", "tenant-acme"); got.code != exitDone {
		t.Errorf("--fail on a stack that has nothing: exit code %d\n%s", got.code, got.out)
	}
	answer := decode[impact](t, must(t, dir, "policy", "impact", "--bundle", own, "--current", own, "-o", "json"))
	if answer.Refuses || len(answer.Stacks) != 2 || len(answer.Rules) != 0 || answer.Stacks[0].ResourcesSeen == 0 {
		t.Errorf("a rule that is in force: %+v", answer)
	}
	files := t.TempDir()
	waivers := write(t, filepath.Join(files, "waivers.yaml"), "waivers:\n  - rule: table_class\n    stack: pool-a\n    resource: \"*pool-a-data-table\"\n    reason: it is read all day long\n    owner: data\n    expires: "+soon()+"\n")
	if answer := decode[impact](t, must(t, dir, "policy", "impact", "--bundle", own, "--waivers", waivers, "-o", "json")); answer.Refuses || answer.Rules[0].Change != "new" {
		t.Errorf("a new rule that is waived: %+v", answer)
	}
	strict := write(t, filepath.Join(files, "levels.yaml"), "enforcement:\n  - rule: dynamodb_deletion_protection\n    level: mandatory\n")
	answer = decode[impact](t, must(t, dir, "policy", "impact", "--new-config", strict, "-o", "json"))
	if !answer.Refuses || len(answer.Rules) != 1 || answer.Rules[0] != (impactRule{Rule: "dynamodb_deletion_protection", Change: "level", Stacks: 1, Refused: 1}) {
		t.Errorf("another level: %+v", answer.Rules)
	}
	answer = decode[impact](t, must(t, dir, "policy", "impact", "--config", strict, "--new-config", write(t, filepath.Join(files, "lax.yaml"), "enforcement: []\n"), "-o", "json"))
	if answer.Refuses || len(answer.Rules) != 1 || answer.Rules[0].Released != 1 {
		t.Errorf("a level that is lowered: %+v", answer.Rules)
	}
	if got := command(t, dir, "policy", "impact"); got.code != exitInvalid || !strings.Contains(got.errors, "--bundle is missing") {
		t.Errorf("without rules: exit code %d: %s", got.code, got.errors)
	}
	if got := command(t, t.TempDir(), "policy", "impact", "--bundle", own); got.code != exitNotFound {
		t.Errorf("without a stack: exit code %d: %s", got.code, got.errors)
	}
	state := filepath.Join(dir, "state", ".pulumi", "stacks", "tenantform", "tenant-acme.json")
	write(t, state, strings.Replace(readFile(t, state), `"resources":[`, `"pending_operations":[{"type":"creating","resource":{}}],"resources":[`, 1))
	got = command(t, dir, "policy", "impact", "--bundle", own)
	if got.code != exitInvalid || !strings.Contains(got.out, "stack tenant-acme: nothing is known of it") || !strings.Contains(got.out, "stack pool-a: 1 finding") {
		t.Errorf("a state that cannot be read: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
}

// tableClass refuses tables without a class of storage.
const tableClass = `# METADATA
# title: A table names its class
# description: A rule of the test.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A finding.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: Name one.
#   related: []
package tenantform.rules.table_class

import data.tenantform.lib.plan

findings contains plan.finding(r, "tableClass", null, "no table class") if {
	some r in plan.of_type("aws:dynamodb/table:Table")
	not r.inputs.tableClass
}
`
