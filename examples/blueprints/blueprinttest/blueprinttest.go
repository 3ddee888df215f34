// Package blueprinttest takes the blueprints through their lives in tests: on the
// local cloud, past the project's policies.
package blueprinttest

import (
	"path/filepath"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
)

// Engine gives an engine with a cloud of the test's own. The cloud is closed when
// the test ends. region is where a provider without a region works; "" for a
// program whose providers all name one. The test is skipped in short mode, and
// fails when there is no pulumi command.
func Engine(t *testing.T, region string) (*automation.Engine, *localcloud.Cloud) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs the pulumi command")
	}
	dir := t.TempDir()
	cloud, err := localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), &localcloud.Options{Region: region})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	return engine(t, dir, automation.Options{Env: cloud.Env()}), cloud
}

// EngineOnProvider gives an engine on the provider that the environment names;
// the conformance suite sets that up.
func EngineOnProvider(t *testing.T) *automation.Engine {
	t.Helper()
	return engine(t, t.TempDir(), automation.Options{Pass: append(automation.AWSEnvironment(), "PATH", "TENANTFORM_*")})
}

func engine(t *testing.T, dir string, opts automation.Options) *automation.Engine {
	t.Helper()
	cli, err := automation.FindPulumi([]string{"../../../bin/pulumi"})
	if err != nil {
		t.Fatal(err)
	}
	gate, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	opts.Pulumi = cli
	e, err := automation.New(dir, gate, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Up brings the stack up, and fails the test where the policies do not allow it
// or did not look.
func Up(t *testing.T, e *automation.Engine, s automation.Stack) automation.Result {
	t.Helper()
	up, err := e.Up(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !up.Report.Allowed() || up.Report.RulesRun == 0 || up.Report.ResourcesSeen == 0 {
		t.Errorf("%d rules saw %d resources and said %s: %+v", up.Report.RulesRun, up.Report.ResourcesSeen, up.Report.Verdict, up.Report.Findings)
	}
	return up
}

// Settled fails the test where another run of the stack would change something.
func Settled(t *testing.T, e *automation.Engine, s automation.Stack) {
	t.Helper()
	again, err := e.Up(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Changes) > 0 || !again.Plan.Empty() {
		t.Errorf("the second run changes %v", again.Plan.Changes())
	}
}

// Down releases the stack and takes it away, and fails the test where something
// is left in the cloud.
func Down(t *testing.T, e *automation.Engine, cloud *localcloud.Cloud, s automation.Stack) automation.Result {
	t.Helper()
	s.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
	down, err := e.Destroy(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := cloud.Resources(); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return down
}
