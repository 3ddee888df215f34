package crossaccount_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/crossaccount"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, sinkArgs, func(ctx *pulumi.Context, a *crossaccount.SinkArgs) error {
		_, err := crossaccount.NewSink(ctx, "spoilt", a)
		return err
	})
	componenttest.Spoil(t, linkArgs, func(ctx *pulumi.Context, a *crossaccount.LinkArgs) error {
		_, err := crossaccount.NewLink(ctx, "spoilt", a)
		return err
	})
}
