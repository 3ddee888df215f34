package workflows

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// script is a workflow's surroundings: activities that note that they were
// called, and do as they are told.
type script struct {
	*testsuite.TestWorkflowEnvironment
	plan     planned
	asked    asked
	run      func(step string) (did, error)
	notify   func() error                // it and the next do nothing when nil
	fail     func(activity string) error // or its dead letter
	failures []failed
	states   []tenants.ServiceState
	calls    []string
	missed   string // what the last step was told
}

var input = Input{OperationID: "op1", TenantID: "acme", Kind: tenants.OperationCreate}

func newScript(steps ...plannedStep) *script {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	s := &script{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), plan: planned{Steps: steps, Timing: Timing{}.filled(), Tier: "free", Weight: 1}}
	s.SetTestTimeout(time.Minute) // by the wall, on a machine that may be busy
	registerWorkflows(s)
	a := &Activities{}
	registerActivities(s, a)
	registerRun(s, a)
	note := func(name string) { s.calls = append(s.calls, name) }
	s.OnActivity(planActivity, mock.Anything, mock.Anything).Return(func(context.Context, Input) (planned, error) { return s.plan, nil }).Maybe()
	s.OnActivity(runActivity, mock.Anything, mock.Anything).Return(func(_ context.Context, in stepOf) (did, error) {
		note(in.Step)
		if s.run == nil {
			return did{}, nil
		}
		return s.run(in.Step)
	}).Maybe()
	s.OnActivity(askActivity, mock.Anything, mock.Anything).Return(func(context.Context, Input) (asked, error) {
		note("ask")
		return s.asked, nil
	}).Maybe()
	s.OnActivity(answeredActivity, mock.Anything, mock.Anything).Return(func(_ context.Context, in answered) error {
		s.states = append(s.states, in.States...)
		return nil
	}).Maybe()
	for _, name := range []string{notifyActivity, finishActivity} {
		s.OnActivity(name, mock.Anything, mock.Anything).Return(func(_ context.Context, in stepOf) error {
			note(name)
			s.missed = in.Missed
			if name == notifyActivity && s.notify != nil {
				return s.notify()
			}
			return nil
		}).Maybe()
	}
	for _, name := range []string{failActivity, deadLetterActivity} {
		s.OnActivity(name, mock.Anything, mock.Anything).Return(func(_ context.Context, in failed) error {
			note(name)
			s.failures = append(s.failures, in)
			if s.fail != nil {
				return s.fail(name)
			}
			return nil
		}).Maybe()
	}
	return s
}

func (s *script) called() string { return strings.Join(s.calls, " ") }

var createSteps = []plannedStep{
	{Name: "provision", Queue: "q", Cancellable: true}, {Name: ServicesStep, Cancellable: true}, {Name: NotifyStep}, {Name: FinishStep},
}

// answerAt sends an answer some time after the workflow's start.
func (s *script) answerAt(after time.Duration, a Answer) {
	s.RegisterDelayedCallback(func() { s.SignalWorkflow(answeredSignal, a) }, after)
}

func TestStepsAreDoneInOrder(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	s.ExecuteWorkflow(CreateTenantName, input)
	if got, want := s.called(), "provision ask Notify Finish"; s.GetWorkflowError() != nil || got != want {
		t.Errorf("called %s, %v; want %s", got, s.GetWorkflowError(), want)
	}
}

func TestAStepThatAnEarlierTryHasDoneIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	steps := slices.Clone(createSteps)
	steps[0].Done = true
	s := newScript(steps...)
	s.ExecuteWorkflow(CreateTenantName, input)
	if got, want := s.called(), "ask Notify Finish"; got != want {
		t.Errorf("called %s, want %s", got, want)
	}
}

func TestAWorkflowDoesNotDoAnothersWork(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	s.ExecuteWorkflow(DeleteTenantName, input)
	if s.GetWorkflowError() == nil || s.called() != "" {
		t.Errorf("a deletion did a creation: %s, %v", s.called(), s.GetWorkflowError())
	}
}

func TestAFailureIsRecordedAndToldWhateverTheWorkflowsContext(t *testing.T) {
	t.Parallel()
	for _, canceled := range []bool{false, true} {
		s := newScript(createSteps...)
		s.run = func(string) (did, error) {
			if canceled {
				s.CancelWorkflow()
			}
			return did{}, told(tenants.Errorf(tenants.CodeFailedPrecondition, "a quota is used up"), true, detail{Unchanged: true})
		}
		s.ExecuteWorkflow(CreateTenantName, input)
		if got, want := s.called(), "provision DeadLetter Fail"; got != want {
			t.Errorf("called %s, want %s", got, want)
		}
		c := s.failures[0].Cause
		if c.Code != tenants.CodeFailedPrecondition || c.Message != "a quota is used up" || c.Step != "provision" || !c.Unchanged {
			t.Errorf("the cause is %+v", c)
		}
		e, ok := errors.AsType[*temporal.ApplicationError](s.GetWorkflowError())
		if !ok || e.Type() != string(tenants.CodeFailedPrecondition) {
			t.Errorf("the workflow ended with %v", s.GetWorkflowError())
		}
	}
}

// TestNoDeadlineCountsTheWaitForAWorker looks at the limits with which activities are
// asked for: Temporal counts those from then on, whether or not there is a worker.
func TestNoDeadlineCountsTheWaitForAWorker(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	seen := 0
	s.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		seen++
		if limit := info.ScheduleToCloseTimeout; limit != 0 && limit < 7*24*time.Hour {
			t.Errorf("%s is waited for %s", info.ActivityType.Name, limit)
		}
		if limit := info.StartToCloseTimeout; info.ActivityType.Name == runActivity && limit < 7*24*time.Hour {
			t.Errorf("%s may wait for a place for %s", info.ActivityType.Name, limit)
		}
	})
	s.ExecuteWorkflow(CreateTenantName, input)
	if s.GetWorkflowError() != nil || seen < 5 {
		t.Errorf("%v after %d activities", s.GetWorkflowError(), seen)
	}
}

func TestANoticeThatIsRefusedFailsNothing(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	s.notify = func() error {
		return told(tenants.Errorf(tenants.CodeFailedPrecondition, "there is no such mailbox"), true, detail{})
	}
	s.ExecuteWorkflow(CreateTenantName, input)
	if got, want := s.called(), "provision ask Notify Finish"; s.GetWorkflowError() != nil || got != want || s.missed != "there is no such mailbox" {
		t.Errorf("called %s, %v, and the end was told %q; want %s", got, s.GetWorkflowError(), s.missed, want)
	}
}

// TestARecordDoesNotWaitForTheDeadLetterTopic has a topic that is away until the
// failure is recorded, and a while more.
func TestARecordDoesNotWaitForTheDeadLetterTopic(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	begun, recorded, heard, after := s.Now(), time.Duration(0), time.Duration(0), 0
	s.run = func(string) (did, error) {
		return did{}, told(tenants.Errorf(tenants.CodeFailedPrecondition, "a quota is used up"), true, detail{})
	}
	s.fail = func(name string) error {
		if name == failActivity {
			recorded = s.Now().Sub(begun)
			return nil
		}
		if recorded > 0 {
			after++
		}
		if after < 3 {
			return told(tenants.Errorf(tenants.CodeUnavailable, "the broker is away"), false, detail{})
		}
		heard = s.Now().Sub(begun)
		return nil
	}
	s.ExecuteWorkflow(CreateTenantName, input)
	if recorded == 0 || recorded > deadLetterFirst || heard <= recorded {
		t.Errorf("recorded after %s, told after %s", recorded, heard)
	}
}

func TestCancelIsHeardOnlyWhereItIsSafe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, step string // in which it is asked for
		want       string
	}{
		{"before services", "provision", "provision DeadLetter Fail"},
		{"too late", "retire", "provision ask retire Notify Finish"},
	} {
		steps := slices.Clone(createSteps)
		if c.step == "retire" {
			steps = slices.Insert(steps, 2, plannedStep{Name: "retire", Queue: "q"})
		}
		s := newScript(steps...)
		s.run = func(step string) (did, error) {
			if step == c.step {
				s.SignalWorkflow(cancelSignal, nil)
			}
			return did{}, nil
		}
		s.ExecuteWorkflow(CreateTenantName, input)
		if got := s.called(); got != c.want {
			t.Errorf("%s: called %s, want %s", c.name, got, c.want)
		}
	}
	// What the record says counts as the signal does, which may be lost.
	s := newScript(createSteps...)
	s.run = func(string) (did, error) { return did{CancelRequested: true}, nil }
	s.ExecuteWorkflow(CreateTenantName, input)
	if got, want := s.called(), "provision DeadLetter Fail"; got != want || !strings.Contains(s.failures[0].Cause.Message, "cancelled") {
		t.Errorf("by the record: called %s, want %s", got, want)
	}
}

func TestServicesAnswerOrTheirTimeEnds(t *testing.T) {
	t.Parallel()
	s := newScript(createSteps...)
	now := s.Now()
	s.asked = asked{Attempt: 2, Services: []askedService{
		{Name: "billing", AnswerBy: now.Add(time.Hour)}, {Name: "search", AnswerBy: now.Add(2 * time.Hour)}, {Name: "chat", Optional: true, AnswerBy: now.Add(time.Minute)},
	}}
	s.answerAt(10*time.Minute, Answer{Service: "search", Attempt: 1, Failed: true, Error: "of the first time"})
	s.answerAt(20*time.Minute, Answer{Service: "search", Attempt: 2})
	s.answerAt(30*time.Minute, Answer{Service: "search", Attempt: 2, Failed: true, Error: "too late to say"})
	s.answerAt(30*time.Minute, Answer{Service: "chat", Attempt: 2})
	s.ExecuteWorkflow(CreateTenantName, input)
	if s.GetWorkflowError() == nil || len(s.states) != 3 {
		t.Fatalf("%v, states %+v", s.GetWorkflowError(), s.states)
	}
	for i, want := range []struct {
		service  string
		progress tenants.Progress
	}{{"chat", tenants.ProgressFailed}, {"search", tenants.ProgressSucceeded}, {"billing", tenants.ProgressFailed}} {
		if got := s.states[i]; got.Service != want.service || got.Progress != want.progress || got.Attempt != 2 {
			t.Errorf("state %d is %+v, want %+v", i, got, want)
		}
	}
	if c := s.failures[0].Cause; !strings.Contains(c.Message, "billing") || strings.Contains(c.Message, "chat") || c.Step != ServicesStep {
		t.Errorf("the cause is %+v", c)
	}
}

// TestAnswersInAnyOrder sends random answers at random times: the step always
// ends, each service once, as its first valid answer says.
func TestAnswersInAnyOrder(t *testing.T) {
	t.Parallel()
	names := []string{"billing", "search", "chat", "stranger"}
	for round := range 60 {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		s := newScript(createSteps...)
		now := s.Now()
		for _, name := range names[:3] {
			s.asked.Services = append(s.asked.Services, askedService{Name: name, Optional: r.IntN(2) == 0, AnswerBy: now.Add(time.Duration(1+r.IntN(100)) * time.Second)})
		}
		s.asked.Attempt = 1 + r.IntN(3)
		first := map[string]bool{} // whether it failed
		at := time.Duration(0)
		for range r.IntN(12) {
			at += time.Duration(1+r.IntN(20000)) * time.Millisecond
			a := Answer{OperationID: "op1", Service: names[r.IntN(4)], Attempt: r.IntN(4), Failed: r.IntN(3) == 0}
			s.answerAt(at, a)
			i := slices.IndexFunc(s.asked.Services, func(x askedService) bool { return x.Name == a.Service })
			if _, answered := first[a.Service]; !answered && i >= 0 && a.Attempt == s.asked.Attempt && now.Add(at).Before(s.asked.Services[i].AnswerBy) {
				first[a.Service] = a.Failed
			}
		}
		s.ExecuteWorkflow(CreateTenantName, input)
		if !s.IsWorkflowCompleted() || len(s.states) != 3 {
			t.Fatalf("round %d: completed %v (%v), states %+v", round, s.IsWorkflowCompleted(), s.GetWorkflowError(), s.states)
		}
		shouldFail := false
		for _, x := range s.asked.Services {
			failed, answered := first[x.Name]
			failed = failed || !answered
			shouldFail = shouldFail || (failed && !x.Optional)
			if got := stateOf(s.states, x.Name); got == nil || (got.Progress == tenants.ProgressFailed) != failed {
				t.Errorf("round %d: %s is %+v, want failed %v", round, x.Name, got, failed)
			}
		}
		if (s.GetWorkflowError() != nil) != shouldFail {
			t.Errorf("round %d: %v, want a failure: %v", round, s.GetWorkflowError(), shouldFail)
		}
	}
}

func TestErrorsThatAreTriedAgain(t *testing.T) {
	t.Parallel()
	const short, long = lightPatience - time.Second, lightPatience
	own := &tenants.Error{Code: tenants.CodeConflict, Message: "x", Cause: &automation.Failure{URN: "urn"}}
	for _, c := range []struct {
		err         error
		failed      int           // tries
		since       time.Duration // the first of them
		step, light bool          // whether it is the last
	}{
		{tenants.Errorf(tenants.CodeInvalid, "x"), 1, 0, true, true},
		{tenants.Errorf(tenants.CodeForbidden, "x"), 1, 0, true, true},
		{tenants.Errorf(tenants.CodeFailedPrecondition, "x"), 1, 0, true, true},
		{tenants.Errorf(tenants.CodeNotFound, "x"), 1, 0, true, true},
		{own, 1, 0, true, true},
		{tenants.Errorf(tenants.CodeConflict, "x"), 1000, short, false, false},
		{tenants.Errorf(tenants.CodeConflict, "x"), unavailableTries, long, true, true},
		{tenants.Errorf(tenants.CodeUnavailable, "x"), unavailableTries - 1, short, false, false},
		{tenants.Errorf(tenants.CodeUnavailable, "x"), unavailableTries, short, true, false},
		{tenants.Errorf(tenants.CodeUnavailable, "x"), 1, long, false, false},
		{tenants.Errorf(tenants.CodeUnavailable, "x"), 2, long, true, false},
		{tenants.Errorf(tenants.CodeUnavailable, "x"), unavailableTries, long, true, true},
		{errors.New("x"), internalTries - 1, short, false, false},
		{errors.New("x"), internalTries, 0, true, true},
	} {
		now := time.Now()
		if got := final(c.err, tenants.Tries{Failed: c.failed, Since: now.Add(-c.since)}, long, now); got != c.step {
			t.Errorf("a step's %s in try %d after %s: final is %v", tenants.CodeOf(c.err), c.failed, c.since, got)
		}
		if got := givenUp(c.err, c.failed, c.since); got != c.light {
			t.Errorf("%s in try %d after %s: given up is %v", tenants.CodeOf(c.err), c.failed, c.since, got)
		}
	}
}
