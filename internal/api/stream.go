package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

type watchInput struct {
	ID          string `path:"id" doc:"The operation's id"`
	LastEventID string `header:"Last-Event-ID" doc:"The id of the last record that was received"`
}

const (
	// patience is how long a reader may leave what was sent unread.
	patience = 30 * time.Second
	// reconnect is after how many milliseconds a client opens a stream again.
	reconnect = 2000
)

// watch streams what happens to an operation.
func (s *server) watch(ctx context.Context, in *watchInput) (*huma.StreamResponse, error) {
	release, ok := s.watches.take(callOf(ctx).principal.Subject)
	if !ok {
		return nil, tooMany(5*time.Second, "open streams")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer release()
		r, w := humago.Unwrap(hc)
		header := w.Header()
		header.Set("Content-Type", wire.ContentEvents)
		header.Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return
		}
		until := time.Now().Add(s.limits.WatchTime)
		if expires := callOf(ctx).principal.Until; !expires.IsZero() && expires.Before(until) {
			until = expires
		}
		ctx, cancel := context.WithDeadline(r.Context(), until)
		defer cancel()
		st := &stream{w: w, control: http.NewResponseController(w), last: in.LastEventID, until: until}
		if err := st.write(fmt.Sprintf("retry: %d\n\n", reconnect)); err != nil {
			return
		}
		if err := s.follow(ctx, st, in.ID); err != nil && ctx.Err() == nil {
			s.logger(ctx).WarnContext(ctx, "a stream ended early", "operation", in.ID, "error", err)
		}
	}}, nil
}

// follow sends updates, and signs of life between them, until the operation or the
// context has ended.
func (s *server) follow(ctx context.Context, st *stream, operationID string) error {
	ctx, cancel := context.WithCancel(ctx)
	type update struct {
		workflows.Update
		err error
	}
	updates := make(chan update)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(updates)
		send := func(u workflows.Update, err error) bool {
			select {
			case updates <- update{u, err}:
				return true
			case <-ctx.Done():
				return false
			}
		}
		defer func() { // here nobody else would
			if cause := recover(); cause != nil {
				send(workflows.Update{}, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
			}
		}()
		s.Watch(ctx, operationID)(send)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	beat := time.NewTicker(s.limits.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			if err := st.write(": alive\n\n"); err != nil {
				return err
			}
		case u, more := <-updates:
			if !more {
				return nil
			}
			if u.err != nil {
				return u.err
			}
			if err := st.send(u.Update); err != nil {
				return err
			}
			beat.Reset(s.limits.Heartbeat)
		}
	}
}

// stream writes server-sent events; see "Server-sent events" (WHATWG HTML
// Standard, section 9.2).
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    string    // the id of the record that the reader has
	until   time.Time // when it is to be over
}

func (st *stream) send(u workflows.Update) error {
	if u.Event != (automation.Event{}) {
		return st.event(wire.EventRun, "", runEvent(u.Event))
	}
	op := wire.FromOperation(u.Operation)
	if id := recordID(op); id != st.last {
		st.last = id
		if err := st.event(wire.EventOperation, id, op); err != nil {
			return err
		}
	}
	if !u.Operation.Progress.Ended() {
		return nil
	}
	return st.event(wire.EventEnd, st.last, wire.End{OperationID: op.ID, Progress: op.Progress, Error: op.Error})
}

// recordID names a record by what it says.
func recordID(op wire.Operation) string {
	sum := sha256.Sum256(encoded(op))
	return hex.EncodeToString(sum[:12])
}

func (st *stream) event(name, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("event: " + name + "\n")
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("data: ")
	b.Write(text) // JSON has no line breaks
	b.WriteString("\n\n")
	return st.write(b.String())
}

// write sends a part of the stream at once, or fails when the reader does not read.
func (st *stream) write(text string) error {
	// A writer without deadlines, as in tests, has no reader who is slow.
	deadline := time.Now().Add(patience)
	if last := st.until.Add(time.Second); last.Before(deadline) {
		deadline = last
	}
	_ = st.control.SetWriteDeadline(deadline)
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	return st.control.Flush()
}

// runEvent gives an event of a run as the API shows it.
func runEvent(ev automation.Event) wire.RunEvent {
	out := wire.RunEvent{
		Time: ev.Time, Stack: ev.Stack, Phase: string(ev.Phase), Kind: string(ev.Kind), URN: ev.URN, Type: ev.Type, Name: ev.Name,
		Operation: string(ev.Operation), Seconds: ev.Seconds, Severity: ev.Severity, Message: ev.Message,
	}
	if ev.Progress != tenants.ProgressPending {
		out.Progress = string(ev.Progress)
	}
	return out
}
