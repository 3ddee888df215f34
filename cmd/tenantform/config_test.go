package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/stacks"
)

func TestConfigCheck(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	good := write(t, filepath.Join(dir, "good.yaml"), "server: {address: \"127.0.0.1:1\"}\nworker: {slots: 3}\n")
	services := write(t, filepath.Join(dir, "services.yaml"), "services:\n  - name: Billing\n")
	for _, c := range []struct {
		args   []string
		env    []string
		code   int
		out    string
		errors []string
	}{
		{args: []string{"config", "check"}, out: "the settings are good; 1 setting given\n"}, // the tests' directory
		{args: []string{"config", "check", "--config", good}, out: "the settings are good; 3 settings given\n"},
		{args: []string{"config", "check"}, env: []string{"TENANTFORM_CONFIG=" + good}, out: "the settings are good; 3 settings given\n"},
		{args: []string{"config", "check", "--for", "moon"}, code: exitInvalid, errors: []string{`--for is "moon"; allowed: serve, worker or dev`}},
		{args: []string{"config", "check", "--config", "nowhere.yaml"}, code: exitInvalid, errors: []string{"nowhere.yaml"}},
		{args: []string{"config", "check", "--for", "serve"}, code: exitInvalid, errors: []string{"auth.issuer is missing", "events.answers is missing", "events.deadLetters is missing"}},
		{args: []string{"config", "check", "--for", "dev"}, out: "the settings are good; 1 setting given\n"},
		{args: []string{"config", "check", "--log-level", "loud", "--region", "moon"}, env: []string{"TENANTFORM_LOG_FORMAT=xml"}, code: exitInvalid,
			errors: []string{`--log-level is "loud"`, `--region is "moon"`, `TENANTFORM_LOG_FORMAT is "xml"`}},
		{args: []string{"config", "check", "--supernet", "8.8.8.0/24", "--zones", "moon-1a"}, code: exitInvalid, errors: []string{"--supernet is", "--zones"}},
		{args: []string{"config", "check", "--services", services}, code: exitInvalid, errors: []string{services + ":2: services"}},
		{args: []string{"config", "check", "--worker-weights", "gold=2"}, code: exitInvalid, errors: []string{`--worker-weights is "gold"`}},
		{args: []string{"config", "check", "--store-password", "x"}, code: exitInvalid, errors: []string{"unknown flag: --store-password"}},
		{args: []string{"serve", "--store-password", "x"}, code: exitInvalid, errors: []string{"unknown flag: --store-password"}},
		{args: []string{"serve", "--worker-slots", "1"}, code: exitInvalid, errors: []string{"unknown flag: --worker-slots"}},
		{args: []string{"serve"}, code: exitInvalid, errors: []string{"auth.issuer is missing"}},
		{args: []string{"worker"}, code: exitInvalid, errors: []string{"events.topic is missing"}},
		{args: []string{"dev", "--target", "aws"}, code: exitInvalid, errors: []string{`--target is "aws"; allowed: local`}},
		{args: []string{"dev", "--output", "xml"}, code: exitInvalid, errors: []string{`--output is "xml"`}},
	} {
		a := commandIn(t, dir, "", c.env, c.args...)
		if a.code != c.code || a.out != c.out {
			t.Errorf("%v: %d %q %q", c.args, a.code, a.out, a.errors)
		}
		for _, want := range c.errors {
			if !strings.Contains(a.errors, want) {
				t.Errorf("%v: %q does not say %q", c.args, a.errors, want)
			}
		}
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 2 {
		t.Errorf("a check has made %v", found)
	}
}

func TestConfigShow(t *testing.T) {
	const canary = "c4n4ry-s3cret"
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "s.yaml"), "store:\n  url: postgres://u@db/x\n  password: "+canary+"\ntraces:\n  headers: \"authorization="+canary+"\"\n")
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"TENANTFORM_TEMPORAL_API_KEY=" + canary, "TENANTFORM_MAIL_SMTP_PASSWORD=" + canary, "TENANTFORM_MAIL_SMTP_USERNAME=u"}
	for _, form := range []string{"text", "json"} {
		a := commandIn(t, dir, "", env, "config", "show", "--config", file, "-o", form, "--server-address", "127.0.0.1:7")
		if a.code != exitDone || strings.Contains(a.out+a.errors, canary) {
			t.Errorf("%s: %d %s%s", form, a.code, a.out, a.errors)
		}
		if form == "json" {
			shown := decode[[]settings.Shown](t, a)
			for _, want := range []settings.Shown{
				{Name: "store.password", Value: "(secret)", Source: file + ":3"}, {Name: "temporal.apiKey", Value: "(secret)", Source: "TENANTFORM_TEMPORAL_API_KEY"},
				{Name: "server.address", Value: "127.0.0.1:7", Source: "--server-address"}, {Name: "worker.grace", Value: "20s", Source: "default"},
				{Name: "dir", Value: dir, Source: "TENANTFORM_DIR"},
			} {
				if !slices.Contains(shown, want) {
					t.Errorf("%+v is not shown: %+v", want, shown)
				}
			}
			if len(shown) != len(settings.Table()) {
				t.Errorf("%d settings are shown", len(shown))
			}
		}
	}
	if a := commandIn(t, dir, "", nil, "config", "show", "--for", "worker"); a.code != exitDone || strings.Contains(a.out, "server.address") || !strings.Contains(a.out, "events.topic") {
		t.Errorf("for worker: %d %s%s", a.code, a.out, a.errors)
	}
}

// TestFlagsAreSettings: a flag that every command has, and is a setting too, has
// the same default; and what settings cannot import is what they think.
func TestFlagsAreSettings(t *testing.T) {
	var g globals
	root := &cobra.Command{}
	g.add(root)
	table := map[string]settings.Setting{}
	for _, s := range settings.Table() {
		table[s.Flag] = s
	}
	shared := 0
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		s, ok := table[f.Name]
		if !ok {
			return
		}
		shared++
		if s.Default != strings.Trim(f.DefValue, "[]") {
			t.Errorf("--%s is %q by default, and the setting %q", f.Name, f.DefValue, s.Default)
		}
		if want := "TENANTFORM_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")); s.Env != want {
			t.Errorf("--%s is %s, and the setting %s", f.Name, want, s.Env)
		}
	})
	if shared != 11 {
		t.Errorf("%d flags are settings", shared)
	}
	if table["supernet"].Default != stacks.DefaultSupernet || settings.LocalAccount != localAccount || settings.LocalFunctionsAccount != localFunctionsAccount {
		t.Error("a default of the settings is not that of the command")
	}
}
