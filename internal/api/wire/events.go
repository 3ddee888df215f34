package wire

import "time"

// The names of the events of an operation's stream.
const (
	EventOperation = "operation" // its data is an Operation: the record as it is now
	EventRun       = "run"       // its data is a RunEvent
	EventEnd       = "end"       // its data is an End; nothing follows
)

// RunEvent is one thing that happened in a run of one of the tenant's stacks.
type RunEvent struct {
	Time      time.Time `json:"time"`
	Stack     string    `json:"stack" example:"tenant-acme"`
	Phase     string    `json:"phase" example:"up"`
	Kind      string    `json:"kind" enum:"started,resource,diagnostic,finished"`
	URN       string    `json:"urn,omitempty"`
	Type      string    `json:"type,omitempty"`
	Name      string    `json:"name,omitempty"`
	Operation string    `json:"operation,omitempty" doc:"What is done to the resource"`
	Progress  string    `json:"progress,omitempty" enum:"running,succeeded,failed"`
	Seconds   float64   `json:"seconds,omitempty" doc:"That it took"`
	Severity  string    `json:"severity,omitempty"`
	Message   string    `json:"message,omitempty"`
}

// End is how an operation ended.
type End struct {
	OperationID string `json:"operationId"`
	Progress    string `json:"progress" enum:"succeeded,failed"`
	Error       string `json:"error,omitempty"`
}

// Update is what a client has read of an operation's stream: one of its fields is set.
type Update struct {
	Operation *Operation
	Run       *RunEvent
	End       *End
}
