package tenantfunction_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/tenantfunction"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, func() *tenantfunction.Args { return args(t) }, func(ctx *pulumi.Context, a *tenantfunction.Args) error {
		_, err := tenantfunction.New(ctx, "spoilt", a)
		return err
	})
}
