package archive_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/archive"
	"github.com/tenantform/tenantform/components/componenttest"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *archive.Args) error {
		_, err := archive.New(ctx, "spoilt", a)
		return err
	})
}
