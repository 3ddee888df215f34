package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// pulumiCLI finds the command: TENANTFORM_PULUMI, bin/pulumi, PATH.
func pulumiCLI(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TENANTFORM_PULUMI"); path != "" {
		return path
	}
	if path, err := filepath.Abs("../../bin/pulumi"); err == nil {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath("pulumi")
	if err != nil {
		t.Skip("the pulumi command is not here: set TENANTFORM_PULUMI, or run make bin/pulumi")
	}
	return path
}

// built is the directory of the compiled program; TestMain removes it.
var built string

// build compiles the program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tenantform-program")
	if err != nil {
		return "", err
	}
	built = dir
	binary := filepath.Join(dir, "program")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// project is a directory with Pulumi.yaml, a file backend and a local cloud.
type project struct {
	t     *testing.T
	dir   string
	cli   string
	host  *languageHost
	addr  string
	cloud *localcloud.Cloud
	env   []string
}

func newProject(t *testing.T) *project {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs the pulumi command")
	}
	cli := pulumiCLI(t)
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir(), cli: cli}
	p.host, p.addr = serveLanguage(t, binary)
	yaml, err := os.ReadFile("../../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p.write("Pulumi.yaml", yaml)
	for _, dir := range []string{"stacks/program", "state", "code"} {
		if err := os.MkdirAll(filepath.Join(p.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.write("code/index.py", []byte("def handler(event, context):\n    return event\n"))
	if p.cloud, err = localcloud.Start(context.WithoutCancel(t.Context()), filepath.Join(p.dir, "cloud"), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.cloud.Close(); err != nil {
			t.Error(err)
		}
	})
	p.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "PULUMI_HOME=" + filepath.Join(p.dir, "home"),
		"PULUMI_BACKEND_URL=file://" + filepath.Join(p.dir, "state"), "PULUMI_CONFIG_PASSPHRASE=for tests",
		"PULUMI_SKIP_UPDATE_CHECK=1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=1",
	}
	for k, v := range p.cloud.Env() {
		p.env = append(p.env, k+"="+v)
	}
	return p
}

func (p *project) write(name string, text []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), text, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// configure writes a stack's configuration; JSON is YAML.
func (p *project) configure(stack string, keys map[string]any) {
	p.t.Helper()
	config := map[string]any{}
	for k, v := range keys {
		config["tenantform:"+k] = v
	}
	file := filepath.Join(p.dir, "Pulumi."+stack+".yaml")
	salt := ""
	if old, err := os.ReadFile(file); err == nil {
		for line := range strings.Lines(string(old)) {
			if strings.HasPrefix(line, "encryptionsalt:") {
				salt = line
			}
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("Pulumi."+stack+".yaml", []byte(salt+"config: "+string(text)+"\n"))
}

// run runs the command and gives what it printed.
func (p *project) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.cli, append(args, "--cwd", p.dir, "--non-interactive")...)
	cmd.Env = p.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (p *project) must(args ...string) string {
	p.t.Helper()
	out, err := p.run(args...)
	if err != nil {
		p.t.Fatalf("pulumi %s: %v\n%s\nthe program said: %s", strings.Join(args, " "), err, out, p.host.said())
	}
	return out
}

func (p *project) up(stack string) string {
	p.t.Helper()
	return p.must("up", "--stack", stack, "--yes", "--skip-preview", "--client", p.addr, "--exec-kind", "auto.inline")
}

func (p *project) outputs(stack string) map[string]any {
	p.t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(p.must("stack", "output", "--json", "--stack", stack)), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func common(program string) map[string]any {
	return map[string]any{
		"program": program, "environment": "dev", "region": "eu-west-1",
		"accountId": "111111111111", "functionsAccountId": "222222222222",
	}
}

func with(keys map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		keys[k] = v
	}
	return keys
}

// asConfig gives a value as it stands in a file.
func asConfig(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPulumiUpRunsEveryProgram(t *testing.T) {
	p := newProject(t)
	pooled, siloed := asConfig(t, componenttest.Tier(tenants.ModelPool)), asConfig(t, componenttest.Tier(tenants.ModelSilo))
	poolPlacement := map[string]any{"model": "pool", "cell": "a", "tier": pooled}
	siloPlacement := map[string]any{"model": "silo", "tier": siloed}
	acme := func(placements ...map[string]any) map[string]any {
		return with(common("tenant"), map[string]any{"tenantId": "acme", "name": "Acme", "placements": placements})
	}
	configs := map[string]map[string]any{
		"platform":    with(common("platform"), map[string]any{"services": []any{"billing"}}),
		"guardrails":  with(common("guardrails"), map[string]any{"deployers": []any{"ci"}}),
		"pool-a":      with(common("pool"), map[string]any{"cell": "a", "tiers": []any{pooled}}),
		"tenant-acme": acme(poolPlacement),
		"functions-acme": with(common("functions"), map[string]any{"tenantId": "acme", "tier": pooled, "functions": []any{
			map[string]any{"name": "echo", "runtime": "python3.13", "handler": "index.handler", "archive": "code"},
		}}),
	}
	stacks := []string{"guardrails", "platform", "pool-a", "tenant-acme", "functions-acme"}
	for _, stack := range stacks {
		p.configure(stack, configs[stack])
		p.must("stack", "init", stack)
		p.gate(stack, "free")
		p.up(stack)
		if again := p.up(stack); !strings.Contains(again, " unchanged") || strings.Contains(again, " updated") || strings.Contains(again, " created") {
			t.Errorf("a second run of %s changes something:\n%s", stack, again)
		}
	}
	if out := p.outputs("tenant-acme"); out["tenantId"] != "acme" || out["tier"] != "free" || out["model"] != "pool" {
		t.Errorf("the tenant's outputs are %v", out)
	} else if placements, _ := out["placements"].(map[string]any); placements["pool/a"] == nil {
		t.Errorf("the tenant's placements are %v", out["placements"])
	} else if place := placements["pool/a"].(map[string]any); place["apiKey"] != "[secret]" || place["apiKeyId"] == "[secret]" {
		t.Errorf("the tenant's placement is %v", place)
	}
	if out, _ := p.outputs("functions-acme")["functions"].(map[string]any); out["echo"] == nil {
		t.Errorf("the functions' outputs are %v", out)
	}

	p.configure("tenant-acme", acme(poolPlacement, siloPlacement))
	p.gate("tenant-acme", "free", "premium")
	p.up("tenant-acme")
	released := map[string]any{"model": "pool", "cell": "a", "tier": pooled, "released": true}
	p.configure("tenant-acme", acme(released, siloPlacement))
	p.up("tenant-acme")
	p.configure("tenant-acme", acme(siloPlacement))
	p.up("tenant-acme")
	if out := p.outputs("tenant-acme"); out["tenantId"] != "acme" || out["tier"] != "premium" || out["model"] != "silo" {
		t.Errorf("after the move the tenant's outputs are %v", out)
	}
	if out, err := p.run("destroy", "--stack", "tenant-acme", "--yes", "--skip-preview"); err == nil {
		t.Errorf("a protected silo was destroyed:\n%s", out)
	}
	siloPlacement["released"] = true
	p.configure("tenant-acme", acme(siloPlacement))
	p.up("tenant-acme")

	for _, stack := range []string{"functions-acme", "tenant-acme", "pool-a", "platform", "guardrails"} {
		p.must("destroy", "--stack", stack, "--yes", "--skip-preview")
	}
	left, err := p.cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPulumiUpSaysWhatIsWrong(t *testing.T) {
	p := newProject(t)
	p.configure("pool-a", with(common("pool"), map[string]any{"cell": "a", "tiers": []any{map[string]any{"name": "free", "quota": 5}}}))
	p.must("stack", "init", "pool-a")
	out, err := p.run("up", "--stack", "pool-a", "--yes", "--skip-preview", "--client", p.addr, "--exec-kind", "auto.inline")
	if err == nil {
		t.Fatalf("an unknown key was accepted:\n%s", out)
	}
	if !strings.Contains(out, `tenantform:tiers[0].quota is "5"`) {
		t.Errorf("the output does not name the key:\n%s", out)
	}
	left, err := p.cloud.Resources()
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
