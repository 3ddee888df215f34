package workflows

import (
	"context"
	"sync"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// paper is an engine that brings nothing up.
type paper struct {
	mu   sync.Mutex
	fail func(call, stack string) error
	seen []string // calls and stacks
}

func (p *paper) run(call string, s automation.Stack) (automation.Result, error) {
	p.mu.Lock()
	p.seen = append(p.seen, call+" "+s.Name)
	fail := p.fail
	p.mu.Unlock()
	if fail != nil {
		err := fail(call, s.Name)
		res := automation.Result{}
		if tenants.CodeOf(err) == tenants.CodeForbidden {
			res.Report.Verdict = policies.VerdictDeny
		}
		return res, err
	}
	return automation.Result{}, nil
}

func (p *paper) Preview(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("preview", s)
}

func (p *paper) Up(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("up", s)
}

func (p *paper) Destroy(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("destroy", s)
}

func (p *paper) PreviewDestroy(context.Context, automation.Stack) (automation.Result, error) {
	return automation.Result{}, nil
}

func (p *paper) Refresh(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("refresh", s)
}

// Hold lets everybody have everything: the ledger has one operation a tenant.
func (p *paper) Hold(string) (func(), error) { return func() {}, nil }
