package policies

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestFixtureShort(t *testing.T) {
	in, err := ParseFixture([]byte(`{"resources": [
		{"type": "tenantform:silo:Silo", "name": "acme-silo"},
		{"type": "aws:s3/bucketV2:BucketV2", "name": "files", "parent": "acme-silo", "inputs": {"bucket": "b"}},
		{"type": "aws:s3/bucketPolicy:BucketPolicy", "name": "policy", "operation": "update", "from": {"bucket": ["files"]}, "account": "222222222222"}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := in.Plan.Resources
	const bucket = "urn:pulumi:tenant-acme::tenantform::tenantform:silo:Silo$aws:s3/bucketV2:BucketV2::files"
	switch {
	case len(r) != 4, in.Plan.Stack != "tenant-acme", in.Subject.Environment != "production", len(in.Catalogue.Tiers) != 3:
		t.Errorf("%+v", in)
	case r[1].Custom || !r[2].Custom || r[1].Parent != r[0].URN:
		t.Errorf("the component: %+v", r[1])
	case r[2].URN != bucket, r[2].Operation != "create", r[2].Provider.Region != "eu-west-1", r[2].Parent != r[1].URN:
		t.Errorf("the bucket: %+v", r[2])
	case r[3].Operation != "update", r[3].Provider.Account != "222222222222", !slices.Equal(r[3].PropertyDependencies["bucket"], []string{bucket}):
		t.Errorf("the policy: %+v", r[3])
	}
}

func TestFixtureWhole(t *testing.T) {
	fsys := fstest.MapFS{"a.json": {Data: []byte(`{"version": 1, "plan": {"project": "p", "stack": "s", "resources": []}, "subject": {"program": "pool"}, "catalogue": {"tiers": []}}`)}}
	in, err := ReadFixture(fsys, "a.json")
	if err != nil || in.Plan.Project != "p" || in.Subject.Program != "pool" {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestFixtureRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":             `{`,
		"an unknown field":    `{"resource": []}`,
		"no type":             `{"resources": [{"name": "a"}]}`,
		"a name twice":        `{"resources": [{"type": "aws:a:b", "name": "a"}, {"type": "aws:a:c", "name": "a"}]}`,
		"a parent to come":    `{"resources": [{"type": "aws:a:b", "name": "a", "parent": "b"}]}`,
		"from nowhere":        `{"resources": [{"type": "aws:a:b", "name": "a", "from": {"x": ["b"]}}]}`,
		"two values":          `{"resources": []} {}`,
		"a whole one, spoilt": `{"version": 1, "plans": {}}`,
	} {
		if in, err := ParseFixture([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, in)
		}
	}
}
