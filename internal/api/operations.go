package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// OperationFilter are the parameters of lists of operations.
type OperationFilter struct {
	Paging
	Kind     string `query:"kind" doc:"create, update, move, deactivate, activate, delete or reconcile"`
	Progress string `query:"progress" doc:"running, succeeded or failed"`
}

type tenantOperationsInput struct {
	OperationFilter
	ID string `path:"id" doc:"The tenant's id"`
}

type listOperationsInput struct {
	OperationFilter
	Tenant string `query:"tenant" doc:"Only operations on this tenant"`
}

type operationInput struct {
	ID string `path:"id" doc:"The operation's id"`
}

// OnOperation are the parameters of a write on an operation.
type OnOperation struct {
	Writing
	ID string `path:"id" doc:"The operation's id"`
}

type retryInput struct {
	OnOperation
	Body *wire.Reason
}

func (a *assembly) operations() {
	s := a.s
	add(a, route{
		id: "list-tenant-operations", method: http.MethodGet, path: "/v1/tenants/{id}/operations", tag: "operations", permission: auth.OperationsRead, about: aboutTenant,
		summary: "What was done to a tenant", description: "Newest first, a page at a time.",
	}, func(ctx context.Context, in *tenantOperationsInput) (*body[wire.Operations], error) {
		if _, err := s.Ledger.Get(ctx, in.ID); err != nil {
			return nil, err
		}
		return s.listOperations(ctx, in.ID, in.OperationFilter)
	})
	add(a, route{
		id: "list-operations", method: http.MethodGet, path: "/v1/operations", tag: "operations", permission: auth.OperationsRead, about: aboutQuery,
		summary: "Find operations", description: "Newest first, a page at a time. A parameter that is missing restricts nothing; who may read one tenant only has to name it.",
	}, func(ctx context.Context, in *listOperationsInput) (*body[wire.Operations], error) {
		return s.listOperations(ctx, in.Tenant, in.OperationFilter)
	})
	add(a, route{
		id: "get-operation", method: http.MethodGet, path: "/v1/operations/{id}", tag: "operations", permission: auth.OperationsRead, about: aboutOperation,
		summary: "Read an operation",
	}, func(ctx context.Context, _ *operationInput) (*body[wire.Operation], error) {
		return &body[wire.Operation]{wire.FromOperation(callOf(ctx).operation)}, nil
	})
	a.events()
	add(a, route{
		id: "cancel-operation", method: http.MethodPost, path: "/v1/operations/{id}/cancel", tag: "operations", permission: auth.OperationsCancel, about: aboutOperation,
		write: true, action: "operation.cancel", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Cancel an operation", description: "It ends before the next step at which it safely can, as failed, with an error that says so; where there is none, it goes on to its end. Asked for again, nothing more happens.",
	}, s.cancel)
	add(a, route{
		id: "retry-operation", method: http.MethodPost, path: "/v1/operations/{id}/retry", tag: "operations", permission: auth.OperationsRetry, about: aboutOperation,
		write: true, action: "operation.retry", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Take a failed operation up again", description: "A new operation does what the failed one did not do. Only the newest operation on a tenant can be taken up.",
	}, s.retry)
}

func (s *server) listOperations(ctx context.Context, tenantID string, in OperationFilter) (*body[wire.Operations], error) {
	found, err := s.Ledger.SearchOperations(ctx, tenants.OperationQuery{
		TenantID: tenantID, Kind: tenants.OperationKind(in.Kind), Progress: tenants.Progress(in.Progress), After: in.After, Limit: in.Limit,
	})
	if err != nil {
		return nil, renamed(err, map[string]string{"tenantId": "tenant"})
	}
	out := wire.Operations{Operations: []wire.Operation{}, Next: found.Next}
	for _, op := range found.Operations {
		out.Operations = append(out.Operations, wire.FromOperation(op))
	}
	return &body[wire.Operations]{out}, nil
}

// cancel asks an operation to end. That it was asked to is in the ledger, where its
// steps look; whether its workflow hears of it at once does not matter.
func (s *server) cancel(ctx context.Context, in *OnOperation) (*changed, error) {
	c := callOf(ctx)
	key, err := in.key(ctx)
	if err != nil {
		return nil, err
	}
	if key != nil { // a cancellation repeats itself; the key must only not be another request's
		if _, _, err := s.Ledger.Answer(ctx, *key); err != nil {
			return nil, err
		}
	}
	op, before := c.operation, c.operation.CancelRequested
	if !before {
		if op.Progress.Ended() {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s has ended (%s); there is nothing to cancel", op.ID, op.Progress)
		}
		if !in.DryRun {
			if op, err = s.Ledger.RequestCancel(ctx, in.ID, c.entry(ctx, "operation.cancel", "", nil)); err != nil {
				return nil, err
			}
		}
	}
	t, err := s.Ledger.Get(ctx, op.TenantID)
	if err != nil {
		return nil, err
	}
	shown := wire.FromOperation(op)
	out := &changed{Status: http.StatusOK, ETag: etag(t), Body: wire.Change{Tenant: wire.FromTenant(t), Operation: &shown, DryRun: in.DryRun}}
	if in.DryRun {
		return out, nil
	}
	out.Status, out.Location = http.StatusAccepted, "/v1/operations/"+op.ID
	if !op.Progress.Ended() {
		if err := s.Canceller.Cancel(ctx, op.ID); err != nil && tenants.CodeOf(err) != tenants.CodeNotFound {
			s.logger(ctx).WarnContext(ctx, "a workflow was not told that it is cancelled; it sees it before its next step", "operation", op.ID, "error", err)
		}
	}
	return out, nil
}

// retry begins an operation that takes a failed one up again.
func (s *server) retry(ctx context.Context, in *retryInput) (*changed, error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	failed := callOf(ctx).operation
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: failed.TenantID, action: "operation.retry", reason: reason, request: map[string]string{"retryOf": failed.ID},
		propose: func(ctx context.Context, t tenants.Tenant) (proposal, error) {
			if failed.Progress != tenants.ProgressFailed {
				return proposal{}, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s has not failed (%s); there is nothing to take up again", failed.ID, failed.Progress)
			}
			last, found, err := s.lastOperation(ctx, t.ID)
			if err != nil {
				return proposal{}, err
			}
			if found && last.ID != failed.ID {
				return proposal{}, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s was followed by operation %s (%s, %s); retry that, or ask anew", failed.ID, last.ID, last.Kind, last.Progress)
			}
			op := tenants.Operation{Kind: failed.Kind, RetryOf: failed.ID, FromTier: failed.FromTier, ToTier: failed.ToTier, Request: failed.Request}
			status, err := statusFor(op.Kind, t.Status)
			t.Status = status
			return proposal{tenant: t, operation: &op}, err
		},
	})
}

func (a *assembly) events() {
	s := a.s
	schemas := a.api.OpenAPI().Components.Schemas
	// What the data of events is made of.
	for _, data := range []reflect.Type{reflect.TypeFor[wire.Operation](), reflect.TypeFor[wire.RunEvent](), reflect.TypeFor[wire.End]()} {
		schemas.Schema(data, true, "")
	}
	add(a, route{
		id: "watch-operation", method: http.MethodGet, path: eventsPath, tag: "operations", permission: auth.OperationsRead, about: aboutOperation,
		summary: "Watch an operation",
		description: "A stream of server-sent events: operation (an Operation: the record as it is now, first and whenever it changes), run (a RunEvent: something happened in a run of a stack) and, last, end (an End). " +
			"Every record has an id; sent as Last-Event-ID, the record is not sent again unless it has changed. A stream that ends without end is to be opened again.",
	}, s.watch)
	stream := a.api.OpenAPI().Paths[eventsPath].Get.Responses["200"]
	stream.Content = map[string]*huma.MediaType{wire.ContentEvents: {Schema: &huma.Schema{Type: "string", Description: "Server-sent events; the data of each is JSON: Operation, RunEvent or End"}}}
}
