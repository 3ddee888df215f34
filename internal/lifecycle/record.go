package lifecycle

import (
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Begin marks a step of the operation as under way. A step that was under way
// already, or failed, keeps the time at which it began. False when the
// operation has no step of that name.
func Begin(op *tenants.Operation, name string, now time.Time) bool {
	mark := Find(op, name)
	if mark == nil {
		return false
	}
	if mark.StartedAt.IsZero() {
		mark.StartedAt = now
	}
	mark.Progress, mark.EndedAt, mark.Error = tenants.ProgressRunning, time.Time{}, ""
	return true
}

// End marks a step as ended, by failure when err is not nil.
func End(op *tenants.Operation, name string, err error, now time.Time) {
	mark := Find(op, name)
	if mark == nil {
		return
	}
	mark.Progress, mark.EndedAt, mark.Error = tenants.ProgressSucceeded, now, ""
	if err != nil {
		mark.Progress, mark.Error = tenants.ProgressFailed, err.Error()
	}
}

// Find gives the operation's step of that name, nil when there is none.
func Find(op *tenants.Operation, name string) *tenants.Step {
	for i := range op.Steps {
		if op.Steps[i].Name == name {
			return &op.Steps[i]
		}
	}
	return nil
}

// Succeeded gives the tenant as it is once an operation of the kind has
// succeeded. A reconciliation leaves a tenant that is in no progress in its status.
func Succeeded(t tenants.Tenant, kind tenants.OperationKind) tenants.Tenant {
	_, inProgress := t.Status.Failed()
	switch kind {
	case tenants.OperationDelete:
		t.Status = tenants.StatusDeleted
		t.Placements, t.Functions, t.NetworkCIDR, t.Settings = nil, nil, "", tenants.Settings{}
	case tenants.OperationDeactivate:
		t.Status = tenants.StatusInactive
	case tenants.OperationReconcile:
		if inProgress {
			t.Status = tenants.StatusActive
		}
	default:
		t.Status = tenants.StatusActive
	}
	return t
}

// Failed gives the tenant as it is once an operation has failed: in the status
// that records the failure of the one in progress. A tenant in no progress
// keeps its status.
func Failed(t tenants.Tenant) tenants.Tenant {
	if failed, ok := t.Status.Failed(); ok {
		t.Status = failed
	}
	return t
}

// Before gives the tenant as it was before an operation that has given it a
// status in progress and has done nothing yet. A change of the record, and an
// operation whose record does not say what status that was, leave the one that
// records the failure: what is recorded is not what there is.
func Before(t tenants.Tenant, op tenants.Operation) tenants.Tenant {
	if op.Kind == tenants.OperationUpdate || op.FromStatus == "" {
		return Failed(t)
	}
	t.Status = op.FromStatus
	return t
}

// Undone gives the tenant as it is once an operation ended that changed nothing
// of what there is: as it was before, where the lifecycle lets it be so again,
// otherwise in the status that records the failure.
func Undone(t, before tenants.Tenant) tenants.Tenant {
	status := Failed(t).Status
	if tenants.Transition(t.Status, before.Status) == nil {
		status = before.Status
	}
	t.Status, t.Tier, t.Placements, t.Functions, t.NetworkCIDR = status, before.Tier, before.Placements, before.Functions, before.NetworkCIDR
	return t
}
