//go:build unix

package policies

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// conftestRules is what conftest asks for: what the evaluator asks for, as its
// kind of rules.
const conftestRules = `package tenantform.conftest

deny contains {"msg": sprintf("%s %s %s: %s", [id, finding.urn, finding.property, finding.message])} if {
	some id
	some finding in data.tenantform.rules[id].findings
}
`

// BenchmarkConftest measures decisions in this process, a check as a process of
// its own, and conftest with the same rules and inputs, by turns, and prints them
// side by side. TENANTFORM_BENCH_CONFTEST and TENANTFORM_BENCH_CLI name the
// binaries; without them it is skipped. One run is enough: -benchtime 1x.
func BenchmarkConftest(b *testing.B) {
	conftest, cli := os.Getenv("TENANTFORM_BENCH_CONFTEST"), os.Getenv("TENANTFORM_BENCH_CLI")
	if conftest == "" || cli == "" {
		b.Skip("TENANTFORM_BENCH_CONFTEST and TENANTFORM_BENCH_CLI are not set; run make bench-policy")
	}
	dir := b.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "bundle"), Bundle()); err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Join(dir, "bundle", "conftest.rego"), []byte(conftestRules))
	e := evaluator(b)
	fmt.Printf("\n%d rules, %d processors. Milliseconds; medians, the runs of a row by turns. Conftest runs the Rego alone:\nwhat the evaluator brings along about a plan it works out from the same input.\n\n", len(e.rules), runtime.GOMAXPROCS(0))
	fmt.Println("| resources | decision p50 | p99 | CPU | MB allocated | conftest, a further file | ratio | cold check | its peak MB | cold conftest | its peak MB | ratio |")
	fmt.Println("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for b.Loop() {
		for _, n := range []int{20, 200, 2000} {
			row(b, e, n, dir, conftest, cli)
		}
	}
}

// row measures plans of n resources.
func row(b *testing.B, e *Evaluator, n int, dir, conftest, cli string) {
	b.Helper()
	in := planOf(b, n)
	text, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	const more = 4 // further files in one process, for what one costs when all is loaded
	files := make([]string, more+1)
	for i := range files {
		files[i] = filepath.Join(dir, fmt.Sprintf("input-%d-%d.json", n, i))
		write(b, files[i], text)
	}
	preview := filepath.Join(dir, fmt.Sprintf("preview-%d.json", n))
	write(b, preview, previewOf(b, in))
	bundle := filepath.Join(dir, "bundle")
	report, err := e.Evaluate(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	asked := []string{"test", "--no-fail", "--output", "json", "--namespace", "tenantform.conftest", "--policy", bundle, "--data", bundle}
	ask := func(files ...string) (time.Duration, float64) {
		took, mb, answer := process(b, conftest, append(slices.Clone(asked), files...)...)
		sameFindings(b, report.Findings, answer, len(files))
		return took, mb
	}
	probe(b, e, dir, func(file string) string {
		_, _, answer := process(b, conftest, append(slices.Clone(asked), file)...)
		return answer
	})
	var decisions, cpus, further, checks, colds []time.Duration
	var checkMB, conftestMB float64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const rounds, each = 5, 40
	for range rounds {
		for range each {
			start, used := time.Now(), cpuTime()
			if _, err := e.Evaluate(b.Context(), in); err != nil {
				b.Fatal(err)
			}
			decisions, cpus = append(decisions, time.Since(start)), append(cpus, cpuTime()-used)
		}
		if len(checks) == 0 {
			runtime.ReadMemStats(&after)
		}
		took, mb, answer := process(b, cli, append(checkArgs(in.Subject), preview)...)
		sameReport(b, report, answer)
		checks, checkMB = append(checks, took), max(checkMB, mb)
		one, mb := ask(files[0])
		all, _ := ask(files...)
		colds, further, conftestMB = append(colds, one), append(further, (all-one)/more), max(conftestMB, mb)
	}
	p50, p99 := quantile(decisions, 50), quantile(decisions, 99)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("| %d | %.1f | %.1f | %.1f | %.1f | %.0f | %.1f | %.0f | %.0f | %.0f | %.0f | %.1f |\n", n, ms(p50), ms(p99), ms(quantile(cpus, 50)),
		float64(after.TotalAlloc-before.TotalAlloc)/each/1e6, ms(quantile(further, 50)), ms(quantile(further, 50))/ms(p50),
		ms(quantile(checks, 50)), checkMB, ms(quantile(colds, 50)), conftestMB, ms(quantile(colds, 50))/ms(quantile(checks, 50)))
}

func quantile(all []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// checkArgs gives the arguments of a check that say all of a subject.
func checkArgs(s Subject) []string {
	args := []string{"policy", "check", "--output", "json", "--program", s.Program, "--tenant", s.TenantID,
		"--environment", s.Environment, "--region", s.Region, "--account", s.Account}
	for _, tier := range s.Tiers {
		args = append(args, "--tier", tier)
	}
	for key, value := range s.Tags {
		args = append(args, "--stack-tag", key+"="+value)
	}
	return args
}

// sameFindings fails the benchmark when conftest did not find, in each of some
// files, what the evaluator found: it would be measured at something else.
func sameFindings(tb testing.TB, want []Finding, answer string, files int) {
	tb.Helper()
	var results []struct {
		Filename string `json:"filename"`
		Failures []struct {
			Msg string `json:"msg"`
		} `json:"failures"`
	}
	if err := json.Unmarshal([]byte(answer), &results); err != nil || len(results) != files {
		tb.Fatalf("conftest gave %d results for %d files: %v", len(results), files, err)
	}
	expected := make([]string, 0, len(want))
	for _, f := range want {
		expected = append(expected, fmt.Sprintf("%s %s %s: %s", f.Rule, f.URN, f.Property, f.Message))
	}
	expected = slices.Compact(slices.Sorted(slices.Values(expected)))
	for _, r := range results {
		found := make([]string, 0, len(r.Failures))
		for _, f := range r.Failures {
			found = append(found, f.Msg)
		}
		if slices.Sort(found); !slices.Equal(found, expected) {
			tb.Fatalf("%s: conftest found %d and the evaluator %d:\n%q\n%q", r.Filename, len(found), len(expected), found, expected)
		}
	}
}

// probe asks conftest about a plan with findings. The measured plans have none, and
// neither would one have that is asked for rules that there are not.
func probe(tb testing.TB, e *Evaluator, dir string, ask func(file string) string) {
	tb.Helper()
	in := readInput(tb, "bundle/rules/iam_no_full_admin/fixtures/violates.json")
	report, err := e.Evaluate(tb.Context(), in)
	if err != nil || len(report.Findings) == 0 {
		tb.Fatalf("the evaluator finds nothing in the fixture: %v", err)
	}
	text, err := json.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(dir, "probe.json")
	if err := os.WriteFile(file, text, fs.FileMode(0o644)); err != nil {
		tb.Fatal(err)
	}
	sameFindings(tb, report.Findings, ask(file), 1)
}

// sameReport fails the benchmark when a check came to something else than the
// evaluator did.
func sameReport(tb testing.TB, want Report, answer string) {
	tb.Helper()
	var doc struct {
		Decisions []struct {
			Report Report `json:"report"`
		} `json:"decisions"`
	}
	if err := json.Unmarshal([]byte(answer), &doc); err != nil || len(doc.Decisions) != 1 {
		tb.Fatalf("the check gave %d decisions: %v", len(doc.Decisions), err)
	}
	got := doc.Decisions[0].Report
	if got.Verdict != want.Verdict || got.RulesRun != want.RulesRun || got.ResourcesSeen != want.ResourcesSeen || len(got.Findings) != len(want.Findings) {
		tb.Fatalf("the check says %s with %d findings of %d rules on %d resources; the evaluator %s with %d of %d on %d", got.Verdict, len(got.Findings),
			got.RulesRun, got.ResourcesSeen, want.Verdict, len(want.Findings), want.RulesRun, want.ResourcesSeen)
	}
}

// process runs a command and gives its time, peak memory in MB and answer. Exit
// code 3 is a refusal, which is an answer too.
func process(b *testing.B, name string, args ...string) (time.Duration, float64, string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	var problems, answer strings.Builder
	cmd.Stdout, cmd.Stderr = &answer, &problems
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil && cmd.ProcessState.ExitCode() != 3 {
		b.Fatalf("%s: %v: %s", name, err, problems.String()+answer.String())
	}
	peak := 0.0
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = float64(used.Maxrss) / 1e3 // kilobytes on Linux
	}
	return took, peak, answer.String()
}

// previewOf gives the plan as "pulumi preview --json" prints one. Its resources of
// AWS are of the default provider, which the stack's config sets up: a part of a
// plan may be without the providers of its own.
func previewOf(b *testing.B, in Input) []byte {
	b.Helper()
	type state = map[string]any
	steps := make([]state, 0, len(in.Plan.Resources))
	summary := map[string]int{}
	for _, r := range in.Plan.Resources {
		summary[string(r.Operation)]++
		provider := ""
		if r.Provider.URN != "" {
			provider = "urn:pulumi:" + in.Plan.Stack + "::" + in.Plan.Project + "::pulumi:providers:" + strings.SplitN(r.Type, ":", 2)[0] + "::default::id"
		}
		steps = append(steps, state{"op": r.Operation, "urn": r.URN, "newState": state{
			"urn": r.URN, "type": r.Type, "custom": r.Custom, "inputs": r.Inputs, "parent": r.Parent, "protect": r.Protected, "provider": provider,
			"dependencies": r.Dependencies, "propertyDependencies": r.PropertyDependencies,
		}})
	}
	text, err := json.Marshal(state{"config": map[string]string{"aws:region": in.Subject.Region, "aws:allowedAccountIds": `["` + in.Subject.Account + `"]`}, "steps": steps, "changeSummary": summary, "duration": 1})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func write(b *testing.B, name string, text []byte) {
	b.Helper()
	if err := os.WriteFile(name, text, fs.FileMode(0o644)); err != nil {
		b.Fatal(err)
	}
}
