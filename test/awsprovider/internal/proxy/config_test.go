package proxy

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

func TestConfig(t *testing.T) {
	c, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	given := resource.NewPropertyMapFromMap(map[string]any{
		"region":            "eu-west-1",
		"allowedAccountIds": `["222222222222"]`,
		"assumeRole":        `{"roleArn":"arn:aws:iam::222222222222:role/deploy","sessionName":"s"}`,
	})
	got := translateConfig(c.Provider, given, names.ToBridge, asText)
	want := resource.NewPropertyMapFromMap(map[string]any{
		"region":            "eu-west-1",
		"allowedAccountIds": `["222222222222"]`,
		"assumeRoles":       `[{"roleArn":"arn:aws:iam::222222222222:role/deploy","sessionName":"s"}]`,
	})
	if !got.DeepEquals(want) {
		t.Errorf("for the bridge: %v, want %v", got, want)
	}
	if back := translateConfig(c.Provider, got, names.ToAWS, asText); !back.DeepEquals(given) {
		t.Errorf("and back: %v, want %v", back, given)
	}
	got = translateConfig(c.Provider, given, names.ToBridge, decoded)
	want["allowedAccountIds"] = resource.NewPropertyValue([]any{"222222222222"})
	want["assumeRoles"] = resource.NewPropertyValue([]any{map[string]any{"roleArn": "arn:aws:iam::222222222222:role/deploy", "sessionName": "s"}})
	if !got.DeepEquals(want) {
		t.Errorf("decoded: %v, want %v", got, want)
	}
}
