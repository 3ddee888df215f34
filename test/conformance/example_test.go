package conformance_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestExample runs the short program of examples/blueprints/worker on the
// provider, by a test of its own: a program is nobody's package.
func TestExample(t *testing.T) {
	t.Setenv("MOTO_ACCOUNT_ID", "111111111111") // the program's; the emulator has another by itself
	r := newRig(t)
	test := exec.CommandContext(t.Context(), "go", "test", "-count", "1", "-v", "-run", "^TestOnTheProvider$", ".")
	test.Dir = "../../examples/blueprints/worker"
	test.Env = append(os.Environ(),
		"TENANTFORM_EXAMPLE_ON_PROVIDER=1",
		"TENANTFORM_PULUMI="+r.pieces.pulumi.Path,
		"TENANTFORM_TF_AWS_PROVIDER="+r.pieces.provider,
		"TENANTFORM_TERRAFORM_BRIDGE="+r.pieces.bridge,
		"TENANTFORM_AWSPROVIDER_DIR="+filepath.Join(r.dir, "awsprovider"),
		"PATH="+filepath.Join(r.dir, "plugins")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
	)
	out, err := test.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestOnTheProvider")) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
