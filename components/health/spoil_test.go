package health_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/health"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, func() *health.Args { return args("a", "b") }, func(ctx *pulumi.Context, a *health.Args) error {
		_, err := health.New(ctx, "spoilt", a)
		return err
	})
}
