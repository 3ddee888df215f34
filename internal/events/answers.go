package events

import (
	"context"
	"sync"

	"github.com/tenantform/tenantform/tenants"
)

// AnswerHandler takes the answers of business services.
type AnswerHandler interface {
	// Answered makes an answer durable, and returns nil after that. It may be called
	// again with the same answer after a crash, and then returns nil or
	// CodeConflict. CodeNotFound means that the operation is not known,
	// CodeFailedPrecondition that it has ended or asks again since; those answers
	// are dropped. With CodeInvalid the answer goes to the dead letters. With any
	// other error it comes again: as long as that is CodeUnavailable, and otherwise
	// until Consumer.Attempts are used up.
	Answered(ctx context.Context, a Answer) error
}

// Answers hands the answers on a queue to a handler. Consumer.QueueURL and Handler
// are required. A message is acknowledged only after the handler has made it
// durable. Within one run, and among its latest 10,000 answers, each answer is
// accepted by the handler once, however often it comes; what came before the run
// the handler itself must know.
type Answers struct {
	Consumer
	Handler AnswerHandler
	// Known says whether a service is in the catalogue; nil: all are.
	Known func(service string) bool
}

// Run receives answers until ctx ends; see Consumer.Run.
func (a Answers) Run(ctx context.Context) error {
	var mu sync.Mutex
	had := newMemory[struct{}](remembered)
	return a.Consumer.Run(ctx, func(ctx context.Context, e Event) error {
		answer, err := e.Answer()
		if err != nil {
			return err
		}
		if a.Known != nil && !a.Known(answer.Service) {
			return tenants.Errorf(tenants.CodeNotFound, "the service %s, which answers for the operation %s, is not in the catalogue", answer.Service, answer.OperationID)
		}
		mu.Lock()
		_, twice := had.get(e.Key())
		mu.Unlock()
		if twice {
			return tenants.Errorf(tenants.CodeConflict, "the service %s has answered for the operation %s already", answer.Service, answer.OperationID)
		}
		if err := a.Handler.Answered(ctx, answer); err != nil {
			return err
		}
		mu.Lock()
		had.put(e.Key(), struct{}{})
		mu.Unlock()
		return nil
	})
}
