package tenants

import "slices"

// Status is where a tenant is in its life.
type Status string

// The statuses. The zero value is no status: the tenant does not exist yet.
const (
	StatusCreating     Status = "creating"
	StatusActive       Status = "active"
	StatusUpdating     Status = "updating"
	StatusMoving       Status = "moving"
	StatusInactive     Status = "inactive"
	StatusDeleting     Status = "deleting"
	StatusDeleted      Status = "deleted"
	StatusCreateFailed Status = "create_failed"
	StatusUpdateFailed Status = "update_failed"
	StatusMoveFailed   Status = "move_failed"
	StatusDeleteFailed Status = "delete_failed"
)

// Statuses gives every status.
func Statuses() []Status {
	return []Status{
		StatusCreating, StatusActive, StatusUpdating, StatusMoving, StatusInactive, StatusDeleting,
		StatusDeleted, StatusCreateFailed, StatusUpdateFailed, StatusMoveFailed, StatusDeleteFailed,
	}
}

// lifecycle is the table: from a status, those that may follow it. A status in
// progress is followed by how it ended; a failed one by a new try or by the
// deletion of the tenant; deleted by nothing. A deletion that was given up before
// it took anything away is followed by the status that the tenant had before it.
var lifecycle = map[Status][]Status{
	"":                 {StatusCreating},
	StatusCreating:     {StatusActive, StatusCreateFailed},
	StatusCreateFailed: {StatusCreating, StatusDeleting},
	StatusActive:       {StatusUpdating, StatusMoving, StatusInactive, StatusDeleting},
	StatusUpdating:     {StatusActive, StatusUpdateFailed},
	StatusUpdateFailed: {StatusUpdating, StatusDeleting},
	StatusMoving:       {StatusActive, StatusMoveFailed},
	StatusMoveFailed:   {StatusMoving, StatusDeleting},
	StatusInactive:     {StatusActive, StatusDeleting},
	StatusDeleting:     {StatusDeleted, StatusDeleteFailed, StatusActive, StatusInactive, StatusCreateFailed, StatusUpdateFailed, StatusMoveFailed},
	StatusDeleteFailed: {StatusDeleting},
	StatusDeleted:      {},
}

// Next gives the statuses that may follow s.
func (s Status) Next() []Status { return slices.Clone(lifecycle[s]) }

// Transition checks that a tenant may go from one status to another; the error
// is CodeFailedPrecondition and names what is allowed.
func Transition(from, to Status) error {
	if slices.Contains(lifecycle[from], to) {
		return nil
	}
	shown := string(from)
	if from == "" {
		shown = "(none)"
	}
	next := make([]string, 0, len(lifecycle[from]))
	for _, s := range lifecycle[from] {
		next = append(next, string(s))
	}
	if len(next) == 0 {
		return Errorf(CodeFailedPrecondition, "a tenant cannot go from status %s to %s: nothing follows %s", shown, to, shown)
	}
	return Errorf(CodeFailedPrecondition, "a tenant cannot go from status %s to %s; from there it can go to %s", shown, to, join(next))
}

// Failed gives the status that records the failure of one in progress, and
// false for a status that is not in progress.
func (s Status) Failed() (Status, bool) {
	switch s {
	case StatusCreating:
		return StatusCreateFailed, true
	case StatusUpdating:
		return StatusUpdateFailed, true
	case StatusMoving:
		return StatusMoveFailed, true
	case StatusDeleting:
		return StatusDeleteFailed, true
	}
	return "", false
}
