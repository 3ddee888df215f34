package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
)

// aws runs AWS's own command, as somebody does who changes things past the program.
func (r *rig) aws(t *testing.T, args ...string) {
	t.Helper()
	command, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("AWS's command is not on PATH")
	}
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Env = os.Environ()
	for k, v := range r.awsEnv() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// drift looks at a stack and gives what the look found, a line for each property, in
// order. What a bucket repeats of the settings that are resources of their own is
// recorded before these are made; where it differs is apart.
func (r *rig) drift(t *testing.T, stack string) (found, repeated []string) {
	t.Helper()
	o, err := r.Drift(t.Context(), automation.Stack{Name: stack}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Deployed.Resources) < 10 {
		t.Errorf("only %d resources were looked at", len(o.Deployed.Resources))
	}
	for _, d := range o.Drifted {
		if d.Kind == plan.DriftDeleted {
			found = append(found, fmt.Sprintf("%s %s %s", d.Kind, d.Type, d.Name))
		}
		for _, p := range d.Properties {
			line := fmt.Sprintf("%s %s %s: %v, recorded %v", d.Kind, d.Type, p.Path, p.Found, p.Recorded)
			if d.Kind == plan.DriftBeside && d.Type == "aws:s3/bucketV2:BucketV2" {
				repeated = append(repeated, line)
				continue
			}
			found = append(found, line)
		}
	}
	slices.Sort(found)
	return found, repeated
}

// TestDrift changes settings of a bucket past the program. A look finds these,
// property by property, and nothing else; a refresh and the next run of the program
// take them back.
func TestDrift(t *testing.T) {
	r := newRig(t)
	lives := storage("")
	l := lives[slices.IndexFunc(lives, func(l life) bool { return l.name == "bucket" })]
	stack := automation.Stack{Name: l.stack, Program: l.program}
	if res, err := r.Up(t.Context(), stack); err != nil {
		t.Fatalf("%v after %v", err, res.Changes)
	}
	if found, _ := r.drift(t, l.stack); len(found) > 0 {
		t.Errorf("nobody has changed anything, and found is\n%s", strings.Join(found, "\n"))
	}
	if _, err := r.Refresh(t.Context(), stack); err != nil {
		t.Fatal(err)
	}
	if found, repeated := r.drift(t, l.stack); len(found)+len(repeated) > 0 {
		t.Errorf("all is recorded, and found is\n%s", strings.Join(append(found, repeated...), "\n"))
	}

	r.aws(t, "s3api", "put-bucket-versioning", "--bucket", dataBucket, "--versioning-configuration", "Status=Suspended")
	r.aws(t, "s3api", "put-public-access-block", "--bucket", dataBucket, "--public-access-block-configuration",
		"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=true")
	found, repeated := r.drift(t, l.stack)
	if want := []string{
		"changed aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock blockPublicPolicy: false, recorded true",
		"changed aws:s3/bucketVersioningV2:BucketVersioningV2 versioningConfiguration.status: Suspended, recorded Enabled",
	}; !slices.Equal(found, want) {
		t.Errorf("found is\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if want := []string{"beside aws:s3/bucketV2:BucketV2 versionings[0].enabled: false, recorded true"}; !slices.Equal(repeated, want) {
		t.Errorf("the bucket repeats %q, want %q", repeated, want)
	}
	if res, err := r.Preview(t.Context(), stack); err != nil || len(res.Plan.Changes()) > 0 {
		t.Errorf("a look changed what the stack has recorded: %v, %v", res.Changes, err)
	}

	if _, err := r.Refresh(t.Context(), stack); err != nil {
		t.Fatal(err)
	}
	if res, err := r.Up(t.Context(), stack); err != nil || res.Changes[plan.OperationUpdate] != 2 || len(res.Plan.Changes()) != 1 {
		t.Errorf("the program took back %v: %v", res.Changes, err)
	}
	if found, _ := r.drift(t, l.stack); len(found) > 0 {
		t.Errorf("after it is taken back found is\n%s", strings.Join(found, "\n"))
	}
	l.look(t, r)
}
