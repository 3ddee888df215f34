package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/tenants"
)

// text gives a configuration as Pulumi hands it to a program: text as it is,
// anything else as JSON, with the defaults of Pulumi.yaml filled in.
func text(t *testing.T, keys map[string]any) map[string]string {
	t.Helper()
	config := map[string]string{"tenantform:released": "false", "tenantform:unsigned": "false", "tenantform:eventLockDays": "0",
		"tenantform:globalElsewhere": "false", "tenantform:serviceRoleExists": "false", "aws:region": "eu-west-1"}
	for _, key := range []string{"tiers", "placements", "functions", "services", "publishers", "signers", "alarms", "deployers", "without"} {
		config["tenantform:"+key] = "[]"
	}
	for _, key := range []string{"cell", "tenantId", "name", "costCenter", "networkCidr", "signingProfile", "platformRegion", "trailKeyArn"} {
		config["tenantform:"+key] = ""
	}
	config["tenantform:tier"], config["tenantform:worker"], config["tenantform:organization"] = "{}", "{}", "{}"
	for key, v := range keys {
		if s, ok := v.(string); ok {
			config["tenantform:"+key] = s
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		config["tenantform:"+key] = string(b)
	}
	return config
}

func examples(t *testing.T) map[string]map[string]any {
	t.Helper()
	tier := asConfig(t, componenttest.Tier(tenants.ModelPool))
	return map[string]map[string]any{
		"platform": common("platform"),
		"guardrails": with(common("guardrails"), map[string]any{"deployers": []any{"ci"}, "organization": map[string]any{
			"accountId": "999999999999", "targets": []any{"ou-abcd-12345678"}, "regions": []any{"eu-west-1"},
		}}),
		"pool-a": with(common("pool"), map[string]any{"cell": "a", "tiers": []any{tier}}),
		"tenant-acme": with(common("tenant"), map[string]any{
			"tenantId": "acme", "name": "Acme", "placements": []any{map[string]any{"model": "pool", "cell": "a", "tier": tier}},
		}),
		"functions-acme": with(common("functions"), map[string]any{"tenantId": "acme", "tier": tier, "functions": []any{
			map[string]any{"name": "echo", "runtime": "python3.13", "handler": "index.handler", "archive": "code", "layers": []any{"/abs", "rel"}},
		}}),
	}
}

func TestGoodConfigurationsLoad(t *testing.T) {
	for stack, keys := range examples(t) {
		if _, err := load("tenantform", stack, "/root", text(t, keys)); err != nil {
			t.Errorf("%s: %v", stack, err)
		}
	}
}

func TestTheWorkersArchiveIsRelativeToTheProject(t *testing.T) {
	keys := examples(t)["tenant-acme"]
	keys["worker"] = map[string]any{"runtime": "python3.13", "handler": "index.handler", "archive": "code", "grants": []any{}}
	s, faults := read("tenantform", text(t, keys))
	if len(faults) > 0 || s.Worker == nil {
		t.Fatal(s.Worker, faults)
	}
	if _, _, err := s.program("/root"); err != nil || s.Worker.Archive != "/root/code" {
		t.Errorf("archive %s, %v", s.Worker.Archive, err)
	}
}

func TestTheRangeIsTheConfigurations(t *testing.T) {
	keys := examples(t)["tenant-acme"]
	keys["networkCidr"] = "10.64.16.0/20"
	if s, faults := read("tenantform", text(t, keys)); len(faults) > 0 || s.NetworkCIDR != "10.64.16.0/20" {
		t.Errorf("range %q, %v", s.NetworkCIDR, faults)
	}
}

func TestPathsAreRelativeToTheProject(t *testing.T) {
	s, faults := read("tenantform", text(t, examples(t)["functions-acme"]))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if _, _, err := s.program("/root"); err != nil {
		t.Fatal(err)
	}
	f := s.Functions[0]
	if f.Archive != "/root/code" || f.Layers[0] != "/abs" || f.Layers[1] != "/root/rel" {
		t.Errorf("archive %s, layers %v", f.Archive, f.Layers)
	}
}

func TestBadConfigurationsAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		stack  string
		change func(keys map[string]any)
		words  []string
	}{
		"no program":      {"pool-a", func(k map[string]any) { delete(k, "program") }, []string{"tenantform:program is missing", "platform, pool, tenant, functions, guardrails"}},
		"unknown program": {"pool-a", func(k map[string]any) { k["program"] = "cell" }, []string{`tenantform:program is "cell"`}},
		"no region":       {"pool-a", func(k map[string]any) { delete(k, "region") }, []string{"tenantform:region is missing"}},
		"no cell":         {"pool-a", func(k map[string]any) { delete(k, "cell") }, []string{"tenantform:cell is missing"}},
		"no tiers":        {"pool-a", func(k map[string]any) { k["tiers"] = []any{} }, []string{"tenantform:tiers is missing", "rateLimit"}},
		"unknown key":     {"pool-a", func(k map[string]any) { k["tier5"] = "x" }, []string{`tenantform:tier5 is "x"`, "the keys program, environment"}},
		"another's key":   {"pool-a", func(k map[string]any) { k["tenantId"] = "acme" }, []string{`tenantform:tenantId is "acme"`, "not a key of the program pool"}},
		"no list":         {"pool-a", func(k map[string]any) { k["tiers"] = "free" }, []string{`tenantform:tiers is "free"`, "a list"}},
		"no objects":      {"pool-a", func(k map[string]any) { k["tiers"] = []any{"free"} }, []string{`tenantform:tiers[0] is "free"`, "an object with the keys name"}},
		"text for number": {"pool-a", func(k map[string]any) { first(k, "tiers")["burstLimit"] = "ten" }, []string{`tenantform:tiers[0].burstLimit is "ten"`, "a whole number"}},
		"part of a number": {"pool-a", func(k map[string]any) { first(k, "tiers")["burstLimit"] = 1.5 },
			[]string{`tenantform:tiers[0].burstLimit is "1.5"`}},
		"misspelt":      {"pool-a", func(k map[string]any) { first(k, "tiers")["burstlimit"] = 1 }, []string{"tenantform:tiers[0].burstlimit", "burstLimit"}},
		"negative":      {"pool-a", func(k map[string]any) { first(k, "tiers")["monthlyQuota"] = -1 }, []string{`tenantform:tiers[0].monthlyQuota is "-1"`}},
		"not a boolean": {"pool-a", func(k map[string]any) { k["released"] = "yes" }, []string{`tenantform:released is "yes"`, "true or false"}},
		"wrong stack":   {"pool-b", func(map[string]any) {}, []string{"tenantform:program", "only in the stack pool-a"}},
		"wrong model":   {"tenant-acme", func(k map[string]any) { first(k, "placements")["model"] = "shared" }, []string{`tenantform:placements[0].model is "shared"`}},
		"range":         {"tenant-acme", func(k map[string]any) { k["networkCidr"] = "10.64.1.0/20" }, []string{`tenantform:networkCidr is "10.64.1.0/20"`, "first address"}},
		"taken range":   {"tenant-acme", func(k map[string]any) { k["networkCidr"] = "10.128.16.0/20" }, []string{"tenantform:networkCidr", "outside of 10.128.0.0/16"}},
		"deep misspelt": {"tenant-acme", func(k map[string]any) { first(k, "placements")["tier"].(map[string]any)["rate"] = 1 },
			[]string{`tenantform:placements[0].tier.rate is "1"`}},
		"worker's key":    {"tenant-acme", func(k map[string]any) { k["worker"] = map[string]any{"code": "x"} }, []string{"tenantform:worker.code", "an object with the keys runtime"}},
		"nobody deploys":  {"guardrails", func(k map[string]any) { delete(k, "deployers") }, []string{"tenantform:deployers is missing"}},
		"no region of it": {"guardrails", func(k map[string]any) { delete(k["organization"].(map[string]any), "regions") }, []string{"tenantform:", "egions"}},
		"lock":            {"platform", func(k map[string]any) { k["eventLockDays"] = -1 }, []string{`tenantform:eventLockDays is "-1"`}},
		"publisher":       {"platform", func(k map[string]any) { k["publishers"] = []any{"ci"} }, []string{`tenantform:publishers is "ci"`, "ARNs of roles"}},
		"no archive":      {"functions-acme", func(k map[string]any) { delete(first(k, "functions"), "archive") }, []string{"tenantform:functions[0].archive is missing"}},
		"grant's text":    {"functions-acme", func(k map[string]any) { first(k, "functions")["grants"] = "none" }, []string{`tenantform:functions[0].grants is "none"`}},
		"same account":    {"platform", func(k map[string]any) { k["functionsAccountId"] = k["accountId"] }, []string{"tenantform:functionsAccountId"}},
		"two at the same time": {"platform", func(k map[string]any) { delete(k, "region"); k["more"] = "1" },
			[]string{"tenantform:region is missing", "tenantform:more"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := c.stack
			if from == "pool-b" {
				from = "pool-a"
			}
			keys := examples(t)[from]
			c.change(keys)
			_, err := load("tenantform", c.stack, "/root", text(t, keys))
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Fatalf("code %q: %v", tenants.CodeOf(err), err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
		})
	}
}

func first(keys map[string]any, key string) map[string]any {
	return keys[key].([]any)[0].(map[string]any)
}

// Pulumi.yaml and the program must agree on the keys and their types; a key that
// not every program needs must have an empty default, else Pulumi asks for it.
func TestPulumiYAMLDeclaresTheKeys(t *testing.T) {
	raw, err := os.ReadFile("../../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Name, Runtime, Main string
		Config              map[string]struct {
			Type, Description string
			Default           any
			Items             map[string]string
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if file.Name != "tenantform" || file.Runtime != "go" || file.Main != "./stacks/program" {
		t.Errorf("project %s, runtime %s, main %s", file.Name, file.Runtime, file.Main)
	}
	kinds := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer",
		reflect.Slice: "array", reflect.Struct: "object", reflect.Pointer: "object"}
	typ := reflect.TypeFor[settings]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := f.Tag.Get("json")
		declared, ok := file.Config[key]
		delete(file.Config, key)
		if !ok {
			t.Errorf("Pulumi.yaml does not declare %s", key)
			continue
		}
		if declared.Type != kinds[f.Type.Kind()] || declared.Description == "" {
			t.Errorf("%s is declared as %q with the description %q", key, declared.Type, declared.Description)
		}
		everywhere := len(strings.Fields(f.Tag.Get("need"))) == len(programs())
		if everywhere != (declared.Default == nil) {
			t.Errorf("%s: needed by every program %v, default %v", key, everywhere, declared.Default)
		}
	}
	for key := range file.Config {
		t.Errorf("the program does not know %s", key)
	}
}
