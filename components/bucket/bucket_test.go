package bucket_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

func args() *bucket.Args {
	return &bucket.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(),
		Name: "acme-data-111111111111-eu-west-1", KeyARN: pulumi.String("arn:key"),
	}
}

func program(a *bucket.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := bucket.New(ctx, "acme-files", a)
		return err
	}
}

func TestBucketIsClosed(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	block := r.One(t, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").Inputs
	for _, key := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if block[key] != true {
			t.Errorf("%s is %v", key, block[key])
		}
	}
	if got := r.One(t, "aws:s3/bucketOwnershipControls:BucketOwnershipControls").Inputs["rule"].(map[string]any)["objectOwnership"]; got != "BucketOwnerEnforced" {
		t.Errorf("ownership %v", got)
	}
	rule := r.One(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
	sse := rule["applyServerSideEncryptionByDefault"].(map[string]any)
	if sse["sseAlgorithm"] != "aws:kms" || sse["kmsMasterKeyId"] != "arn:key" {
		t.Errorf("encryption %v", sse)
	}
	s := componenttest.Statements(t, r.One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"])[0]
	if s.Effect != "Deny" || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" || len(s.Resource) != 2 || s.Action[0] != "s3:*" {
		t.Errorf("plain HTTP: %+v", s)
	}
	if got := r.One(t, "aws:s3/bucketVersioningV2:BucketVersioningV2").Inputs["versioningConfiguration"].(map[string]any)["status"]; got != "Enabled" {
		t.Errorf("versions %v", got)
	}
	if got := r.One(t, "aws:s3/bucketV2:BucketV2").Inputs["forceDestroy"]; got != false {
		t.Errorf("forceDestroy %v", got)
	}
}

func TestOldVersionsAreKeptLongerInProduction(t *testing.T) {
	for environment, want := range map[string]float64{location.Dev: 7, location.Production: 90} {
		a := args()
		a.Location.Environment = environment
		r := componenttest.MustRun(t, "test", program(a), nil)
		rule := r.One(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
		if got := rule["noncurrentVersionExpiration"].(map[string]any)["noncurrentDays"]; got != want {
			t.Errorf("%s: %v days, want %v", environment, got, want)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bucket.Args)
		words  []string
	}{
		"no name":    {func(a *bucket.Args) { a.Name = "" }, []string{"Name is missing"}},
		"upper case": {func(a *bucket.Args) { a.Name = "Acme" }, []string{"Name", "Acme"}},
		"long name":  {func(a *bucket.Args) { a.Name = strings.Repeat("b", 64) }, []string{"1 to 63"}},
		"no key":     {func(a *bucket.Args) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "bucket", "acme-files")...)
		})
	}
}
