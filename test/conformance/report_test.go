package conformance_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// report collects what the run did, for docs/conformance.md.
type report struct {
	mu      sync.Mutex
	began   time.Time
	order   []string // of lives
	steps   map[string][]stepDone
	made    map[string]int             // resources created, by type
	refused map[string]refusal         // by type
	waiting map[string]map[string]bool // lives, by type that depends on a refused one
	wrong   map[string]string          // what the provider said to a wrong property, by refused type
}

type stepDone struct {
	step    string
	seconds float64
	changes map[plan.Operation]int
	err     error
}

type refusal struct {
	said  string
	lives map[string]bool
}

func newReport() *report {
	return &report{began: time.Now(), steps: map[string][]stepDone{}, made: map[string]int{}, refused: map[string]refusal{},
		waiting: map[string]map[string]bool{}, wrong: map[string]string{}}
}

// expect puts a life into the page at the place of the call.
func (r *report) expect(life string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.order = append(r.order, life)
}

func (r *report) step(life, step string, res automation.Result, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps[life] = append(r.steps[life], stepDone{step, res.Seconds, res.Changes, err})
}

// served counts the resources that were created.
func (r *report) served(p plan.Plan, created map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range p.Resources {
		if created[c.URN] && strings.HasPrefix(c.Type, "aws:") {
			r.made[c.Type]++
		}
	}
}

// refuse records what was said to a type that the emulator does not serve.
func (r *report) refuse(life, typ, said string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	have, ok := r.refused[typ]
	if !ok {
		have = refusal{said: said, lives: map[string]bool{}}
		r.refused[typ] = have
	}
	have.lives[life] = true
}

// wait records a type that could not be tried because it needs a refused one.
func (r *report) wait(life, typ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[typ] == nil {
		r.waiting[typ] = map[string]bool{}
	}
	r.waiting[typ][life] = true
}

// mistaken records what the provider said to a wrong property.
func (r *report) mistaken(typ, said string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong[typ] = said
}

func (r *report) isMistaken(typ string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong[typ] != ""
}

// versions are those of the pieces that the run was made of.
func (r *rig) versions() map[string]string {
	versions := map[string]string{"pulumi": r.pieces.pulumi.Version.String()}
	if r.pieces.plugin != "" {
		versions["pulumi-aws"] = filepath.Base(filepath.Dir(r.pieces.plugin))
	} else {
		versions["Terraform AWS provider"] = filepath.Base(r.pieces.provider)
	}
	return versions
}

// motoVersion asks Python for the emulator's version; empty when it cannot tell.
func motoVersion(moto string) string {
	line, _, _ := strings.Cut(string(readHead(moto)), "\n")
	python := "python3"
	if i, ok := strings.CutPrefix(line, "#!"); ok && strings.Contains(i, "python") && !strings.Contains(i, " ") {
		python = i
	}
	out, err := exec.Command(python, "-c", "import importlib.metadata as m; print(m.version('moto'))").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func readHead(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return data[:min(len(data), 200)]
}

// write makes docs/conformance.md where the environment names it, after a run of
// everything.
func (r *report) write(t *testing.T, rig *rig) {
	t.Helper()
	path := os.Getenv("TENANTFORM_CONFORMANCE_REPORT")
	for _, life := range r.order {
		if len(r.steps[life]) == 0 {
			t.Logf("%s was not run; the page is not written", life)
			return
		}
	}
	for _, typ := range recorded(t) {
		if r.made[typ] == 0 && r.refused[typ].said == "" && len(r.waiting[typ]) == 0 {
			t.Errorf("no life makes %s, which a component makes", typ)
		}
	}
	for _, typ := range rig.unserved.over() {
		t.Errorf("the emulator serves %s; take it out of %s", typ, unservedFile)
	}
	for _, property := range rig.unserved.remembered() {
		t.Errorf("the emulator remembers %s; take it out of %s", property, forgetsFile)
	}
	if path == "" || t.Failed() {
		return
	}
	versions := rig.versions()
	if v := motoVersion(rig.pieces.moto); v != "" {
		versions["moto"] = v
	}
	if err := os.WriteFile(path, r.markdown(versions, rig.unserved.forgets), 0o644); err != nil {
		t.Error(err)
	}
}

// recorded gives the types of AWS that the samples of the catalogue make, sorted.
func recorded(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for _, b := range blueprints.All() {
		for _, sample := range []blueprints.Sample{b.Minimal, b.Full} {
			for _, environment := range []string{location.Dev, location.Production} {
				r, err := b.Record(sample, blueprints.NewSite(environment, t.TempDir()))
				if err != nil {
					t.Fatal(err)
				}
				for _, res := range r.Recording.Custom() {
					if strings.HasPrefix(res.Type, "aws:") {
						found[res.Type] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestEveryTypeIsOnThePage holds docs/conformance.md to every type that a component
// makes: it was made, the emulator refused it, or it waited for one that was refused.
func TestEveryTypeIsOnThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range recorded(t) {
		if !bytes.Contains(page, []byte("| `"+typ+"` |")) {
			t.Errorf("docs/conformance.md says nothing of %s, which a component makes; make conformance writes it anew", typ)
		}
	}
}

// markdown gives the page.
func (r *report) markdown(versions map[string]string, forgets map[string][]string) []byte {
	var b bytes.Buffer
	b.WriteString(`# Conformance

Written by ` + "`make conformance`" + `; do not edit. Each component, and each stack's program, was taken through its life on the Terraform AWS
provider, which is the code that pulumi-aws runs, against an emulator of AWS: up, up again with nothing to do, an update in place, destroy. After the first
step the AWS SDK looked for what the components promise, and after the last whether it is gone. A program called after its component, bucket.bucket for
one, is the full sample of the catalogue; the update gives an argument another value and production's settings. The others are shorter ones.

`)
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, versions[name])
	}
	fmt.Fprintf(&b, "- the whole run: %.0f minutes, %s lives of components at a time\n", time.Since(r.began).Minutes(), flag.Lookup("test.parallel").Value)
	b.WriteString("\n| program | step | seconds | changes |\n| --- | --- | ---: | --- |\n")
	for _, life := range r.order {
		for _, s := range r.steps[life] {
			fmt.Fprintf(&b, "| %s | %s | %.0f | %s |\n", life, s.step, s.seconds, s.text())
		}
	}
	b.WriteString("\n## Types that were created, updated or read, and deleted\n\n| type | resources |\n| --- | ---: |\n")
	for _, typ := range slices.Sorted(maps.Keys(r.made)) {
		fmt.Fprintf(&b, "| `%s` | %d |\n", typ, r.made[typ])
	}
	r.unserved(&b)
	if len(forgets) > 0 {
		b.WriteString("\n## Properties that the emulator forgets\n\nThe provider finds these changed after every run, which is excused.\n\n| type | properties |\n| --- | --- |\n")
		for _, typ := range slices.Sorted(maps.Keys(forgets)) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", typ, strings.Join(forgets[typ], ", "))
		}
	}
	b.WriteString("\nWhat the emulator gets wrong in types that it does serve is mended in test/conformance/testdata/moto, with the reason.\n")
	return b.Bytes()
}

func (s stepDone) text() string {
	var changes []string
	for _, op := range slices.Sorted(maps.Keys(s.changes)) {
		if op != plan.OperationSame && op != plan.OperationRead {
			changes = append(changes, fmt.Sprintf("%d %s", s.changes[op], op))
		}
	}
	switch {
	case len(changes) == 0 && s.err != nil:
		return "nothing"
	case len(changes) == 0:
		return "none"
	case s.err != nil:
		return strings.Join(changes, ", ") + ", the rest refused by the emulator"
	}
	return strings.Join(changes, ", ")
}

func (r *report) unserved(b *bytes.Buffer) {
	b.WriteString("\n## Types that the emulator does not serve\n\n")
	if len(r.refused) == 0 {
		b.WriteString("None of those that the programs use.\n")
		return
	}
	b.WriteString(`The run tried to create each, and this is what was said. They are previewed instead, which has the provider check them, and
to show that it does, previewed once more with an object where a text belongs, which it has to refuse.

| type | in | what was said | what the provider says to an object for a text |
| --- | --- | --- | --- |
`)
	for _, typ := range slices.Sorted(maps.Keys(r.refused)) {
		f := r.refused[typ]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", typ, strings.Join(slices.Sorted(maps.Keys(f.lives)), ", "), cell(f.said), cell(r.wrong[typ]))
	}
	rest := slices.DeleteFunc(slices.Sorted(maps.Keys(r.waiting)), func(typ string) bool { return r.made[typ] > 0 || r.refused[typ].said != "" })
	if len(rest) == 0 {
		return
	}
	b.WriteString("\nThese need one of them, and are previewed with them:\n\n| type | in |\n| --- | --- |\n")
	for _, typ := range rest {
		fmt.Fprintf(b, "| `%s` | %s |\n", typ, strings.Join(slices.Sorted(maps.Keys(r.waiting[typ])), ", "))
	}
}

// volatile is what differs from run to run in what is said.
var volatile = regexp.MustCompile(`(?i)(request ?id:?\s*)[0-9a-z-]{8,}|127\.0\.0\.1:[0-9]+|/[^ ]*/(awsprovider|plugins)/`)

// cell makes a cell of a table of what was said.
func cell(said string) string {
	said = volatile.ReplaceAllString(strings.Join(strings.Fields(said), " "), "$1…")
	if r := []rune(said); len(r) > 300 {
		said = string(r[:300]) + "…"
	}
	return strings.ReplaceAll(said, "|", `\|`)
}
