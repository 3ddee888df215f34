package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/funcarchive"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

func TestQuickstart(t *testing.T) {
	c, err := tenantfile.ReadCatalogue("quickstart/tiers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := tenantfile.ReadTenants("quickstart/tenants.yaml", c)
	if err != nil {
		t.Fatal(err)
	}
	placed := map[string]string{}
	for _, v := range all {
		tier, err := c.Tier(v.Tier)
		if err != nil {
			t.Fatal(err)
		}
		placed[v.ID] = v.Tier + " in " + tier.Placement().String()
		for _, f := range v.Functions {
			if err := funcarchive.CheckFunction(v.ID+"."+f.Name, f); err != nil {
				t.Error(err)
			}
		}
	}
	want := map[string]string{"acme": "standard in pool/a", "birch": "free in pool/a", "cedar": "premium in silo"}
	if !reflect.DeepEqual(placed, want) {
		t.Errorf("placed %v, want %v", placed, want)
	}
	if f := all[0].Functions; len(f) != 1 || len(f[0].Grants) != 0 || len(f[0].Layers) != 1 {
		t.Errorf("acme's functions are %+v; the demo needs one without grants and with a layer", f)
	}
	leaky, err := tenantfile.ReadFunction("quickstart/leaky.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := funcarchive.CheckFunction("leaky", leaky); err != nil {
		t.Error(err)
	}
	if len(leaky.Grants) == 0 {
		t.Error("leaky asks for nothing: there is nothing to refuse")
	}
}

// TestQuickstartREADME checks the error that the README shows.
func TestQuickstartREADME(t *testing.T) {
	readme, err := os.ReadFile("quickstart/README.md")
	if err != nil {
		t.Fatal(err)
	}
	tiers, err := os.ReadFile("quickstart/tiers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tenantfile.ParseCatalogue("tiers.yaml", []byte(strings.Replace(string(tiers), "monthlyQuota: 10000\n", "monthlyQuota: -1\n", 1)))
	if tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(string(readme), "\n"+err.Error()+"\n") {
		t.Errorf("the README does not show\n%v", err)
	}
}

// TestGreeting runs the example's code as Lambda would: the function's files
// and the layer's python directory on the path.
func TestGreeting(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 on this machine to run the function with")
	}
	tests := map[string]struct{ input, want, log string }{
		"default language": {`{"customer":"Ada"}`, `{"correlationId":"c-1","output":{"greeting":"Hello, Ada!"}}`, "greeting requested"},
		"german":           {`{"customer":"Ada","language":"de"}`, `{"correlationId":"c-1","output":{"greeting":"Guten Tag, Ada!"}}`, "greeting requested"},
		"no customer":      {`{}`, `{"correlationId":"c-1","error":{"code":"invalid","message":"input.customer is missing"}}`, "greeting refused"},
		"no such language": {`{"customer":"Ada","language":"tlh"}`, `{"correlationId":"c-1","error":{"code":"invalid","message":"input.language is 'tlh'; allowed: de, en, fr"}}`, "greeting refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			layer, err := filepath.Abs("quickstart/layers/greeting-lib/python")
			if err != nil {
				t.Fatal(err)
			}
			event := `{"tenant":{"id":"acme","tier":"standard"},"correlationId":"c-1","input":` + tt.input + `}`
			cmd := exec.Command(python, "-B", "-c", "import json, sys; from app import handler; r = handler(json.loads(sys.argv[1]), None); print(json.dumps(r))", event)
			cmd.Dir = "quickstart/functions/greeting"
			cmd.Env = append(os.Environ(), "PYTHONPATH="+layer)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			var got, want any
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %s\nwant %s", lines[len(lines)-1], tt.want)
			}
			logged := strings.Join(lines[:len(lines)-1], "\n")
			if !strings.Contains(logged, tt.log) || !strings.Contains(logged, `"correlationId": "c-1"`) {
				t.Errorf("logged:\n%s", logged)
			}
		})
	}
}
