package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tenantform/tenantform/tenants"
)

// forgetAfter is how long somebody's rate is remembered without a request: long
// enough for every bucket to be full again by then.
const forgetAfter = 10 * time.Minute

// rates bounds how often each of many may do something. The zero value is not usable.
type rates struct {
	limit rate.Limit
	burst int
	now   func() time.Time

	mu     sync.Mutex
	of     map[string]*used
	swept  time.Time
	hidden map[string]int // how often each was refused since it was last told
}

type used struct {
	*rate.Limiter
	last time.Time
}

func newRates(perSecond float64, burst int, now func() time.Time) *rates {
	return &rates{limit: rate.Limit(perSecond), burst: burst, now: now, of: map[string]*used{}, hidden: map[string]int{}}
}

// take says whether somebody may go on, and if not, after how long.
func (l *rates) take(who string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	u := l.of[who]
	if u == nil {
		u = &used{Limiter: rate.NewLimiter(l.limit, l.burst)}
		l.of[who] = u
	}
	u.last = now
	r := u.ReserveN(now, 1)
	if !r.OK() {
		return time.Second, false
	}
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// counted is take, which counts what was refused: the number since the last that
// was not is given with the next.
func (l *rates) counted(who string) (hidden int, ok bool) {
	_, ok = l.take(who)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok {
		l.hidden[who]++
		return 0, false
	}
	hidden = l.hidden[who]
	delete(l.hidden, who)
	return hidden, true
}

// sweep forgets those who have not been seen for long. The caller holds mu.
func (l *rates) sweep(now time.Time) {
	if now.Sub(l.swept) < forgetAfter/10 {
		return
	}
	l.swept = now
	for who, u := range l.of {
		if now.Sub(u.last) >= forgetAfter {
			delete(l.of, who)
			delete(l.hidden, who)
		}
	}
}

// tooMany is the error for somebody who asks too often.
func tooMany(wait time.Duration, what string) error {
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	return &refusal{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {seconds}},
		error: tenants.Errorf(tenants.CodeUnavailable, "too many %s; try again in %s s", what, seconds)}
}

// places bounds how many of something there are at once, in all and for each of many.
type places struct {
	all, each int

	mu    sync.Mutex
	taken int
	of    map[string]int
}

// take gives a place, or false where there is none.
func (p *places) take(who string) (release func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.all || p.of[who] >= p.each {
		return nil, false
	}
	if p.of == nil {
		p.of = map[string]int{}
	}
	p.taken++
	p.of[who]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken--
		if p.of[who]--; p.of[who] == 0 {
			delete(p.of, who)
		}
	}, true
}
