package automation

import (
	"context"
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

type agrees struct{}

func (agrees) Evaluate(context.Context, policies.Input) (policies.Report, error) {
	return policies.Report{Verdict: policies.VerdictAllow, RulesRun: 1}, nil
}

// TestLookThroughTheCLI looks at a stack as with a backend that is no directory.
func TestLookThroughTheCLI(t *testing.T) {
	cli, err := FindPulumi([]string{"../bin/pulumi"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(t.TempDir(), agrees{}, &Options{Pulumi: cli})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := e.Up(ctx, Stack{Name: "platform", Program: func(*pulumi.Context) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	read, err := e.Deployed(ctx, "platform")
	if err != nil || len(read.Resources) != 1 {
		t.Fatalf("read: %+v, %v", read, err)
	}
	e.state = nil
	asked, err := e.Deployed(ctx, "platform")
	if err != nil || !reflect.DeepEqual(asked, read) {
		t.Errorf("asked: %+v, %v\nwant   %+v", asked, err, read)
	}
	o, err := e.Drift(ctx, Stack{Name: "platform"}, 0)
	if err != nil || len(o.Drifted) != 0 || !reflect.DeepEqual(o.Deployed, read) {
		t.Errorf("drift: %+v, %v\nwant   %+v", o, err, read)
	}
	for what, look := range map[string]func() error{
		"deployed": func() error { _, err := e.Deployed(ctx, "tenant-none"); return err },
		"drift":    func() error { _, err := e.Drift(ctx, Stack{Name: "tenant-none"}, 0); return err },
	} {
		if err := look(); tenants.CodeOf(err) != tenants.CodeNotFound {
			t.Errorf("%s of a stack that there is not: %v", what, err)
		}
	}
}
