package service_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/service"
	"github.com/tenantform/tenantform/tenants"
)

// A service opens an account for each new tenant, and closes it with the tenant.
func Example() {
	s, err := service.New("billing", "mem://example-events", "mem://example-answers", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	s.OnCreate(func(_ context.Context, r service.Request) (service.Outputs, error) {
		if r.Tenant.CostCenter == "" {
			return nil, service.Refuse("the tenant has no cost centre; set one and try again")
		}
		r.Log.Info("an account is opened")
		return service.Outputs{"account": "B-" + r.Tenant.ID}, nil
	})
	s.OnDelete(func(context.Context, service.Request) (service.Outputs, error) { return nil, nil })

	ctx, stop := context.WithTimeout(context.Background(), 10*time.Millisecond) // a real one ends with SIGTERM: signal.NotifyContext
	defer stop()
	fmt.Println(s.Run(ctx))
	// Output: <nil>
}

// TestExampleAnswers holds the example's way of working to what the control plane sees.
func TestExampleAnswers(t *testing.T) {
	p := newPlane(t).listen()
	s := newService(t, p, nil)
	s.OnDelete(func(context.Context, service.Request) (service.Outputs, error) { return nil, nil })
	testtime.Run(t, s.Run)
	p.request("gone", "acme", tenants.OperationDelete)
	if got := p.answers(1); got[0] != "gone/1 succeeded  map[]" {
		t.Errorf("%q", got)
	}
}
