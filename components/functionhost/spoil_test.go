package functionhost_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/functionhost"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *functionhost.Args) error {
		_, err := functionhost.New(ctx, "spoilt", a)
		return err
	})
}
