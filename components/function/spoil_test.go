package function_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, func() *function.Args { return args(t) }, func(ctx *pulumi.Context, a *function.Args) error {
		_, err := function.New(ctx, "spoilt", a)
		return err
	})
}
