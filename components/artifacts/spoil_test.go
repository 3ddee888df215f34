package artifacts_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/artifacts"
	"github.com/tenantform/tenantform/components/componenttest"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *artifacts.Args) error {
		_, err := artifacts.New(ctx, "spoilt", a)
		return err
	})
}
