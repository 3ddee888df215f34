package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// streams sends a part of a stream, and ends it.
func streams(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", wire.ContentEvents)
		w.WriteHeader(http.StatusOK)
		for _, part := range parts {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func event(id int, name, data string) string {
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, name, data)
}

const (
	running   = `{"id":"op1","progress":"running"}`
	succeeded = `{"id":"op1","progress":"succeeded"}`
	up        = `{"stack":"tenant-acme","phase":"up","kind":"started"}`
	end       = `{"operationId":"op1","progress":"failed","error":"no"}`
)

// watched gives what a watch tells, in short.
func watched(ctx context.Context, c *Client) []string {
	var out []string
	for u, err := range c.Watch(ctx, "op1") {
		switch {
		case err != nil:
			out = append(out, string(tenants.CodeOf(err)))
		case u.Operation != nil:
			out = append(out, u.Operation.Progress)
		case u.Run != nil:
			out = append(out, u.Run.Stack)
		case u.End != nil:
			out = append(out, "end "+u.End.Progress)
		}
	}
	return out
}

func TestWatchGoesOnAfterTheLastEvent(t *testing.T) {
	p := newPlane(t,
		streams(event(1, "operation", running), ": still here\n\n", event(2, "run", up)),
		refuses(503, wire.Problem{}),
		streams("event: run\ndata: {\"stack\":\"half"),
		breaks("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nid: 3"),
		streams(event(4, "news", "of a later version"), event(5, "operation", running), event(6, "end", end), event(7, "run", up)),
	)
	c, pauses := p.connect(t, nil)
	got := watched(t.Context(), c)
	if want := "running tenant-acme running end failed"; strings.Join(got, " ") != want {
		t.Errorf("told %v, want %s", got, want)
	}
	var last []string
	for _, r := range p.requests() {
		if r.uri != "/v1/operations/op1/events" || r.authorization != "Bearer "+secret {
			t.Errorf("%+v", r)
		}
		last = append(last, r.lastEvent)
	}
	if strings.Join(last, ",") != ",2,2,2,2" || len(*pauses) != 4 {
		t.Errorf("Last-Event-ID %q, pauses %v", last, *pauses)
	}
}

func TestWatchEnds(t *testing.T) {
	for name, k := range map[string]struct {
		script http.HandlerFunc
		want   string
	}{
		"with an ended record": {streams(event(1, "operation", running), event(2, "operation", succeeded), event(3, "operation", running)), "running succeeded"},
		"when there is none":   {refuses(404, wire.Problem{Code: "not_found"}), "not_found"},
		"without a permission": {refuses(401, wire.Problem{Code: wire.CodeUnauthenticated}), "forbidden"},
		"with nonsense":        {streams(event(1, "operation", running), event(2, "run", "nonsense")), "running internal"},
		"with a page":          {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "invalid"},
	} {
		p := newPlane(t, k.script)
		c, _ := p.connect(t, nil)
		if got := strings.Join(watched(t.Context(), c), " "); got != k.want {
			t.Errorf("%s: %s, want %s", name, got, k.want)
		}
		if n := len(p.requests()); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestWatchOfASilentStream(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	silent := func(w http.ResponseWriter, r *http.Request) {
		streams(event(1, "operation", running))(w, r)
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
		}
	}
	p := newPlane(t, silent, streams(event(2, "operation", succeeded)))
	c, _ := p.connect(t, nil)
	c.idle = 50 * time.Millisecond
	if got := strings.Join(watched(t.Context(), c), " "); got != "running succeeded" {
		t.Errorf("%s", got)
	}
	if r := p.requests(); len(r) != 2 || r[1].lastEvent != "1" {
		t.Errorf("%+v", r)
	}
}

func TestSignsOfLifeKeepAStream(t *testing.T) {
	p := newPlane(t, func(w http.ResponseWriter, r *http.Request) {
		parts := []string{event(1, "operation", running)}
		streams(parts...)(w, r)
		for range 8 {
			time.Sleep(50 * time.Millisecond)
			_, _ = io.WriteString(w, ":\n\n")
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, event(2, "operation", succeeded))
	})
	c, _ := p.connect(t, nil)
	c.idle = 200 * time.Millisecond
	if got := strings.Join(watched(t.Context(), c), " "); got != "running succeeded" || len(p.requests()) != 1 {
		t.Errorf("%s in %d requests", got, len(p.requests()))
	}
}

func TestWatchHasPatience(t *testing.T) {
	p := newPlane(t, streams(event(1, "operation", running)), refuses(503, wire.Problem{Detail: "down"}, "Retry-After", "0"))
	c, _ := p.connect(t, &Options{Patience: 200 * time.Millisecond})
	c.sleep = func(ctx context.Context, _ time.Duration) error { return sleep(ctx, 10*time.Millisecond) }
	if got := strings.Join(watched(t.Context(), c), " "); got != "running unavailable" {
		t.Errorf("%s", got)
	}
	if n := len(p.requests()); n < 3 {
		t.Errorf("%d requests", n)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := newPlane(t, func(w http.ResponseWriter, r *http.Request) {
		streams(event(1, "operation", running))(w, r)
		<-r.Context().Done()
	})
	c, _ := p.connect(t, nil)
	var last error
	for _, last = range c.Watch(ctx, "op1") {
		cancel()
	}
	if tenants.CodeOf(last) != tenants.CodeUnavailable || !errors.Is(last, context.Canceled) || len(p.requests()) != 1 {
		t.Errorf("%v after %d requests", last, len(p.requests()))
	}
}

func TestWatchStopsWhenNobodyListens(t *testing.T) {
	p := newPlane(t, streams(event(1, "operation", running), event(2, "operation", running)))
	c, _ := p.connect(t, nil)
	for _, err := range c.Watch(t.Context(), "op1") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if n := len(p.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestMessages(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for name, k := range map[string]struct {
		stream string
		want   string
		err    error
	}{
		"several":           {"id: 1\nevent: a\ndata: x\n\nevent: b\ndata: y\n\n", "[1 a x][1 b y]", nil},
		"CRLF":              {"event: a\r\ndata: x\r\ndata: y\r\n\r\n", "[ a x\ny]", nil},
		"no space":          {"event:a\ndata:x\n\n", "[ a x]", nil},
		"one space only":    {"data:  x\n\n", "[   x]", nil},
		"empty data":        {"data\n\ndata:\n\n", "[  ][  ]", nil},
		"no data":           {"event: a\nid: 4\n\ndata: x\n\n", "[4  x]", nil},
		"comments":          {": hello\n\n:\n\ndata: x\n: within\n\n", "[  x]", nil},
		"an id is kept":     {"id: 1\ndata: x\n\ndata: y\n\nid\ndata: z\n\n", "[1  x][1  y][  z]", nil},
		"a zero in an id":   {"id: 1\ndata: x\n\nid: \x00\ndata: y\n\n", "[1  x][1  y]", nil},
		"an end in between": {"data: x\n\ndata: y\n", "[  x]", io.ErrUnexpectedEOF},
		"a long line":       {"data: x\n\n" + long, "[  x]", errLongLine},
	} {
		var got strings.Builder
		var err error
		var stream io.Reader = strings.NewReader(k.stream)
		if len(k.stream) < 1000 {
			stream = iotest.OneByteReader(stream)
		}
		for m, e := range messages(stream) {
			if err = e; e == nil {
				fmt.Fprintf(&got, "[%s %s %s]", m.id, m.name, m.data)
			}
		}
		if got.String() != k.want || !errors.Is(err, k.err) {
			t.Errorf("%s: %q, %v, want %q, %v", name, got.String(), err, k.want, k.err)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("id: 1\nevent: a\ndata: x\n\n")
	f.Add(":\n\r\ndata\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		for m, err := range messages(strings.NewReader(stream)) {
			if err == nil && strings.ContainsAny(m.id+m.name, "\n\x00") && !strings.Contains(stream, "\x00") {
				t.Errorf("%q gave %+v", stream, m)
			}
		}
	})
}
