package testtime

import (
	"context"
	"errors"
	"testing"
	"time"
)

// hearing is a test that hears whether it fails.
type hearing struct {
	testing.TB
	failed  bool
	cleanup []func()
}

func (h *hearing) Helper()               {}
func (h *hearing) Errorf(string, ...any) { h.failed = true }
func (h *hearing) Cleanup(f func())      { h.cleanup = append(h.cleanup, f) }

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		fail bool
	}{"ends well": {nil, false}, "ends with an error": {errors.New("no"), true}} {
		h := &hearing{TB: t}
		told := false
		stop := Run(h, func(ctx context.Context) error {
			<-ctx.Done()
			told = true
			return c.err
		})
		stop()
		if !told || h.failed != c.fail {
			t.Errorf("%s: told to end: %v, the test fails: %v, want %v", name, told, h.failed, c.fail)
		}
		h.failed = false
		for _, f := range h.cleanup {
			f()
		}
		if len(h.cleanup) != 1 || h.failed {
			t.Errorf("%s: %d cleanups, want one, which says nothing again: %v", name, len(h.cleanup), h.failed)
		}
	}
}

func TestUntil(t *testing.T) {
	began, calls := time.Now(), 0
	Until(t, "the third call", func() bool { calls++; return calls == 3 })
	if calls != 3 || time.Since(began) < 20*time.Millisecond {
		t.Errorf("%d calls in %s", calls, time.Since(began))
	}
}

func TestClock(t *testing.T) {
	var c Clock
	began := c.Now()
	c.Pass(time.Hour)
	c.Pass(-time.Minute)
	if got := c.Now().Sub(began); began.IsZero() || got != 59*time.Minute {
		t.Errorf("%s have passed since %s, want 59 minutes", got, began)
	}
}
