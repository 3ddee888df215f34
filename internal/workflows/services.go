package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tenantform/tenantform/tenants"
)

// asked is what the activity that asks the services gives.
type asked struct {
	Attempt  int            `json:"attempt"`
	Services []askedService `json:"services"`
}

// askedService is a service that was asked.
type askedService struct {
	Name     string    `json:"name"`
	Optional bool      `json:"optional,omitempty"`
	AnswerBy time.Time `json:"answerBy"`
}

// services asks the business services and waits until each has answered or has
// used up its time.
func (op *operation) services(ctx workflow.Context) (*cause, error) {
	var a asked
	if err := workflow.ExecuteActivity(light(ctx), askActivity, op.in).Get(ctx, &a); err != nil {
		return nil, err
	}
	w := &waiting{attempt: a.Attempt, open: a.Services}
	for w.more() {
		w.next(ctx, op.answers)
		if err := op.answered(ctx, w, false); err != nil {
			return nil, err
		}
	}
	failed := w.failure()
	if err := op.answered(ctx, w, failed == nil); err != nil {
		return nil, err
	}
	return failed, nil
}

// answered records what has come in since it was last called.
func (op *operation) answered(ctx workflow.Context, w *waiting, done bool) error {
	in := answered{Input: op.in, Attempt: w.attempt, States: w.fresh, Done: done}
	w.fresh = nil
	if len(in.States) == 0 && !done {
		return nil
	}
	return workflow.ExecuteActivity(unbounded(ctx), answeredActivity, in).Get(ctx, nil)
}

// waiting is a wait for the answers of services.
type waiting struct {
	attempt  int
	open     []askedService         // those that have neither answered nor used up their time
	fresh    []tenants.ServiceState // not recorded yet
	required []tenants.ServiceState // that have failed and are not optional
	acted    bool                   // one has done its part, or does not say what it did
}

func (w *waiting) more() bool { return len(w.open) > 0 }

// next waits for the next answer or the end of somebody's time, and takes in
// whatever else is there by then.
func (w *waiting) next(ctx workflow.Context, answers workflow.ReceiveChannel) {
	first := slices.MinFunc(w.open, func(a, b askedService) int { return a.AnswerBy.Compare(b.AnswerBy) }).AnswerBy
	timer, stop := workflow.WithCancel(ctx)
	s := workflow.NewSelector(ctx)
	s.AddReceive(answers, func(c workflow.ReceiveChannel, _ bool) {
		var a Answer
		c.Receive(ctx, &a)
		w.take(ctx, a)
	})
	s.AddFuture(workflow.NewTimer(timer, max(first.Sub(workflow.Now(ctx)), time.Millisecond)), func(workflow.Future) {})
	s.Select(ctx)
	stop()
	for {
		var a Answer
		if !answers.ReceiveAsync(&a) {
			break
		}
		w.take(ctx, a)
	}
	now := workflow.Now(ctx)
	for _, late := range slices.Clone(w.open) {
		if !now.Before(late.AnswerBy) {
			w.acted = true
			w.end(now, late, tenants.ProgressFailed, "it has not answered in its time, which ended at "+late.AnswerBy.UTC().Format(time.RFC3339))
		}
	}
}

// take takes an answer in. One that nobody waits for is counted and dropped.
func (w *waiting) take(ctx workflow.Context, a Answer) {
	i := slices.IndexFunc(w.open, func(s askedService) bool { return s.Name == a.Service })
	reason := ""
	switch {
	case i < 0:
		reason = "unexpected" // not asked, or answered already, or too late
	case a.Attempt != w.attempt:
		reason = "attempt"
	}
	if reason != "" {
		workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"reason": reason}).Counter("tenantform_answers_dropped").Inc(1)
		workflow.GetLogger(ctx).Info("an answer was dropped", "operation", a.OperationID, "service", a.Service, "attempt", a.Attempt, "reason", reason)
		return
	}
	progress, message := tenants.ProgressSucceeded, ""
	if a.Failed {
		if progress, message = tenants.ProgressFailed, a.Error; strings.TrimSpace(message) == "" {
			message = "it did not say why"
		}
	}
	w.acted = w.acted || !a.Failed
	w.end(workflow.Now(ctx), w.open[i], progress, message)
}

// end takes a service off those that are waited for.
func (w *waiting) end(now time.Time, s askedService, p tenants.Progress, message string) {
	w.open = slices.DeleteFunc(w.open, func(o askedService) bool { return o.Name == s.Name })
	state := tenants.ServiceState{Service: s.Name, Progress: p, Attempt: w.attempt, Error: message, EndedAt: now.UTC()}
	w.fresh = append(w.fresh, state)
	if p == tenants.ProgressFailed && !s.Optional {
		w.required = append(w.required, state)
	}
}

// failure gives why the step failed, nil when it did not.
func (w *waiting) failure() *cause {
	if len(w.required) == 0 {
		return nil
	}
	lines := make([]string, 0, len(w.required))
	for _, s := range w.required {
		lines = append(lines, fmt.Sprintf("service %s: %s", s.Service, s.Error))
	}
	return &cause{Step: ServicesStep, Code: tenants.CodeUnavailable, Unchanged: !w.acted,
		Message: strings.Join(lines, "; ") + "; once that is mended, retry the operation: it asks only those that have not succeeded"}
}
