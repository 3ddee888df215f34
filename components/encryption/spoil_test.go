package encryption_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *encryption.Args) error {
		_, err := encryption.New(ctx, "spoilt", a)
		return err
	})
}
