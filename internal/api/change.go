package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// Writing are the parameters that every write has.
type Writing struct {
	DryRun         bool   `query:"dryRun" doc:"Check, say what would be done, and change nothing; the answer is a 200"`
	IdempotencyKey string `header:"Idempotency-Key" doc:"Sent again with the same key, the request is answered as it was, and nothing is done twice"`
}

// OnTenant are the parameters of a write on a tenant.
type OnTenant struct {
	Writing
	ID      string `path:"id" doc:"The tenant's id"`
	IfMatch string `header:"If-Match" doc:"An ETag of the tenant; 412 where it has been changed since"`
}

// changed is the answer to a write.
type changed struct {
	Status   int
	ETag     string `header:"ETag" doc:"Of the tenant"`
	Location string `header:"Location" doc:"Where to read what was begun or made"`
	Replayed string `header:"Idempotency-Replayed" doc:"true: this was answered before"`
	Body     wire.Change
}

// proposal is what a write would do to a tenant.
type proposal struct {
	tenant    tenants.Tenant
	create    bool
	operation *tenants.Operation // nil: nothing is left to do but the writing
	plan      lifecycle.Plan     // of the operation
}

// asking is a write as it is asked for.
type asking struct {
	Writing
	tenantID string
	ifMatch  string
	action   string // in the audit journal
	reason   string
	request  any // what was asked for, without the reason and secrets
	// propose says what to do to the tenant as it is. It may be called again.
	propose func(ctx context.Context, t tenants.Tenant) (proposal, error)
}

// attempts is how often a change is made anew because the tenant was changed
// meanwhile, where who asks has not said which version they mean.
const attempts = 3

// change carries a write on a tenant out.
func (s *server) change(ctx context.Context, a asking) (*changed, error) {
	key, err := a.key(ctx)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		t, err := s.Ledger.Get(ctx, a.tenantID)
		if err == nil {
			err = a.fresh(t)
		}
		var p proposal
		if err == nil {
			p, err = s.proposed(ctx, a, t)
		}
		if err != nil {
			return s.answered(ctx, key, err, false)
		}
		if a.DryRun {
			return s.rehearsed(p), nil
		}
		out, err := s.write(ctx, a, p, key)
		if tenants.CodeOf(err) != tenants.CodeConflict || !s.overtaken(ctx, t) {
			return out, err
		}
		if a.ifMatch != "" || try == attempts {
			return nil, a.stale(err)
		}
	}
}

// fresh checks that the tenant is the one that is meant.
func (a asking) fresh(t tenants.Tenant) error {
	if a.ifMatch != "" && !matches(a.ifMatch, etag(t), false) {
		return refuse(http.StatusPreconditionFailed, tenants.CodeConflict, "tenant %s has been changed: its ETag is %s; read it again and retry", t.ID, etag(t))
	}
	return nil
}

func (a asking) stale(err error) error {
	if a.ifMatch == "" {
		return err
	}
	return refuse(http.StatusPreconditionFailed, tenants.CodeConflict, "tenant %s has been changed meanwhile; read it again and retry", a.tenantID)
}

// overtaken says whether a tenant is not the one any more that a change was based on.
func (s *server) overtaken(ctx context.Context, t tenants.Tenant) bool {
	now, err := s.Ledger.Get(ctx, t.ID)
	return err == nil && now.Version != t.Version
}

// proposed gives what a write would do, checked as far as it can be beforehand.
func (s *server) proposed(ctx context.Context, a asking, t tenants.Tenant) (proposal, error) {
	if err := s.idle(ctx, t, a.DryRun); err != nil {
		return proposal{}, err
	}
	if t.Status == tenants.StatusDeleted {
		return proposal{}, tenants.Errorf(tenants.CodeFailedPrecondition, "tenant %s is deleted; nothing more can be done to it", t.ID)
	}
	p, err := a.propose(ctx, t)
	if err != nil {
		return p, err
	}
	if p.operation != nil && p.tenant.Status != t.Status {
		if err := tenants.Transition(t.Status, p.tenant.Status); err != nil {
			return p, err
		}
	}
	if p.operation == nil {
		return p, nil
	}
	s.complete(ctx, a, &p)
	return p, s.plan(ctx, t.Status, &p)
}

// idle refuses a change of a tenant that is being changed. The ledger does so too;
// this tells it before the tenant's status does, and in a dry run at all.
func (s *server) idle(ctx context.Context, t tenants.Tenant, always bool) error {
	if _, busy := t.Status.Failed(); !busy && !always {
		return nil
	}
	live, err := s.Ledger.SearchOperations(ctx, tenants.OperationQuery{TenantID: t.ID, Progress: tenants.ProgressRunning, Limit: 1})
	if err != nil || len(live.Operations) == 0 {
		return err
	}
	op := live.Operations[0]
	return tenants.Errorf(tenants.CodeConflict, "tenant %s is being changed by operation %s (%s); wait until it has ended, or cancel it", t.ID, op.ID, op.Kind)
}

// complete fills in what every operation is begun with.
func (s *server) complete(ctx context.Context, a asking, p *proposal) {
	op := p.operation
	op.TenantID, op.Initiator, op.Reason = p.tenant.ID, callOf(ctx).principal.Subject, a.reason
	op.CorrelationID, op.StartedAt = CorrelationID(ctx), s.now().UTC()
	if op.Request == nil {
		op.Request = encoded(a.request)
	}
	if !a.DryRun {
		op.ID = strings.ToLower(rand.Text())
	}
}

// plan refuses what is known to be impossible of a tenant that has, until the
// operation begins, the given status.
func (s *server) plan(ctx context.Context, status tenants.Status, p *proposal) error {
	t := p.tenant
	t.Status = status
	var err error
	if p.plan, err = s.Planner.Plan(ctx, t, *p.operation); err != nil {
		return err
	}
	op := p.operation
	op.FromTier, op.ToTier = cmp.Or(p.plan.FromTier, op.FromTier), cmp.Or(p.plan.ToTier, op.ToTier)
	return nil
}

// rehearsed answers a dry run.
func (s *server) rehearsed(p proposal) *changed {
	out := &changed{Status: http.StatusOK, Body: wire.Change{Tenant: wire.FromTenant(p.tenant), DryRun: true, Services: []string{}}}
	if p.operation == nil {
		return out
	}
	ahead := workflows.Planned(p.operation.Kind, p.plan)
	for _, s := range ahead {
		p.operation.Steps = append(p.operation.Steps, s.Step)
	}
	op := wire.FromOperation(*p.operation)
	for i, s := range ahead {
		op.Steps[i].Title, op.Steps[i].Cancellable = s.Title, s.Cancellable
	}
	out.Body.Operation = &op
	for _, service := range s.opts.Services.For(p.operation.Kind, p.tenant) {
		out.Body.Services = append(out.Body.Services, service.Name)
	}
	return out
}

// write carries a proposal out.
func (s *server) write(ctx context.Context, a asking, p proposal, key *tenants.IdempotencyKey) (*changed, error) {
	change := tenants.Change{Tenant: p.tenant, Create: p.create, Key: key, Audit: callOf(ctx).entry(ctx, a.action, a.reason, encoded(a.request))}
	if p.operation == nil {
		begun, err := s.Ledger.Write(ctx, change)
		return answer(begun, p.create), err
	}
	change.Operation = *p.operation
	begun, err := s.Ledger.Begin(ctx, change)
	if err != nil {
		return nil, err
	}
	if s.opts.Nudge != nil {
		s.opts.Nudge()
	}
	s.logger(ctx).InfoContext(ctx, "operation begun", "operation", begun.Operation.ID, "tenant", begun.Tenant.ID, "kind", string(begun.Operation.Kind), "replayed", begun.Replayed)
	return answer(begun, p.create), nil
}

// answer gives what is said of a write that was carried out.
func answer(b tenants.Begun, created bool) *changed {
	out := &changed{Status: http.StatusOK, ETag: etag(b.Tenant), Body: wire.Change{Tenant: wire.FromTenant(b.Tenant)}}
	if b.Operation.ID != "" {
		op := wire.FromOperation(b.Operation)
		out.Status, out.Location, out.Body.Operation = http.StatusAccepted, "/v1/operations/"+op.ID, &op
	}
	if created {
		out.Status, out.Location = http.StatusCreated, "/v1/tenants/"+b.Tenant.ID
	}
	if b.Replayed {
		out.Replayed = "true"
	}
	return out
}

// key gives the idempotency key of a write; nil where it has none, or is a rehearsal.
func (w Writing) key(ctx context.Context) (*tenants.IdempotencyKey, error) {
	if w.IdempotencyKey == "" {
		return nil, nil
	}
	c := callOf(ctx)
	k := &tenants.IdempotencyKey{Key: w.IdempotencyKey, Actor: c.principal.Subject, RequestHash: c.hash()}
	if err := tenants.Invalid(k.Validate()...); err != nil || w.DryRun {
		return nil, renamed(err, map[string]string{"idempotencyKey": wire.HeaderIdempotencyKey})
	}
	return k, nil
}

// answered gives the answer that a write got before, when it cannot be carried
// out, be it because it was; else the error.
func (s *server) answered(ctx context.Context, key *tenants.IdempotencyKey, err error, created bool) (*changed, error) {
	if key == nil {
		return nil, err
	}
	begun, found, unknown := s.Ledger.Answer(ctx, *key)
	switch {
	case errors.Is(unknown, tenants.ErrKeyUsed):
		return nil, unknown
	case unknown != nil || !found:
		return nil, err
	}
	return answer(begun, created), nil
}
