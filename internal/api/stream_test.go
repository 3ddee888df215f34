package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// event is one of a stream; a comment has only that.
type event struct{ name, id, data, comment string }

// reader reads a stream.
type reader struct {
	t testing.TB
	*bufio.Reader
	close func()
}

// open opens a stream of an operation's events.
func (h *house) open(id, last string) *reader {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/v1/operations/"+id+"/events", nil)
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.delivery())
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose // the reader closes it
	if err != nil {
		h.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		h.Fatalf("%s %v", res.Status, res.Header)
	}
	r := &reader{t: h, Reader: bufio.NewReader(res.Body), close: func() { cancel(); _ = res.Body.Close() }}
	h.Cleanup(r.close)
	return r
}

// next gives the next event or comment; false at the end of the stream.
func (r *reader) next() (event, bool) {
	r.t.Helper()
	var e event
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			if line != "" {
				r.t.Errorf("the stream ends within a line: %q", line)
			}
			return e, false
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "":
			if value != "" {
				e.comment = value
				continue
			}
			if e == (event{}) {
				continue // behind retry
			}
			return e, true
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "retry":
		default:
			r.t.Errorf("the stream has a line %q", line)
		}
	}
}

// want wants an event of a name, with valid data.
func (r *reader) want(name string) event {
	r.t.Helper()
	e, ok := r.next()
	if !ok || e.name != name {
		r.t.Fatalf("the stream has %+v, %t; want %s", e, ok, name)
	}
	schema := map[string]string{"operation": "Operation", "run": "RunEvent", "end": "End"}[name]
	documented(r.t).valid(r.t, "the event "+name, "#/components/schemas/"+schema, []byte(e.data))
	return e
}

func TestWatch(t *testing.T) {
	h := newHouse(t, nil)
	id := h.create("acme", "standard").Operation.ID
	s := h.open(id, "")
	first := s.want("operation")
	var op wire.Operation
	if err := json.Unmarshal([]byte(first.data), &op); err != nil || op.ID != id || op.Progress != "running" || first.id == "" {
		t.Errorf("the first event is %+v, %v", first, err)
	}
	recorded, err := h.ledger.Operation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	recorded.Steps = []tenants.Step{{Name: "provision", Progress: tenants.ProgressRunning, StartedAt: time.Now().UTC()}}
	if _, err := h.ledger.Advance(t.Context(), tenants.Advance{Operation: recorded}); err != nil {
		t.Fatal(err)
	}
	second := s.want("operation")
	if second.id == first.id || !strings.Contains(second.data, "provision") {
		t.Errorf("the second event is %+v", second)
	}
	// Opened again with the second's id, it is not sent again.
	again := h.open(id, second.id)
	early := h.open(id, first.id)
	if e := early.want("operation"); e != second {
		t.Errorf("what was missed is %+v", e)
	}
	h.end(id, "")
	for _, r := range []*reader{s, again, early} {
		last := r.want("operation")
		end := r.want("end")
		if !strings.Contains(last.data, `"succeeded"`) || !strings.Contains(end.data, `"succeeded"`) || end.id != last.id {
			t.Errorf("it ends with %+v and %+v", last, end)
		}
		if e, more := r.next(); more {
			t.Errorf("behind the end there is %+v", e)
		}
		// Who has the last record is told the end alone.
		only := h.open(id, last.id)
		only.want("end")
	}
}

// watching makes a house whose updates a test makes.
func watching(t testing.TB, limits api.Limits, updates func(ctx context.Context, id string) iter.Seq2[workflows.Update, error]) *house {
	return newHouse(t, func(a *api.Args, o *api.Options) {
		o.Limits = limits
		a.Watch = updates
	})
}

// TestWatchRuns streams events of runs, in their order, between records.
func TestWatchRuns(t *testing.T) {
	var h *house
	h = watching(t, plenty(), func(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
		return func(yield func(workflows.Update, error) bool) {
			op, _ := h.ledger.Operation(ctx, id)
			if !yield(workflows.Update{Operation: op}, nil) {
				return
			}
			for i := range 100 {
				ev := automation.Event{Time: time.Now(), Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Name: fmt.Sprint(i), Message: "line\nbreak"}
				if !yield(workflows.Update{Operation: op, Event: ev}, nil) {
					return
				}
			}
			op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, time.Now(), "no"
			yield(workflows.Update{Operation: op}, nil)
		}
	})
	id := h.create("acme", "standard").Operation.ID
	s := h.open(id, "")
	s.want("operation")
	for i := range 100 {
		e := s.want("run")
		var ev wire.RunEvent
		if err := json.Unmarshal([]byte(e.data), &ev); err != nil || ev.Name != fmt.Sprint(i) || ev.Message != "line\nbreak" || e.id != "" {
			t.Fatalf("event %d is %+v, %v", i, e, err)
		}
	}
	s.want("operation")
	if e := s.want("end"); !strings.Contains(e.data, `"error":"no"`) {
		t.Errorf("the end is %s", e.data)
	}
}

// TestWatchIsAlive sends signs of life, ends after its time, and is opened again.
func TestWatchIsAlive(t *testing.T) {
	limits := plenty()
	limits.Heartbeat, limits.WatchTime, limits.Timeout = 30*time.Millisecond, 400*time.Millisecond, 100*time.Millisecond
	h := newHouse(t, func(_ *api.Args, o *api.Options) { o.Limits = limits })
	id := h.create("acme", "standard").Operation.ID
	began := time.Now()
	s := h.open(id, "")
	first := s.want("operation")
	alive := 0
	for e, more := s.next(); more; e, more = s.next() {
		if e.comment == "" {
			t.Errorf("there is %+v", e)
		}
		alive++
	}
	if took := time.Since(began); alive < 2 || took < 300*time.Millisecond || took > 10*time.Second {
		t.Errorf("%d signs of life in %s", alive, took)
	}
	again := h.open(id, first.id)
	if e, _ := again.next(); e.comment == "" {
		t.Errorf("the record is sent again: %+v", e)
	}
}

// TestWatchEndsWithTheToken ends a stream when its token would not be accepted any more.
func TestWatchEndsWithTheToken(t *testing.T) {
	h := newHouse(t, func(a *api.Args, o *api.Options) {
		o.Limits = plenty()
		a.Verifier = expiring{a.Verifier, 300 * time.Millisecond}
	})
	id := h.create("acme", "standard").Operation.ID
	began := time.Now()
	s := h.open(id, "")
	s.want("operation")
	for e, more := s.next(); more; e, more = s.next() {
		if e.comment == "" {
			t.Errorf("there is %+v", e)
		}
	}
	if took := time.Since(began); took < 250*time.Millisecond || took > 10*time.Second {
		t.Errorf("the stream ended after %s", took)
	}
}

// expiring makes tokens expire soon after they were verified.
type expiring struct {
	auth.TokenVerifier
	after time.Duration
}

func (e expiring) Verify(ctx context.Context, token string) (auth.Principal, error) {
	p, err := e.TokenVerifier.Verify(ctx, token)
	p.Until = time.Now().Add(e.after)
	return p, err
}

// deadlined is told by when an answer has to be read.
type deadlined struct {
	*httptest.ResponseRecorder
	at time.Time
}

func (d *deadlined) SetWriteDeadline(at time.Time) error {
	d.at = at
	return nil
}

// TestSlowReaders bounds how long an answer may be left unread.
func TestSlowReaders(t *testing.T) {
	h := newHouse(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/v1/tiers", nil)
	r.Header.Set("Authorization", "Bearer "+h.delivery())
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	h.handler.ServeHTTP(w, r)
	if left := time.Until(w.at); w.Code != http.StatusOK || left <= 0 || left > 5*time.Minute {
		t.Errorf("status %d; the answer may be left unread for %s", w.Code, left)
	}
}

// TestWatchFails ends a stream without its end when the ledger fails.
func TestWatchFails(t *testing.T) {
	h := watching(t, plenty(), func(context.Context, string) iter.Seq2[workflows.Update, error] {
		return func(yield func(workflows.Update, error) bool) { yield(workflows.Update{}, errDown) }
	})
	id := h.create("acme", "standard").Operation.ID
	s := h.open(id, "")
	if e, more := s.next(); more {
		t.Errorf("there is %+v", e)
	}
	testtime.Until(t, "the log has the cause", func() bool { return strings.Contains(h.log.String(), "connection refused") })
}

// TestReadersThatGo ends what feeds a stream when its reader has gone, or does not read.
func TestReadersThatGo(t *testing.T) {
	var watched atomic.Int32
	var h *house
	flood := func(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
		return func(yield func(workflows.Update, error) bool) {
			watched.Add(1)
			defer watched.Add(-1)
			op, _ := h.ledger.Operation(ctx, id)
			yield(workflows.Update{Operation: op}, nil)
			ev := automation.Event{Stack: "tenant-acme", Kind: automation.EventDiagnostic, Message: strings.Repeat("x", 64<<10)}
			for yield(workflows.Update{Operation: op, Event: ev}, nil) {
				if ctx.Err() != nil {
					return
				}
			}
		}
	}
	h = watching(t, plenty(), flood)
	id := h.create("acme", "standard").Operation.ID
	s := h.open(id, "")
	s.want("operation")
	if watched.Load() != 1 {
		t.Fatalf("%d are watched", watched.Load())
	}
	s.close()
	testtime.Until(t, "nothing is watched when the reader has gone", func() bool { return watched.Load() == 0 })

	// One who does not read is waited for, and no longer than the stream lasts.
	limits := plenty()
	limits.WatchTime = 300 * time.Millisecond
	h = watching(t, limits, flood)
	id = h.create("acme", "standard").Operation.ID
	c, err := net.Dial("tcp", h.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET /v1/operations/%s/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", id, h.delivery()); err != nil {
		t.Fatal(err)
	}
	testtime.Until(t, "the stream is open", func() bool { return watched.Load() == 1 })
	testtime.Until(t, "the one who does not read is let go", func() bool { return watched.Load() == 0 })
	_ = c.Close()
	h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.delivery()})
}

// TestTooManyStreams opens more than are allowed.
func TestTooManyStreams(t *testing.T) {
	limits := plenty()
	limits.Watches, limits.WatchesEach = 3, 2
	h := newHouse(t, func(_ *api.Args, o *api.Options) { o.Limits = limits })
	id := h.create("acme", "standard").Operation.ID
	one, two := h.open(id, ""), h.open(id, "")
	one.want("operation")
	two.want("operation")
	path := "/v1/operations/" + id + "/events"
	if res := h.want(http.StatusTooManyRequests, request{method: "GET", path: path, token: h.delivery()}); res.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	two.close()
	testtime.Until(t, "a place is free", func() bool {
		return h.do(request{method: "HEAD", path: path, token: h.delivery()}).StatusCode == http.StatusOK
	})
	h.want(http.StatusNotFound, request{method: "GET", path: "/v1/operations/nothing/events", token: h.delivery()})
}

// TestPanicInAStream ends the stream, and nothing else.
func TestPanicInAStream(t *testing.T) {
	var h *house
	h = watching(t, plenty(), func(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
		return func(yield func(workflows.Update, error) bool) {
			op, _ := h.ledger.Operation(ctx, id)
			yield(workflows.Update{Operation: op}, nil)
			panic("secret cause")
		}
	})
	id := h.create("acme", "standard").Operation.ID
	s := h.open(id, "")
	s.want("operation")
	if e, more := s.next(); more {
		t.Errorf("there is %+v", e)
	}
	h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.delivery()})
	testtime.Until(t, "the log has the cause", func() bool { return strings.Contains(h.log.String(), "secret cause") })
}
