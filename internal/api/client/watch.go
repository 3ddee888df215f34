package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// heartbeats is how long a stream may be silent: three times the control plane's
// sign of life, and some more.
const heartbeats = 50 * time.Second

// maxRefusal is how many bytes of a refusal are read in place of a stream.
const maxRefusal = 1 << 20

// Watch gives an operation as it is and then whatever happens to it, to its end:
// the last update has the End, or an Operation that has ended. A connection that
// breaks, falls silent, or is ended by the control plane before that, is made
// again and goes on after the last event; what the record says may be given more
// than once. The sequence ends with the operation's end, or with the one error
// that there is; it is CodeUnavailable when there was no connection for
// Options.Patience.
func (c *Client) Watch(ctx context.Context, operationID string) iter.Seq2[wire.Update, error] {
	return func(yield func(wire.Update, error) bool) {
		w := watch{client: c, id: operationID, yield: yield, heard: time.Now()}
		for {
			err := w.follow(ctx)
			if w.done {
				return
			}
			if !w.goOn(ctx, err) {
				yield(wire.Update{}, c.public(ctx, err))
				return
			}
		}
	}
}

// watch is how far a Watch is.
type watch struct {
	client   *Client
	id       string
	yield    func(wire.Update, error) bool
	last     string    // id of the last event
	heard    time.Time // when that came, or when the watch began
	failures int       // connections in a row that did not last
	done     bool      // nothing is to be given any more
}

// goOn waits before the next connection; false when there is to be none.
func (w *watch) goOn(ctx context.Context, err error) bool {
	w.failures++
	pause, again := w.client.again(ctx, err, w.failures)
	if !again || time.Since(w.heard)+pause > w.client.opts.Patience {
		return false
	}
	return w.client.sleep(ctx, pause) == nil
}

// errSilent and errBroken are what a stream ended with before the operation did.
var (
	errSilent = errors.New("the stream of events fell silent")
	errBroken = errors.New("the stream of events ended before the operation did")
)

// follow reads one connection's events, and says why there are no more.
func (w *watch) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(w.client.idle, func() { cancel(errSilent) })
	defer silence.Stop()

	begun := time.Now()
	res, err := w.open(ctx)
	if err != nil {
		return orCause(ctx, err)
	}
	defer res.Body.Close()
	for m, err := range messages(&lively{res.Body, func() { silence.Reset(w.client.idle) }}) {
		if err != nil {
			return orCause(ctx, err)
		}
		w.heard = time.Now()
		if w.heard.Sub(begun) > steadyPause {
			w.failures = 0
		}
		if err := w.give(m); err != nil || w.done {
			return err
		}
		w.last = m.id
	}
	return orCause(ctx, errBroken)
}

// orCause gives why the watch itself ended a connection, where it did.
func orCause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// lively tells of each read that gave something.
type lively struct {
	io.Reader
	heard func()
}

func (l *lively) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if n > 0 {
		l.heard()
	}
	return n, err
}

// open makes the connection.
func (w *watch) open(ctx context.Context) (*http.Response, error) {
	c := w.client
	header := http.Header{"Accept": {wire.ContentEvents + ", " + wire.ContentProblem}, "User-Agent": {c.opts.UserAgent}}
	if w.last != "" && printable(w.last) {
		header.Set("Last-Event-ID", w.last)
	}
	res, err := c.send(ctx, http.MethodGet, c.target([]string{"v1", "operations", w.id, "events"}, nil), header, nil)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusOK && kind == wire.ContentEvents {
		return res, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxRefusal))
	if err != nil {
		return nil, err
	}
	return nil, c.refusal(answer{status: res.StatusCode, header: res.Header, body: body})
}

// give hands an event on. Events of names that this version does not know are
// passed over.
func (w *watch) give(m message) error {
	var u wire.Update
	var err error
	switch m.name {
	case wire.EventOperation:
		u.Operation = &wire.Operation{}
		err = json.Unmarshal([]byte(m.data), u.Operation)
	case wire.EventRun:
		u.Run = &wire.RunEvent{}
		err = json.Unmarshal([]byte(m.data), u.Run)
	case wire.EventEnd:
		u.End = &wire.End{}
		err = json.Unmarshal([]byte(m.data), u.End)
	default:
		return nil
	}
	if err != nil {
		return &tenants.Error{Code: tenants.CodeInternal, Cause: err,
			Message: fmt.Sprintf("an event of operation %s is not in the form that this version knows", w.id)}
	}
	w.done = !w.yield(u, nil) || u.End != nil || u.Operation != nil && u.Operation.Ended()
	return nil
}
