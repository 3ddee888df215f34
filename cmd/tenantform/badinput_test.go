package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

const goodTenant = `tenants:
  - id: birch
    name: Birch
    adminEmail: it@birch.example
    tier: free
`

// fixtures writes the files that the cases name.
func fixtures(t *testing.T, dir string) {
	t.Helper()
	for name, content := range map[string]string{
		"twice.yaml":    goodTenant + strings.TrimPrefix(goodTenant, "tenants:\n"),
		"tier.yaml":     strings.Replace(goodTenant, "tier: free", "tier: gold", 1),
		"field.yaml":    goodTenant + "    colour: blue\n",
		"empty.yaml":    "",
		"acme.yaml":     strings.ReplaceAll(goodTenant, "birch", "acme"),
		"fn/app.py":     "def handler(event, context):\n    return event\n",
		"fake.zip":      "this is no zip\n",
		"bad-fn.yaml":   "name: greet\nruntime: python3.13\nhandler: app.handler\narchive: fn\ncolour: blue\n",
		"empty-fn.yaml": "  \n",
		"no-runtime.yaml": `name: greet
handler: app.handler
archive: fn
`,
		"wrong-type.yaml": "name: greet\nruntime: python3.13\nhandler: app.handler\narchive: fn\nlayers: one\n",
		"plan.json":       "{not json",
		"code.yaml":       goodTenant + "    functions:\n      - {name: greet, runtime: python3.13, handler: app.missing, archive: fn}\n",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	write(t, filepath.Join(dir, "negative.yaml"), strings.Replace(string(tenants.DefaultTiersYAML()), "monthlyQuota: 10000\n", "monthlyQuota: -5\n", 1))
}

// TestBadInput checks that each mistake gets one line that names the place, the
// field, the value and what is allowed, exit code 2, and that nothing changed.
func TestBadInput(t *testing.T) {
	long := strings.Repeat("a", tenants.MaxIDLength+1)
	create := func(id string, more ...string) []string {
		return append([]string{"tenant", "create", id, "--name", "X", "--email", "x@x.example"}, more...)
	}
	deploy := func(more ...string) []string { return append([]string{"function", "deploy", "acme"}, more...) }
	cases := []struct {
		name string
		args []string
		env  []string
		want []string // what the line names
	}{
		{name: "unknown tier", args: create("birch", "--tier", "gold"), want: []string{"--tier", `"gold"`, "free, standard, premium"}},
		{name: "unknown tier in a file", args: []string{"tenant", "create", "--file", "FILES/tier.yaml"}, want: []string{"tier.yaml:5", "tenants.birch.tier", `"gold"`, "free, standard, premium"}},
		{name: "no tier", args: create("birch"), want: []string{"--tier is missing", "free, standard, premium"}},
		{name: "duplicate id in a file", args: []string{"tenant", "create", "--file", "FILES/twice.yaml"}, want: []string{"twice.yaml:6", "id", `"birch"`, "no other tenant"}},
		{name: "duplicate id", args: create("acme", "--tier", "free"), want: []string{"TENANT", `"acme"`, "no other tenant"}},
		{name: "duplicate id of a file", args: []string{"tenant", "create", "--file", "FILES/acme.yaml"}, want: []string{"acme.yaml", "tenants.acme.id", `"acme"`, "no other tenant"}},
		{name: "id that is no name part", args: create("Acme_1", "--tier", "free"), want: []string{"TENANT", `"Acme_1"`, "lower-case letters"}},
		{name: "id too long", args: create(long, "--tier", "free"), want: []string{"TENANT", long, "3 to 28"}},
		{name: "reserved id", args: create("pool-a", "--tier", "free"), want: []string{"TENANT", `"pool-a"`, "not reserved"}},
		{name: "unknown field", args: []string{"tenant", "create", "--file", "FILES/field.yaml"}, want: []string{"field.yaml:6", "tenants.birch.colour", "blue", "no field of this name"}},
		{name: "unknown field of a function", args: deploy("--file", "FILES/bad-fn.yaml"), want: []string{"bad-fn.yaml:5", "colour", "blue", "no field of this name"}},
		{name: "wrong type in a function's file", args: deploy("--file", "FILES/wrong-type.yaml"), want: []string{"wrong-type.yaml:5", "layers", `"one"`, "a list"}},
		{name: "empty file", args: []string{"tenant", "create", "--file", "FILES/empty.yaml"}, want: []string{"empty.yaml", "tenants"}},
		{name: "empty function file", args: deploy("--file", "FILES/empty-fn.yaml"), want: []string{"empty-fn.yaml", "is empty", "name, runtime, handler and archive"}},
		{name: "empty tiers file", args: []string{"--tiers", "FILES/empty.yaml", "tenant", "list"}, want: []string{"empty.yaml", "tiers"}},
		{name: "file that is not there", args: []string{"tenant", "create", "--file", "FILES/none.yaml"}, want: []string{"none.yaml", "cannot be read"}},
		{name: "tenant that the file lacks", args: []string{"tenant", "create", "cedar", "--file", "FILES/tier.yaml"}, want: []string{"tier.yaml", `"gold"`}},
		{name: "zip that is none", args: deploy("greet", "--source", "FILES/fake.zip", "--handler", "app.handler", "--runtime", "python3.13"), want: []string{"--source", "fake.zip", "zip"}},
		{name: "layer that is no zip", args: deploy("greet", "--source", "FILES/fn", "--handler", "app.handler", "--runtime", "python3.13", "--layer", "FILES/fake.zip"), want: []string{"--layer[0]", "fake.zip", "zip"}},
		{name: "handler that is not there", args: deploy("greet", "--source", "FILES/fn", "--handler", "app.missing", "--runtime", "python3.13"), want: []string{"--handler", `"app.missing"`}},
		{name: "handler that is not there, in a tenants file", args: []string{"tenant", "create", "--file", "FILES/code.yaml"}, want: []string{"code.yaml", "tenants.birch.functions.greet.handler", `"app.missing"`}},
		{name: "missing runtime", args: deploy("greet", "--source", "FILES/fn", "--handler", "app.handler"), want: []string{"--runtime is missing", "python3.13"}},
		{name: "missing runtime in a file", args: deploy("--file", "FILES/no-runtime.yaml"), want: []string{"no-runtime.yaml", "runtime is missing", "python3.13"}},
		{name: "unknown runtime", args: deploy("greet", "--source", "FILES/fn", "--handler", "app.handler", "--runtime", "python2.7"), want: []string{"--runtime", `"python2.7"`}},
		{name: "grant without resource", args: deploy("greet", "--source", "FILES/fn", "--handler", "app.handler", "--runtime", "python3.13", "--grant", "s3:GetObject"), want: []string{"--grant", `"s3:GetObject"`, "ACTION=RESOURCE"}},
		{name: "negative quota", args: []string{"tenant", "list", "--tiers", "FILES/negative.yaml"}, want: []string{"negative.yaml:", "tiers.free.monthlyQuota", `"-5"`, "1 to 2147483647"}},
		{name: "move to the tier it has", args: []string{"tenant", "move", "acme", "--tier", "standard", "--reason", "x"}, want: []string{"--tier", `"standard"`, "free, premium"}},
		{name: "dry run of a move to the tier it has", args: []string{"tenant", "move", "acme", "--tier", "standard", "--dry-run"}, want: []string{"--tier", `"standard"`, "free, premium"}},
		{name: "move to an unknown tier", args: []string{"tenant", "move", "acme", "--tier", "gold", "--reason", "x"}, want: []string{"--tier", `"gold"`, "free, standard, premium"}},
		{name: "move without a reason", args: []string{"tenant", "move", "acme", "--tier", "premium"}, want: []string{"--reason is missing"}},
		{name: "delete of an unknown tenant", args: []string{"tenant", "delete", "nobody", "--yes"}, want: []string{"TENANT", `"nobody"`, "one of acme"}},
		{name: "delete without --yes in a pipe", args: []string{"tenant", "delete", "acme"}, want: []string{"--yes is missing", "no terminal"}},
		{name: "unknown function", args: []string{"function", "delete", "acme", "greet", "--yes"}, want: []string{"NAME", `"greet"`, "has none"}},
		{name: "unknown stack", args: []string{"stack", "up", "castle"}, want: []string{"STACK", `"castle"`, "platform, pool-<cell>"}},
		{name: "cell that is in no catalogue", args: []string{"stack", "up", "pool-z"}, want: []string{"STACK", `"pool-z"`, "a cell"}},
		{name: "stack of an unknown tenant", args: []string{"stack", "preview", "tenant-nobody"}, want: []string{"STACK", `"tenant-nobody"`, "acme"}},
		{name: "unknown output", args: []string{"tenant", "list", "-o", "xml"}, want: []string{"--output", `"xml"`, "text, json"}},
		{name: "unknown output in a variable", args: []string{"tenant", "list"}, env: []string{"TENANTFORM_OUTPUT=xml"}, want: []string{"TENANTFORM_OUTPUT", `"xml"`, "text, json"}},
		{name: "unknown target", args: []string{"tenant", "list", "--target", "moon"}, want: []string{"--target", `"moon"`, "local, emulator, aws"}},
		{name: "unknown environment", args: []string{"tenant", "list", "--environment", "test"}, want: []string{"--environment", `"test"`, "dev, staging, production"}},
		{name: "no region", args: []string{"tenant", "list", "--region", "moon"}, want: []string{"--region", `"moon"`, "AWS region"}},
		{name: "no account", args: []string{"tenant", "list", "--account", "12"}, want: []string{"--account", `"12"`, "12 digits"}},
		{name: "one account for both", args: []string{"tenant", "list", "--functions-account", "111111111111"}, want: []string{"--functions-account", "111111111111", "other than"}},
		{name: "quiet that is neither", args: []string{"tenant", "list"}, env: []string{"TENANTFORM_QUIET=perhaps"}, want: []string{"TENANTFORM_QUIET", `"perhaps"`, "true or false"}},
		{name: "supernet", args: []string{"tenant", "list", "--supernet", "11.0.0.0/8"}, want: []string{"--supernet", "11.0.0.0/8", "10.0.0.0/8"}},
		{name: "zone", args: []string{"tenant", "list", "--zones", "eu-west-1a,moon"}, want: []string{"--zones", `"moon"`, "eu-west-1a"}},
		{name: "one zone in a variable", args: []string{"tenant", "list"}, env: []string{"TENANTFORM_FUNCTIONS_ZONES=eu-west-1a"}, want: []string{"TENANTFORM_FUNCTIONS_ZONES", "eu-west-1", "two zones"}},
		{name: "account missing on AWS", args: []string{"stack", "up", "platform", "--target", "aws", "--functions-account", "222222222222"}, want: []string{"--account is missing", "12 digits"}},
		{name: "endpoint missing for an emulator", args: []string{"stack", "up", "platform", "--target", "emulator", "--account", "111111111111", "--functions-account", "222222222222"}, want: []string{"AWS_ENDPOINT_URL is missing", "localhost"}},
		{name: "unknown flag", args: []string{"tenant", "list", "--loud"}, want: []string{"--loud", "--help"}},
		{name: "unknown command", args: []string{"tenants"}, want: []string{`"tenants"`, "tenant"}},
		{name: "unknown command of a group", args: []string{"tenant", "rename"}, want: []string{`"rename"`, "activate, config, create, deactivate, delete, get, list, move, products, reconcile, update"}},
		{name: "argument too many", args: []string{"tenant", "get", "acme", "birch"}, want: []string{`"birch"`, "1 argument"}},
		{name: "argument too few", args: []string{"tenant", "get"}, want: []string{"TENANT is missing"}},
		{name: "plan that is none", args: []string{"policy", "check", "FILES/plan.json"}, want: []string{"plan.json", "not the output of pulumi preview --json"}},
		{name: "unknown program", args: []string{"policy", "check", "--program", "moon"}, want: []string{"--program", `"moon"`, "platform, pool, tenant, functions"}},
		{name: "demo on another target", args: []string{"demo", "--target", "emulator"}, want: []string{"--target", `"emulator"`, "local"}},
		{name: "demo in a directory in use", args: []string{"demo", "--dir", "FILES"}, want: []string{"--dir", "empty"}},
		{name: "demo without files", args: []string{"demo", "--files", "FILES/nowhere", "--dir", "FILES/new"}, want: []string{"--files", "nowhere", "examples/quickstart"}},
	}
	dir, files := filepath.Join(t.TempDir(), "state"), t.TempDir()
	settled(t, dir, "acme")
	fixtures(t, files)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			args := make([]string, 0, len(c.args))
			for _, a := range c.args {
				args = append(args, strings.Replace(a, "FILES", files, 1))
			}
			before := tree(t, dir, files)
			got := commandIn(t, dir, "", c.env, args...)
			if got.code != exitInvalid {
				t.Errorf("exit code %d, want %d", got.code, exitInvalid)
			}
			if got.out != "" {
				t.Errorf("standard output: %s", got.out)
			}
			if strings.Count(got.errors, "\n") != 1 || !strings.HasPrefix(got.errors, "tenantform: ") {
				t.Errorf("standard error is not one line: %q", got.errors)
			}
			for _, want := range c.want {
				if !strings.Contains(got.errors, want) {
					t.Errorf("the line does not name %s: %s", want, got.errors)
				}
			}
			if after := tree(t, dir, files); after != before {
				t.Errorf("something changed:\n%s\nwas:\n%s", after, before)
			}
		})
	}
}

// TestBadInputLeavesNoDirectory checks that a first command that is refused
// makes nothing.
func TestBadInputLeavesNoDirectory(t *testing.T) {
	for _, args := range [][]string{
		{"tenant", "delete", "nobody", "--yes"},
		{"tenant", "create", "birch", "--tier", "gold", "--name", "X", "--email", "x@x.example"},
		{"stack", "up", "castle"},
		{"stack", "up", "platform", "--target", "aws"},
		{"tenant", "list"},
		{"stack", "list"},
		{"doctor"},
	} {
		dir := filepath.Join(t.TempDir(), "state")
		command(t, dir, args...)
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("tenantform %s made %s", strings.Join(args, " "), dir)
		}
	}
}

func TestErrorsInJSON(t *testing.T) {
	dir := t.TempDir()
	got := command(t, dir, "tenant", "create", "Nope", "--tier", "gold", "--name", "X", "--email", "x@x.example", "-o", "json")
	if got.code != exitInvalid || got.errors != "" {
		t.Errorf("exit code %d, standard error %q", got.code, got.errors)
	}
	doc := decode[errorAnswer](t, got)
	if doc.Error.Code != tenants.CodeInvalid || len(doc.Error.Fields) != 2 {
		t.Fatalf("error: %+v", doc.Error)
	}
	if f := doc.Error.Fields[1]; f.Field != "--tier" || f.Value != "gold" || f.Allowed == "" {
		t.Errorf("field: %+v", f)
	}
}

func TestSeveralProblemsAreSeveralLines(t *testing.T) {
	got := command(t, t.TempDir(), "tenant", "create", "Nope", "--tier", "gold", "--name", "X", "--email", "nobody")
	if got.code != exitInvalid || strings.Count(got.errors, "\n") != 3 || strings.Count(got.errors, "tenantform: ") != 3 {
		t.Errorf("exit code %d:\n%s", got.code, got.errors)
	}
}
