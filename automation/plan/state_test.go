package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

const (
	stateURN = "urn:pulumi:dev::tenantform::"
	canary   = "canary-7f3d"
)

// exported is a state with a provider, a component, a bucket that stays, one that
// was replaced and is not deleted yet, one that is read, and secrets.
const exported = `{"version": 3, "deployment": {
	"manifest": {"time": "2026-01-02T03:04:05Z", "magic": "m", "version": "v3.256.0"},
	"secrets_providers": {"type": "passphrase", "state": {"salt": "` + canary + `"}},
	"resources": [
		{"urn": "` + stateURN + `pulumi:pulumi:Stack::tenantform-dev", "custom": false, "type": "pulumi:pulumi:Stack", "outputs": {"token": "` + canary + `"}},
		{"urn": "` + stateURN + `pulumi:providers:aws::core", "custom": true, "id": "p1", "type": "pulumi:providers:aws",
			"inputs": {"region": "eu-west-1", "allowedAccountIds": "[\"111111111111\"]", "secretKey": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "\"` + canary + `\""}}},
		{"urn": "` + stateURN + `aws:s3/bucketV2:BucketV2::files", "custom": true, "id": "files-1", "type": "aws:s3/bucketV2:BucketV2", "protect": true,
			"parent": "` + stateURN + `pulumi:pulumi:Stack::tenantform-dev", "provider": "` + stateURN + `pulumi:providers:aws::core::p1",
			"inputs": {"bucket": "files", "password": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "` + canary + `"},
				"later": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"},
			"outputs": {"arn": "` + canary + `"}, "propertyDependencies": {"bucket": []}},
		{"urn": "` + stateURN + `aws:s3/bucketV2:BucketV2::files", "custom": true, "delete": true, "id": "files-0", "type": "aws:s3/bucketV2:BucketV2", "inputs": {"bucket": "old"}},
		{"urn": "` + stateURN + `aws:s3/bucketV2:BucketV2::theirs", "custom": true, "external": true, "id": "theirs", "type": "aws:s3/bucketV2:BucketV2", "inputs": {}}
	]}}`

func TestFromStateJSON(t *testing.T) {
	p, err := FromStateJSON(strings.NewReader(exported))
	if err != nil {
		t.Fatal(err)
	}
	if p.Project != "tenantform" || p.Stack != "dev" || len(p.Resources) != 4 || !p.Empty() {
		t.Fatalf("%+v", p)
	}
	inputs := map[string]any{"bucket": "files", "password": Secret(), "later": Unknown()}
	want := Resource{
		URN: stateURN + "aws:s3/bucketV2:BucketV2::files", Type: "aws:s3/bucketV2:BucketV2", Name: "files", // no id: an input is secret
		Operation: OperationSame, Custom: true, Protected: true, WasProtected: new(true), Inputs: inputs, OldInputs: inputs, Parent: stateURN + "pulumi:pulumi:Stack::tenantform-dev",
		Provider: Provider{URN: stateURN + "pulumi:providers:aws::core", Region: "eu-west-1", Account: "111111111111"},
	}
	if got := p.Resources[2]; !reflect.DeepEqual(got, want) {
		t.Errorf("the bucket is\n%+v, want\n%+v", got, want)
	}
	if got := p.Resources[3]; got.Operation != OperationRead || got.Name != "theirs" || got.ID != "theirs" {
		t.Errorf("what is only read is %+v", got)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(canary)) {
		t.Errorf("a secret is in the plan:\n%s", text)
	}
}

// TestFromStateJSONLeftover keeps what waits for its deletion and has no successor.
func TestFromStateJSONLeftover(t *testing.T) {
	p, err := FromStateJSON(strings.NewReader(`{"version": 4, "deployment": {"resources": [
		{"urn": "` + stateURN + `aws:s3/bucketV2:BucketV2::files", "custom": true, "delete": true, "id": "1", "type": "aws:s3/bucketV2:BucketV2"},
		{"urn": "` + stateURN + `aws:s3/bucketV2:BucketV2::files", "custom": true, "delete": true, "id": "2", "type": "aws:s3/bucketV2:BucketV2"}]}}`))
	if err != nil || len(p.Resources) != 1 || p.Resources[0].ID != "1" || p.Resources[0].Operation != OperationSame {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestFromStateJSONRefused(t *testing.T) {
	resource := `{"urn": "` + stateURN + `aws:a:b::c", "custom": true, "id": "1", "type": "aws:a:b"}`
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":            {"", "it is empty"},
		"null":               {"null", "it is null"},
		"no JSON":            {"Error", "not the output of pulumi stack export"},
		"cut off":            {exported[:400], "cut off"},
		"a preview":          {`{"steps": [], "duration": 1}`, "no deployment"},
		"a backend's file":   {`{"version": 3, "checkpoint": {"stack": "s"}}`, "backend's own file"},
		"another version":    {`{"version": 5, "deployment": {}}`, "version 5"},
		"two":                {exported + "{}", "something follows"},
		"pending operations": {`{"version": 3, "deployment": {"resources": [` + resource + `], "pending_operations": [{"type": "creating"}]}}`, "interrupted"},
		"a resource twice":   {`{"version": 3, "deployment": {"resources": [` + resource + `,` + resource + `]}}`, "twice"},
		"no URN":             {`{"version": 3, "deployment": {"resources": [{"urn": "x", "type": "aws:a:b"}]}}`, "no URN"},
		"two stacks":         {`{"version": 3, "deployment": {"resources": [` + resource + `,` + strings.ReplaceAll(resource, ":dev:", ":prod:") + `]}}`, "another stack"},
		"a wrong type":       {`{"version": 3, "deployment": {"resources": [{"urn": "u", "inputs": "` + canary + `"}]}}`, "wrong type"},
	} {
		p, err := FromStateJSON(strings.NewReader(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || tenants.CodeOf(err) != tenants.CodeInvalid || len(p.Resources) > 0 {
			t.Errorf("%s: %+v, %v; want %q", name, p, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error holds a value: %v", name, err)
		}
	}
	if _, err := FromStateJSON(strings.NewReader(`{"version": 3, "deployment": {"manifest": {}}}`)); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty stack: %v", err)
	}
}

func FuzzFromStateJSON(f *testing.F) {
	f.Add([]byte(exported))
	f.Add([]byte(`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:a::b::c:d:e::f","type":"c:d:e","delete":true}]}}`))
	f.Add([]byte(`{"version":3,"deployment":{"resources":[{"inputs":{"a":[{"4dabf18193072939515e22adb298388d":1}]}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := FromStateJSON(bytes.NewReader(text))
		if err != nil {
			if len(p.Resources) != 0 || p.Stack != "" {
				t.Error("a plan came beside an error")
			}
			return
		}
		if len(p.Resources) == 0 || p.Stack == "" || p.Project == "" || !p.Empty() {
			t.Errorf("a state came to %+v", p)
		}
		seen := map[string]bool{}
		for _, r := range p.Resources {
			if r.URN == "" || r.Type == "" || seen[r.URN] {
				t.Errorf("an incomplete or repeated resource: %+v", r)
			}
			seen[r.URN] = true
		}
		encoded, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(encoded, []byte(`"`+signatureKey+`":"`+signatureSecret+`"`)) {
			t.Error("a secret is not marked")
		}
	})
}
