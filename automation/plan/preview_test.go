package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "preview", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func planOf(t *testing.T, name string) map[string]Resource {
	t.Helper()
	p, err := FromPreviewJSON(bytes.NewReader(fixture(t, name)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if p.Project != "tenantform" || p.Stack != "dev" {
		t.Errorf("%s: project and stack are %q and %q", name, p.Project, p.Stack)
	}
	byName := map[string]Resource{}
	for _, r := range p.Resources {
		if _, twice := byName[r.Name]; twice {
			t.Errorf("%s: %s is in the plan twice", name, r.URN)
		}
		byName[r.Name] = r
	}
	return byName
}

func TestFromPreviewJSONCreate(t *testing.T) {
	rs := planOf(t, "create.json")
	silo := "urn:pulumi:dev::tenantform::tenantform:silo:Silo::acme-silo"
	vpc := "urn:pulumi:dev::tenantform::tenantform:silo:Silo$aws:ec2/vpc:Vpc::acme-vpc"
	core := Provider{URN: "urn:pulumi:dev::tenantform::pulumi:providers:aws::core", Region: "eu-west-1", Account: "111111111111"}
	log := rs["acme-flow-log"]
	want := Resource{
		URN: "urn:pulumi:dev::tenantform::tenantform:silo:Silo$aws:ec2/flowLog:FlowLog::acme-flow-log", Type: "aws:ec2/flowLog:FlowLog",
		Name: "acme-flow-log", Operation: OperationCreate, Custom: true, Parent: silo, Provider: core, Dependencies: []string{vpc},
		PropertyDependencies: map[string][]string{"vpcId": {vpc}},
		Inputs:               map[string]any{"trafficType": "ALL", "vpcId": Unknown()},
	}
	if !reflect.DeepEqual(log, want) {
		t.Errorf("the flow log is\n%+v, want\n%+v", log, want)
	}
	if got := rs["acme-grant"].Inputs["policy"]; !reflect.DeepEqual(got, Unknown()) {
		t.Errorf("a document with an unknown in it is %v, want unknown", got)
	}
	if got := rs["acme-db"]; !reflect.DeepEqual(got.Inputs["password"], Secret()) || !got.Protected {
		t.Errorf("the database is %+v, want a secret password and protection", got)
	}
	if got := rs["acme-fn"].Provider; got.Region != "eu-central-1" || got.Account != "222222222222" {
		t.Errorf("the function's provider is %+v, want that of the assumed role", got)
	}
	if got := rs["by-default-provider"].Provider; got.Region != "eu-west-1" || got.Account != "" {
		t.Errorf("the default provider is %+v, want the region of the config", got)
	}
	if got := rs["outside"]; got.Operation != OperationRead {
		t.Errorf("what is read has operation %q", got.Operation)
	}
	if got := rs["acme-silo"]; got.Custom || got.Provider != (Provider{}) {
		t.Errorf("the component is %+v, want one that is not custom and has no provider", got)
	}
}

func TestFromPreviewJSONChange(t *testing.T) {
	for _, name := range []string{"change.json", "change_steps.json"} {
		rs := planOf(t, name)
		table := rs["acme-table"]
		if table.Operation != OperationReplace || !reflect.DeepEqual(table.ReplaceKeys, []string{"name"}) || !reflect.DeepEqual(table.Changed, []string{"name"}) ||
			table.Inputs["name"] != "acme-items-2" || table.OldInputs["name"] != "acme-items" || table.ID != "" ||
			table.Protected || !reflect.DeepEqual(table.WasProtected, new(true)) {
			t.Errorf("%s: the replaced table is %+v", name, table)
		}
		if got := rs["acme-bucket"]; got.Operation != OperationDelete || got.Inputs != nil || got.OldInputs["bucket"] != "acme-files" || got.ID != "id-of-acme-bucket" {
			t.Errorf("%s: the deleted bucket is %+v", name, got)
		}
		if got := rs["acme-vpc"]; got.Operation != OperationUpdate || !reflect.DeepEqual(got.Changed, []string{"tags"}) || got.ID != "id-of-acme-vpc" {
			t.Errorf("%s: the updated VPC is %+v", name, got)
		}
		if got := rs["acme-db"]; !got.Protected || !reflect.DeepEqual(got.WasProtected, new(true)) {
			t.Errorf("%s: the protected database is %+v", name, got)
		}
		if got := rs["acme-queue"]; got.Operation != OperationCreate || got.WasProtected != nil {
			t.Errorf("%s: the created queue is %+v", name, got)
		}
		if got := rs["acme-flow-log"]; got.Operation != OperationSame || got.Inputs["vpcId"] != "id-of-acme-vpc" || len(got.PropertyDependencies["vpcId"]) != 1 {
			t.Errorf("%s: the unchanged flow log is %+v", name, got)
		}
	}
}

func TestFromPreviewJSONDestroy(t *testing.T) {
	rs := planOf(t, "destroy.json")
	if got := rs["acme-table"]; got.Operation != OperationDelete || got.Parent == "" || got.Provider.Account != "111111111111" || got.OldInputs["deletionProtectionEnabled"] != true || !reflect.DeepEqual(got.WasProtected, new(false)) {
		t.Errorf("the table is %+v", got)
	}
	if got := rs["acme-silo"]; got.Operation != OperationDelete || got.Custom {
		t.Errorf("the component is %+v", got)
	}
}

// edit gives a fixture with its document changed.
func edit(t *testing.T, name string, change func(map[string]any)) string {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal(fixture(t, name), &d); err != nil {
		t.Fatal(err)
	}
	change(d)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFromPreviewJSONRefuses(t *testing.T) {
	create := string(fixture(t, "create.json"))
	steps := func(d map[string]any) []any { return d["steps"].([]any) }
	first := func(d map[string]any) map[string]any { return steps(d)[1].(map[string]any) }
	for name, tt := range map[string]struct{ text, want string }{
		"empty":            {"", "empty"},
		"cut off":          {create[:len(create)/2], "cut off"},
		"text":             {"Previewing update (dev)", "not the output"},
		"null":             {"null", "null"},
		"a list":           {"[]", "not the output"},
		"another object":   {`{"a": 1}`, "no summary"},
		"no object":        {`{}`, "no summary"},
		"trailing":         {create + "warning: x", "follows"},
		"two previews":     {create + create, "follows"},
		"streaming":        {`{"sequence": 0, "timestamp": 1}` + "\n" + `{"sequence": 1}`, "streaming"},
		"sames missing":    {string(fixture(t, "without_sames.json")), "--show-sames"},
		"program failed":   {string(fixture(t, "program_failed.json")), "no such tenant"},
		"provider refused": {string(fixture(t, "refused.json")), "refused by the provider"},
		"protected":        {string(fixture(t, "destroy_protected.json")), "protected"},
		"empty stack":      {string(fixture(t, "destroy_empty.json")), "no resources"},
		"corrupt":          {edit(t, "create.json", func(d map[string]any) { d["maybeCorrupt"] = true }), "corrupt"},
		"no steps":         {edit(t, "create.json", func(d map[string]any) { delete(d, "steps") }), "no step"},
		"a step missing":   {edit(t, "create.json", func(d map[string]any) { d["steps"] = steps(d)[:5] }), "not whole"},
		"unknown op":       {edit(t, "create.json", func(d map[string]any) { first(d)["op"], d["changeSummary"] = "conjure", map[string]any{} }), "conjure"},
		"no URN":           {edit(t, "create.json", func(d map[string]any) { first(d)["urn"] = "acme" }), "no URN"},
		"URN without name": {edit(t, "create.json", func(d map[string]any) { first(d)["urn"] = "urn:pulumi:dev::tenantform::a:b:c::" }), "no URN"},
		"no state":         {edit(t, "create.json", func(d map[string]any) { delete(first(d), "newState") }), "lacks a state"},
		"a null step":      {edit(t, "create.json", func(d map[string]any) { d["steps"] = append(steps(d), nil) }), "no URN"},
		"another's state":  {edit(t, "create.json", func(d map[string]any) { first(d)["newState"].(map[string]any)["urn"] = "x" }), "its state is of"},
		"another type":     {edit(t, "create.json", func(d map[string]any) { first(d)["newState"].(map[string]any)["type"] = "aws:x/y:Z" }), "its state is of"},
		"two stacks":       {strings.Replace(create, "urn:pulumi:dev::tenantform::tenantform:silo:Silo::", "urn:pulumi:prod::tenantform::tenantform:silo:Silo::", 2), "another stack"},
		"only a refresh": {edit(t, "same.json", func(d map[string]any) {
			for _, s := range steps(d) {
				s.(map[string]any)["op"] = "refresh"
			}
			d["changeSummary"] = map[string]any{}
		}), "refresh"},
	} {
		p, err := FromPreviewJSON(strings.NewReader(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%s: error is %v, want an invalid one with %q", name, err, tt.want)
		}
		if len(p.Resources) != 0 {
			t.Errorf("%s: a plan came beside the error", name)
		}
	}
}

// The copy of a resource that an interrupted replacement left is deleted while
// the resource itself stays.
func TestFromPreviewJSONPendingDelete(t *testing.T) {
	text := edit(t, "same.json", func(d map[string]any) {
		for _, s := range d["steps"].([]any) {
			if s := s.(map[string]any); strings.HasSuffix(s["urn"].(string), "::acme-table") {
				d["steps"] = append(d["steps"].([]any), map[string]any{"op": "delete-replaced", "urn": s["urn"], "oldState": s["oldState"]})
			}
		}
	})
	p, err := FromPreviewJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var ops []Operation
	for _, r := range p.Resources {
		if r.Name == "acme-table" {
			ops = append(ops, r.Operation)
		}
	}
	if !reflect.DeepEqual(ops, []Operation{OperationSame, OperationDelete}) {
		t.Errorf("the table's operations are %v, want same and delete", ops)
	}
}

func TestMark(t *testing.T) {
	sig := func(kind string, more ...any) map[string]any {
		m := map[string]any{signatureKey: kind}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	for name, tt := range map[string]struct{ in, want any }{
		"text":             {"a", "a"},
		"number":           {1.5, 1.5},
		"nil":              {nil, nil},
		"unknown":          {unknownString, Unknown()},
		"within text":      {"arn:" + unknownString + ":x", Unknown()},
		"unknown number":   {unknownOthers[1], Unknown()},
		"masked":           {"[secret]", Secret()},
		"secret":           {sig(signatureSecret, "plaintext", `"x"`), Secret()},
		"output":           {sig(signatureOutput), Unknown()},
		"secret output":    {sig(signatureOutput, "value", "x", "secret", true), Secret()},
		"known output":     {sig(signatureOutput, "value", []any{unknownString}), []any{Unknown()}},
		"deep":             {map[string]any{"a": []any{unknownString, 1.0}}, map[string]any{"a": []any{Unknown(), 1.0}}},
		"about a secret":   {"the [secret] word", "the [secret] word"},
		"another sentinel": {sig("c44067f5952c0a294b673a41bacd8c17", "text", "x"), sig("c44067f5952c0a294b673a41bacd8c17", "text", "x")},
	} {
		if got := Mark(tt.in); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestProviderSettings(t *testing.T) {
	role := map[string]any{"roleArn": "arn:aws:iam::222222222222:role/tenantform-deployer"}
	for name, tt := range map[string]struct {
		in              map[string]any
		region, account string
	}{
		"none":               {nil, "", ""},
		"list":               {map[string]any{"region": "eu-west-1", "allowedAccountIds": []any{"111111111111"}}, "eu-west-1", "111111111111"},
		"JSON list":          {map[string]any{"allowedAccountIds": `["111111111111"]`}, "", "111111111111"},
		"text":               {map[string]any{"allowedAccountIds": "111111111111"}, "", "111111111111"},
		"two accounts":       {map[string]any{"allowedAccountIds": []any{"111111111111", "222222222222"}}, "", ""},
		"role":               {map[string]any{"assumeRole": role}, "", "222222222222"},
		"JSON role":          {map[string]any{"assumeRole": `{"roleArn":"arn:aws:iam::222222222222:role/x"}`}, "", "222222222222"},
		"chain of roles":     {map[string]any{"assumeRoles": []any{map[string]any{"roleArn": "arn:aws:iam::333333333333:role/x"}, role}}, "", "222222222222"},
		"JSON chain":         {map[string]any{"assumeRoles": `[{"roleArn":"arn:aws:iam::222222222222:role/x"}]`}, "", "222222222222"},
		"allowed goes first": {map[string]any{"assumeRole": role, "allowedAccountIds": []any{"111111111111"}}, "", "111111111111"},
		"unknown":            {map[string]any{"region": Unknown(), "allowedAccountIds": Unknown(), "assumeRole": Unknown()}, "", ""},
		"no account":         {map[string]any{"allowedAccountIds": []any{"x"}, "assumeRole": map[string]any{"roleArn": "x"}}, "", ""},
	} {
		if region, account := ProviderSettings(tt.in); region != tt.region || account != tt.account {
			t.Errorf("%s: %q and %q, want %q and %q", name, region, account, tt.region, tt.account)
		}
	}
}

func FuzzFromPreviewJSON(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "preview", "*.json"))
	if err != nil || len(names) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range names {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add([]byte(`{"duration":1,"changeSummary":{},"steps":[{"op":"diff","urn":"a"}]}`))
	f.Add([]byte(`{"duration":1,"changeSummary":{},"steps":[{"op":"create","urn":"urn:pulumi:a::b::c:d:e::f","newState":{"urn":"urn:pulumi:a::b::c:d:e::f","type":"c:d:e"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := FromPreviewJSON(bytes.NewReader(text))
		if err != nil {
			if len(p.Resources) != 0 || p.Stack != "" {
				t.Error("a plan came beside an error")
			}
			return
		}
		if len(p.Resources) == 0 || p.Stack == "" || p.Project == "" {
			t.Errorf("an empty plan came without an error: %+v", p)
		}
		for _, r := range p.Resources {
			if r.URN == "" || r.Type == "" || r.Operation == "" {
				t.Errorf("an incomplete resource: %+v", r)
			}
		}
		encoded, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(encoded, []byte(unknownString)) && !bytes.Contains(text, []byte(unknownString+"\":")) {
			for _, r := range p.Resources {
				if in, _ := json.Marshal(r.Inputs); bytes.Contains(in, []byte(`:"`+unknownString)) {
					t.Errorf("a raw unknown is in the inputs: %s", in)
				}
			}
		}
	})
}

// TestFromPreviewJSONHidesWrongValues keeps a value that is of another type out of
// the error: it may be a secret.
func TestFromPreviewJSONHidesWrongValues(t *testing.T) {
	const canary = "918273645"
	for _, text := range []string{`{"steps": [{"op": ` + canary + `}]}`, `{"duration": "` + canary + `"}`, `{"config": {"a": ` + canary + `}}`} {
		_, err := FromPreviewJSON(strings.NewReader(text))
		if tenants.CodeOf(err) != tenants.CodeInvalid || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "wrong type") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
