package data_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/data"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, tableArgs, func(ctx *pulumi.Context, a *data.TableArgs) error {
		_, err := data.NewTable(ctx, "spoilt", a)
		return err
	})
	componenttest.Spoil(t, accessArgs, func(ctx *pulumi.Context, a *data.AccessArgs) error {
		_, err := data.NewTenantAccess(ctx, "spoilt", a)
		return err
	})
}
