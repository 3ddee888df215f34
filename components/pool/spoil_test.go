package pool_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/pool"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *pool.Args) error {
		_, err := pool.New(ctx, "spoilt", a)
		return err
	})
	componenttest.Spoil(t, placementArgs, func(ctx *pulumi.Context, a *pool.PlacementArgs) error {
		_, err := pool.NewPlacement(ctx, "spoilt", a)
		return err
	})
}
