package workflows

import (
	"context"
	"errors"
	"strconv"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tenantform/tenantform/tenants"
)

// Client speaks to the workflows of operations.
type Client struct{ temporal client.Client }

// NewClient makes a client. The caller closes c, after its last use.
func NewClient(c client.Client) *Client { return &Client{temporal: c} }

// Start starts the workflow of an operation. One that was started before is not
// started again, and that is no error.
func (c *Client) Start(ctx context.Context, o tenants.Order) error {
	return c.start(ctx, o, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
}

func (c *Client) start(ctx context.Context, o tenants.Order, reuse enums.WorkflowIdReusePolicy) error {
	name, err := nameOf(o.Kind)
	if err != nil {
		return err
	}
	_, err = c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: WorkflowID(o.OperationID), TaskQueue: TaskQueue, WorkflowIDReusePolicy: reuse, WorkflowExecutionErrorWhenAlreadyStarted: true,
		Memo: map[string]any{"tenant": o.TenantID, "correlation_id": o.CorrelationID, "order": strconv.FormatInt(o.Seq, 10)},
	}, name, Input{OperationID: o.OperationID, TenantID: o.TenantID, Kind: o.Kind})
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil
	}
	return classified(err, "start the workflow of", o.OperationID)
}

// Cancel asks an operation to end before its next step at which it can.
// CodeNotFound when there is none under way.
func (c *Client) Cancel(ctx context.Context, operationID string) error {
	return classified(c.temporal.SignalWorkflow(ctx, WorkflowID(operationID), "", cancelSignal, nil), "cancel", operationID)
}

// Answer hands a business service's answer to its operation. CodeNotFound when
// there is none under way: the answer is late, or to something that was never
// asked. Whether the service was asked, and for the how manyth time, the
// operation sees itself; what it does not wait for, it counts and drops.
func (c *Client) Answer(ctx context.Context, a Answer) error {
	return classified(c.temporal.SignalWorkflow(ctx, WorkflowID(a.OperationID), "", answeredSignal, a), "answer", a.OperationID)
}

// state is what Temporal knows of a workflow.
type state int

const (
	stateUnknown state = iota // it has none of that id
	stateRunning
	stateClosed
)

// state gives what has become of an operation's workflow, and how it closed.
func (c *Client) state(ctx context.Context, operationID string) (state, string, error) {
	res, err := c.temporal.DescribeWorkflowExecution(ctx, WorkflowID(operationID), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return stateUnknown, "", nil
	}
	if err != nil {
		return stateUnknown, "", classified(err, "look at", operationID)
	}
	status := res.GetWorkflowExecutionInfo().GetStatus()
	if status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING || status == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
		return stateRunning, "", nil
	}
	return stateClosed, status.String(), nil
}

// classified gives Temporal's errors their codes.
func classified(err error, what, operationID string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return tenants.Errorf(tenants.CodeNotFound, "cannot %s operation %s: it is not under way: %w", what, operationID, err)
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return tenants.Errorf(tenants.CodeInvalid, "cannot %s operation %s: %w", what, operationID, err)
	}
	return tenants.Errorf(tenants.CodeUnavailable, "cannot %s operation %s: Temporal does not answer: %w", what, operationID, err)
}
