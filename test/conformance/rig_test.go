package conformance_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
)

const (
	core      = "123456789012" // whose credentials are used; the emulator's own default
	functions = "222222222222"
	region    = "eu-west-1"
)

// deadline bounds one change of one stack: the longest takes a minute and a half
// on two busy cores.
const deadline = 5 * time.Minute

// pieces are the programs that the suite needs beside the project.
type pieces struct {
	pulumi   automation.CLI
	provider string // the Terraform AWS provider
	bridge   string // Pulumi's plugin for any Terraform provider
	plugin   string // pulumi-aws itself, where it is installed; the two above are not needed then
	moto     string
}

// findPieces skips the test, with the reason, when something is missing.
func findPieces(t *testing.T) pieces {
	t.Helper()
	if testing.Short() {
		t.Skip("takes minutes; not run with -short")
	}
	p := pieces{plugin: os.Getenv("TENANTFORM_PULUMI_AWS"), provider: os.Getenv("TENANTFORM_TF_AWS_PROVIDER"), bridge: os.Getenv("TENANTFORM_TERRAFORM_BRIDGE")}
	needed := map[string]*string{"TENANTFORM_PULUMI_AWS": &p.plugin}
	if p.plugin == "" {
		needed = map[string]*string{"TENANTFORM_TF_AWS_PROVIDER": &p.provider, "pulumi's plugin for Terraform providers (tools/ensure.sh terraform-bridge)": &p.bridge}
		if p.provider == "" {
			t.Skip("TENANTFORM_TF_AWS_PROVIDER does not name a Terraform AWS provider; \"make conformance\" looks for one")
		}
		if p.bridge == "" {
			p.bridge = "../../bin/pulumi-resource-terraform-provider"
		}
	}
	for what, path := range needed {
		if _, err := os.Stat(*path); err != nil {
			t.Skipf("%s: %v", what, err)
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			t.Fatal(err)
		}
		*path = abs
	}
	var err error
	if p.moto, err = exec.LookPath("moto_server"); err != nil {
		t.Skip("moto_server is not on PATH")
	}
	if p.pulumi, err = automation.FindPulumi([]string{"../../bin/pulumi"}); err != nil {
		t.Skip(err)
	}
	return p
}

// allow lets everything through: what the policies say is tested elsewhere.
type allow struct{}

func (allow) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) {
	return policies.Report{Verdict: policies.VerdictAllow, ResourcesSeen: len(in.Plan.Resources), RulesRun: 1}, nil
}

// rig is an engine over the real provider and an emulator of AWS.
type rig struct {
	*automation.Engine
	*failures
	unserved *unserved
	report   *report
	t        *testing.T
	pieces   pieces
	endpoint string
	dir      string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, pieces: findPieces(t), dir: t.TempDir(), failures: newFailures(), report: newReport(), unserved: readUnserved(t)}
	plugins := filepath.Join(r.dir, "plugins")
	r.install(filepath.Join(plugins, "pulumi-resource-aws"))
	r.endpoint = startMoto(t, r.pieces.moto)
	env := map[string]string{
		"PATH":                        plugins + string(os.PathListSeparator) + os.Getenv("PATH"),
		"TENANTFORM_TF_AWS_PROVIDER":  r.pieces.provider,
		"TENANTFORM_TERRAFORM_BRIDGE": r.pieces.bridge,
		"TENANTFORM_AWSPROVIDER_DIR":  filepath.Join(r.dir, "awsprovider"),
		// Whatever is missing must be said, not fetched.
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		// A type that the emulator does not serve does not keep the others from being made.
		"PULUMI_CONTINUE_ON_ERROR": "true",
	}
	for k, v := range r.awsEnv() {
		t.Setenv(k, v)
	}
	e, err := automation.New(r.dir, allow{}, &automation.Options{Pulumi: r.pieces.pulumi, Env: env, Pass: automation.AWSEnvironment(), Parallel: 6, Deadline: deadline, Progress: r.failures.take})
	if err != nil {
		t.Fatal(err)
	}
	r.Engine = e
	return r
}

// install puts the provider where pulumi finds it first: pulumi-aws where it is on
// the machine, else what test/awsprovider makes of the Terraform AWS provider.
func (r *rig) install(path string) {
	r.t.Helper()
	if r.pieces.plugin != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			r.t.Fatal(err)
		}
		if err := os.Symlink(r.pieces.plugin, path); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	build := exec.CommandContext(r.t.Context(), "go", "build", "-o", path, ".")
	build.Dir = "../awsprovider"
	if out, err := build.CombinedOutput(); err != nil {
		r.t.Fatalf("the provider could not be built: %v\n%s", err, out)
	}
}

// awsEnv is what AWS's SDKs read.
func (r *rig) awsEnv() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": r.endpoint, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
		"AWS_DEFAULT_REGION": region, "AWS_MAX_ATTEMPTS": "2", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PAGER": "",
	}
}

// startMoto serves the emulator on a free port until the test ends.
func startMoto(t *testing.T, moto string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	mended, err := filepath.Abs("testdata/moto")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(moto, "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing", "PYTHONPATH="+mended)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = endsWithTest()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			tail := log.String()
			t.Logf("the emulator's last words:\n%s", tail[max(0, len(tail)-3000):])
		}
	})
	for range 300 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the emulator did not start within 30 s")
	return ""
}
