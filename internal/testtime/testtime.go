// Package testtime is for tests in which time passes: something that runs beside
// the test, what comes of it after a while, and a clock that the test sets.
package testtime

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what has to come, on a busy machine too.
const Patience = 30 * time.Second

// Run runs something beside the test until the function that it gives is called,
// or the test ends. Either waits for its end; the test fails when it ends with an
// error, or does not end within Patience of being told to.
func Run(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("what runs beside the test ended with %v", err)
			}
		case <-time.After(Patience):
			t.Errorf("what runs beside the test does not end within %s", Patience)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Until waits until something holds, and fails the test, with what was waited
// for, when it does not within Patience.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(Patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// Clock is a time that stands still unless a test lets it pass. The zero value
// stands at the first of March 2026, noon in UTC; many goroutines may use it.
type Clock struct {
	mu     sync.Mutex
	passed time.Duration
}

// Now gives what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(c.passed)
}

// Pass lets time pass; a negative one turns the clock back.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed += d
}
