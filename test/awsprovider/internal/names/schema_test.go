package names_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
	"github.com/tenantform/tenantform/test/awsprovider/internal/tfschema"
)

// TestSchemaIsTheProviders asks the provider itself.
func TestSchemaIsTheProviders(t *testing.T) {
	provider := os.Getenv("TENANTFORM_TF_AWS_PROVIDER")
	if provider == "" {
		t.Skip("TENANTFORM_TF_AWS_PROVIDER does not name a Terraform AWS provider")
	}
	data, err := tfschema.Read(t.Context(), t.TempDir(), provider)
	if err != nil {
		t.Skip(err)
	}
	want, err := names.Cut(data)
	if err != nil {
		t.Fatal(err)
	}
	have, err := names.ReadSchema()
	if err != nil {
		t.Fatal(err)
	}
	haveText, err := json.Marshal(have)
	if err != nil {
		t.Fatal(err)
	}
	wantText, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(haveText) != string(wantText) {
		t.Error("schema.json is not what the provider says; run go generate ./...")
	}
}
