package bucket_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *bucket.Args) error {
		_, err := bucket.New(ctx, "spoilt", a)
		return err
	})
}
