package budget_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/componenttest"
)

func TestNothingIsRegisteredBeforeARefusal(t *testing.T) {
	componenttest.Spoil(t, args, func(ctx *pulumi.Context, a *budget.Args) error {
		_, err := budget.New(ctx, "spoilt", a)
		return err
	})
}
