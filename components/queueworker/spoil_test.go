package queueworker_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/queueworker"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, func() *queueworker.Args { return args(t) }, func(ctx *pulumi.Context, a *queueworker.Args) error {
		_, err := queueworker.New(ctx, "spoilt", a)
		return err
	})
}
