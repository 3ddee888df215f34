package conformance_test

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
)

// report collects what the run did, for docs/conformance.md.
type report struct {
	steps   []stepDone
	made    map[string]int    // resources created, by type
	refused map[string]string // what the emulator or the provider said, by type
}

type stepDone struct {
	program, step string
	seconds       float64
	changes       map[plan.Operation]int
	err           error
}

func (r *report) add(program, step string, res automation.Result, err error) {
	r.steps = append(r.steps, stepDone{program, step, res.Seconds, res.Changes, err})
	if r.made == nil {
		r.made, r.refused = map[string]int{}, map[string]string{}
	}
	for _, c := range res.Plan.Resources {
		if c.Operation == plan.OperationCreate && c.Custom && strings.HasPrefix(c.Type, "aws:") {
			if err == nil {
				r.made[c.Type]++
			} else if strings.Contains(err.Error(), c.URN) {
				r.refused[c.Type] = err.Error()
			}
		}
	}
}

// versions are those of the pieces that the run was made of.
func (r *rig) versions() map[string]string {
	versions := map[string]string{
		"Terraform AWS provider": filepath.Base(r.pieces.provider),
		"pulumi":                 r.pieces.pulumi.Version.String(),
	}
	if out, err := exec.Command(r.pieces.aws, "--version").Output(); err == nil {
		versions["aws"], _, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	}
	return versions
}

// markdown gives the page.
func (r *report) markdown(versions map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(`# Conformance

Written by ` + "`make conformance`" + `; do not edit. Each program was taken through its life on the Terraform AWS provider, which is the code that
pulumi-aws runs, against an emulator of AWS. After the first step AWS's own command looked for what the components promise, and after the last
whether it is gone. Components that no program uses, queueworker and topic among them, are not in this run.

`)
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, versions[name])
	}
	b.WriteString("\n| program | step | seconds | changes |\n| --- | --- | ---: | --- |\n")
	for _, s := range r.steps {
		var changes []string
		for _, op := range slices.Sorted(maps.Keys(s.changes)) {
			if op != plan.OperationSame && op != plan.OperationRead {
				changes = append(changes, fmt.Sprintf("%d %s", s.changes[op], op))
			}
		}
		text := strings.Join(changes, ", ")
		switch {
		case s.err != nil:
			text = "**failed**"
		case text == "":
			text = "none"
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f | %s |\n", s.program, s.step, s.seconds, text)
	}
	b.WriteString("\n## Types that were created, updated or read, and deleted\n\n| type | resources |\n| --- | ---: |\n")
	for _, typ := range slices.Sorted(maps.Keys(r.made)) {
		fmt.Fprintf(&b, "| `%s` | %d |\n", typ, r.made[typ])
	}
	b.WriteString("\n## Types that the emulator does not serve\n\n")
	if len(r.refused) == 0 {
		b.WriteString("None of those that the programs use.\n")
	} else {
		b.WriteString("They are previewed and checked by the provider only.\n\n| type | what was said |\n| --- | --- |\n")
		for _, typ := range slices.Sorted(maps.Keys(r.refused)) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", typ, strings.ReplaceAll(strings.ReplaceAll(r.refused[typ], "\n", " "), "|", "\\|"))
		}
	}
	b.WriteString("\nWhat the emulator gets wrong in types that it does serve is mended in test/conformance/testdata/moto, with the reason.\n")
	return b.Bytes()
}
