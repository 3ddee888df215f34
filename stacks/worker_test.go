package stacks_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
)

// code gives the path of the worker's archive.
func code(t *testing.T, spec stacks.TenantSpec) string {
	t.Helper()
	r := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), others())
	switch a := r.One(t, "aws:lambda/function:Function").Inputs["code"].(type) {
	case *resource.Archive:
		return a.Path
	case map[string]any:
		path, _ := a["path"].(string)
		return path
	default:
		t.Fatalf("the code is %T", a)
		return ""
	}
}

func TestBuiltInWorker(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	path := code(t, tenant(siloed()))
	want, err := os.ReadFile("worker/index.py")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(path, "index.py")
	for _, damage := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(file, []byte("evil = True\n"), 0o600) },
		func() error { return os.Remove(file) },
		func() error { return os.RemoveAll(cache) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if again := code(t, tenant(siloed())); again != path {
			t.Errorf("the code is at %s and at %s", path, again)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != string(want) {
			t.Errorf("the code is %q, %v", got, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(cache, "tenantform", "*")); err != nil || len(left) != 1 {
		t.Errorf("the cache has %v, %v", left, err)
	}
}

func TestOwnWorker(t *testing.T) {
	spec := tenant(siloed())
	dir := t.TempDir()
	spec.Worker = &stacks.Worker{Runtime: "nodejs22.x", Handler: "index.work", Archive: dir, Concurrency: 5, Environment: map[string]string{"MODE": "fast"}}
	if got := code(t, spec); got != dir {
		t.Errorf("the code is at %s", got)
	}
	r := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), others())
	f := r.One(t, "aws:lambda/function:Function").Inputs
	if f["runtime"] != "nodejs22.x" || f["handler"] != "index.work" || f["reservedConcurrentExecutions"] != 5.0 {
		t.Errorf("worker %v", f)
	}
	if got := f["environment"].(map[string]any)["variables"].(map[string]any)["MODE"]; got != "fast" {
		t.Errorf("MODE is %v", got)
	}
}
