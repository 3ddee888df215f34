package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// The pauses between tries where the control plane names none: the first, and
// what they grow to, half of each at random.
const (
	firstPause  = 200 * time.Millisecond
	steadyPause = 5 * time.Second
)

// sleep waits, or gives the context's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// again tells whether another try after an error may go better, and how long to
// wait for it.
func (c *Client) again(ctx context.Context, err error, attempt int) (pause time.Duration, ok bool) {
	if ctx.Err() != nil || untrusted(err) {
		return 0, false
	}
	if _, ok := errors.AsType[*tokenError](err); ok {
		return 0, false
	}
	pause = backoff(attempt)
	if e, ok := errors.AsType[*ResponseError](err); ok {
		switch e.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			return 0, false
		}
		if asked, ok := retryAfter(e.retryAfter, time.Now()); ok {
			pause = max(asked, 0)
		}
		return pause, pause <= c.opts.MaxPause
	}
	if _, ok := errors.AsType[*tenants.Error](err); ok {
		return 0, false
	}
	return min(pause, c.opts.MaxPause), true
}

// backoff gives the pause after the attempt-th try.
func backoff(attempt int) time.Duration {
	d := steadyPause
	if attempt < 6 {
		d = min(firstPause<<(attempt-1), steadyPause)
	}
	return d/2 + rand.N(d/2) //nolint:gosec // it spreads load, and keeps no secret
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110,
// section 10.2.3).
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}
