package localcloud

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/tenantform/tenantform/tenants"
)

// TestFind looks for a function in the shapes in which its inputs are written
// elsewhere: in a checkpoint, in a plan, in a program.
func TestFind(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	code := &archive.Archive{Sig: archive.ArchiveSig, Hash: "hash", Path: "/code.zip"}
	in := resource.NewPropertyMapFromMap(object{"name": "f", "role": "arn:aws:iam::111111111111:role/r", "memorySize": 256, "code": code,
		"layers": []any{}, "tags": object{"a": "b"}})
	in["description"] = resource.MakeSecret(resource.NewStringProperty("hush"))
	props, err := marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.p.Create(e.ctx, &pulumirpc.CreateRequest{Urn: urnOf(c, "lambda.Function"), Properties: props}); err != nil {
		t.Fatal(err)
	}
	checkpoint := func() object {
		return object{
			"__defaults": []any{}, "name": "f", "role": "arn:aws:iam::111111111111:role/r", "memorySize": 256, "tags": map[string]any{"a": "b"}, "timeout": nil,
			"code":        object{sig.Key: sig.ArchiveSig, "hash": "hash", "path": "elsewhere.zip"},
			"description": object{sig.Key: sig.Secret, "ciphertext": "v1:xyz"},
		}
	}
	with := func(name string, v any) object {
		m := checkpoint()
		if m[name] = v; v == "absent" {
			delete(m, name)
		}
		return m
	}
	tests := []struct {
		name   string
		inputs object
		want   int
	}{
		{"as in a checkpoint", checkpoint(), 1},
		{"the secret in plain text", with("description", object{sig.Key: sig.Secret, "plaintext": `"hush"`}), 1},
		{"the secret as the program has it", with("description", "hush"), 1},
		{"the secret masked, as in a plan", with("description", object{"$secret": true}), 1},
		{"another secret", with("description", object{sig.Key: sig.Secret, "plaintext": `"other"`}), 0},
		{"no secret", with("description", "absent"), 0},
		{"the archive itself", with("code", code), 1},
		{"other code", with("code", object{sig.Key: sig.ArchiveSig, "hash": "other"}), 0},
		{"an int for a float", with("memorySize", 256.0), 1},
		{"another size", with("memorySize", 512), 0},
		{"another tag", with("tags", object{"a": "c"}), 0},
		{"one tag more", with("tags", object{"a": "b", "c": "d"}), 0},
		{"something more", with("timeout", 9), 0},
		{"unknown", with("role", object{"$unknown": true}), 0},
		{"something less", with("memorySize", "absent"), 0},
	}
	for _, tt := range tests {
		found, err := c.Find("lambda.Function", tt.inputs)
		if err != nil || len(found) != tt.want {
			t.Errorf("%s: found %d (%v), want %d", tt.name, len(found), err, tt.want)
		}
	}
	// What Find gives can be looked for again, through JSON too.
	found, err := c.Find("lambda.Function", checkpoint())
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	data, err := json.Marshal(found[0].Inputs)
	if err != nil {
		t.Fatal(err)
	}
	var again object
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if found, err := c.Find("lambda.Function", again); err != nil || len(found) != 1 {
		t.Errorf("its own inputs find %d: %v", len(found), err)
	}
	if _, err := c.Find("aws:rds/instance:Instance", nil); err == nil {
		t.Error("a type that there is not was looked for")
	}
}

// Copies that are handed out must not reach into the store.
func TestResourcesAreCopies(t *testing.T) {
	c := start(t)
	connect(t, c, nil).must("sqs.Queue", object{"name": "q", "tags": object{"a": "b"}})
	all, err := c.Resources()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	all[0].Inputs["tags"].(object)["a"] = "changed"
	again, err := c.Get(testPlaceAccount, testRegion, "sqs.Queue", all[0].ID)
	if err != nil || again.Inputs["tags"].(object)["a"] != "b" {
		t.Errorf("got %v %v", again.Inputs, err)
	}
}

// TestLocate wants one resource: none is an answer, several are not.
func TestLocate(t *testing.T) {
	c := start(t)
	inputs := object{"description": "d"}
	if id, found, err := c.Locate(t.Context(), "kms.Key", inputs); id != "" || found || err != nil {
		t.Errorf("of none: %q %t %v", id, found, err)
	}
	e := connect(t, c, nil)
	first, _ := e.must("kms.Key", inputs)
	if id, found, err := c.Locate(t.Context(), "kms.Key", inputs); id != first || !found || err != nil {
		t.Errorf("of one: %q %t %v, want %s", id, found, err, first)
	}
	e.must("kms.Key", inputs)
	if id, found, err := c.Locate(t.Context(), "kms.Key", inputs); found || tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), first) {
		t.Errorf("of two: %q %t %v", id, found, err)
	}
	if _, _, err := c.Locate(t.Context(), "aws:rds/instance:Instance", nil); err == nil {
		t.Error("a type that is not there is looked for")
	}
}
