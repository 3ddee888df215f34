package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func orders(b *bench) {
	for i := range 5 {
		b.begin(Opening(fmt.Sprintf("tenant-%d", i), fmt.Sprintf("op-%d", i)))
	}
	first, err := b.l.Orders(b.ctx, 3)
	must(b.T, err)
	if len(first) != 3 {
		b.Fatalf("%d orders, asked for 3", len(first))
	}
	for i, o := range b.orders() {
		if o.OperationID != fmt.Sprintf("op-%d", i) || i > 0 && o.Seq <= first[0].Seq {
			b.Errorf("order %d is %+v", i, o)
		}
	}
	must(b.T, b.Other.Started(b.ctx, first[0].Seq))
	must(b.T, b.l.Started(b.ctx, first[0].Seq))
	must(b.T, b.l.Started(b.ctx, 1<<40))
	left := b.orders()
	if len(left) != 4 || left[0].OperationID != "op-1" {
		b.Errorf("what is left: %+v", left)
	}
	op, err := b.l.Operation(b.ctx, "op-0") // started is not ended
	must(b.T, err)
	if op.Progress != tenants.ProgressRunning {
		b.Errorf("the operation is %+v", op)
	}
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, Opening("tenant-0", "op-x")); return err })
	op.ID, op.TenantID = "op-1", "tenant-1"
	op.Kind = tenants.OperationCreate
	ended, err := b.l.Operation(b.ctx, "op-1")
	must(b.T, err)
	ended.Progress, ended.EndedAt = tenants.ProgressFailed, began
	must(b.T, b.l.Record(b.ctx, ended)) // what has ended need not be started
	if left := b.orders(); len(left) != 3 || left[0].OperationID != "op-2" {
		b.Errorf("what is left: %+v", left)
	}
	for _, limit := range []int{0, -1} {
		_, err := b.l.Orders(b.ctx, limit)
		code(b.T, err, tenants.CodeInvalid)
	}
}

func ordersRest(b *bench) {
	b.begin(Opening("acme", "op-1"))
	b.begin(Opening("birch", "op-2"))
	seq := b.orders()[0].Seq
	for attempt := 1; attempt <= 8; attempt++ {
		must(b.T, b.l.Postponed(b.ctx, seq, errors.New("no answer\x00\xff "+strings.Repeat("long ", 1000))))
		if due := b.orders(); len(due) != 1 || due[0].OperationID != "op-2" {
			b.Fatalf("attempt %d: due are %+v", attempt, due)
		}
		delay := tenants.OrderDelay(attempt)
		b.clock.add(delay - time.Microsecond)
		if due := b.orders(); len(due) != 1 {
			b.Fatalf("attempt %d: it is due before %s have passed", attempt, delay)
		}
		b.clock.add(time.Microsecond)
		due := b.orders()
		if len(due) != 2 || due[0].Seq != seq || due[0].Attempts != attempt || !strings.HasPrefix(due[0].Cause, "no answer") {
			b.Fatalf("attempt %d: due after %s are %+v", attempt, delay, due)
		}
	}
	must(b.T, b.l.Postponed(b.ctx, 1<<40, nil))
	must(b.T, b.l.Postponed(b.ctx, seq, nil))
	must(b.T, b.l.Started(b.ctx, seq))
	b.clock.add(time.Hour)
	if due := b.orders(); len(due) != 1 {
		b.Errorf("due are %+v", due)
	}
}

// backlog counts orders that rest, too: they have waited as long as others.
func backlog(b *bench) {
	look := func(want int, since time.Time) {
		b.Helper()
		n, at, err := b.Other.Backlog(b.ctx)
		must(b.T, err)
		if n != want || !at.Equal(since) {
			b.Errorf("the outbox has %d orders since %s, want %d since %s", n, at, want, since)
		}
	}
	look(0, time.Time{})
	b.begin(Opening("acme", "op-1"))
	b.clock.add(time.Minute)
	b.begin(Opening("birch", "op-2"))
	look(2, began)
	seq := b.orders()[0].Seq
	must(b.T, b.l.Postponed(b.ctx, seq, errors.New("no answer")))
	if due := b.orders(); len(due) != 1 {
		b.Fatalf("due are %+v", due)
	}
	look(2, began)
	must(b.T, b.l.Started(b.ctx, seq))
	look(1, began.Add(time.Minute))
	must(b.T, b.l.Started(b.ctx, b.orders()[0].Seq))
	look(0, time.Time{})
}

// keyed gives an opening with an idempotency key.
func keyed(id, operation, key, actor, hash string) tenants.Change {
	c := Opening(id, operation)
	c.Key = &tenants.IdempotencyKey{Key: key, Actor: actor, RequestHash: hash}
	return c
}

func keyRepeated(b *bench) {
	first := b.begin(keyed("acme", "op-1", "k", "ann", "h"))
	if first.Replayed {
		b.Error("the first answer is called a repetition")
	}
	t := b.end(first.Operation, tenants.ProgressSucceeded, tenants.StatusActive)
	before := b.snapshot()
	again, err := b.Other.Begin(b.ctx, keyed("acme", "op-2", "k", "ann", "h"))
	must(b.T, err)
	first.Replayed = true
	same(b.T, again, first) // as it was then, not as it is now
	b.answer("k", "ann", "h", &first)
	b.answer("k", "bob", "h", nil)
	same(b.T, b.snapshot(), before)

	other := b.begin(keyed("birch", "op-3", "k", "bob", "h")) // another actor's key is another key
	if other.Replayed || other.Tenant.ID != "birch" {
		b.Errorf("another actor got %+v", other)
	}
	patch := changing(t, "", tenants.OperationUpdate, tenants.StatusActive)
	patch.Tenant.Name, patch.Key = "Patched", &tenants.IdempotencyKey{Key: "p", Actor: "ann", RequestHash: "h2"}
	written, err := b.l.Write(b.ctx, patch)
	must(b.T, err)
	repeated, err := b.l.Write(b.ctx, patch)
	must(b.T, err)
	written.Replayed = true
	same(b.T, repeated, written)
	b.answer("p", "ann", "h2", &written)
}

// answer looks a key up; nil: it has no answer.
func (b *bench) answer(key, actor, hash string, want *tenants.Begun) {
	b.Helper()
	before := b.snapshot()
	got, found, err := b.l.Answer(b.ctx, tenants.IdempotencyKey{Key: key, Actor: actor, RequestHash: hash})
	must(b.T, err)
	if found != (want != nil) {
		b.Errorf("the key %s of %s has an answer: %t", key, actor, found)
	} else if found {
		same(b.T, got, *want)
	}
	same(b.T, b.snapshot(), before)
}

func keyForAnother(b *bench) {
	b.begin(keyed("acme", "op-1", "k", "ann", "h"))
	err := b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, keyed("birch", "op-2", "k", "ann", "other")); return err })
	mentions(b.T, err, `"k"`)
	_, _, asked := b.l.Answer(b.ctx, tenants.IdempotencyKey{Key: "k", Actor: "ann", RequestHash: "other"})
	for _, err := range []error{err, asked} {
		if !errors.Is(err, tenants.ErrKeyUsed) || tenants.CodeOf(err) != tenants.CodeConflict {
			b.Errorf("%v does not say that the key was used", err)
		}
	}
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Write(b.ctx, keyed("birch", "op-2", "k", "ann", "other")); return err })
}

func keyAfterFailure(b *bench) {
	b.begin(Opening("acme", "op-1"))
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, keyed("acme", "op-2", "k", "ann", "h")); return err })
	b.answer("k", "ann", "h", nil)
	if begun := b.begin(keyed("birch", "op-3", "k", "ann", "other")); begun.Replayed || begun.Tenant.ID != "birch" {
		b.Errorf("a key whose request failed is taken: %+v", begun)
	}
}

func keyExpires(b *bench) {
	b.begin(keyed("acme", "op-1", "k", "ann", "h"))
	b.clock.add(tenants.IdempotencyTTL - time.Second)
	b.begin(keyed("birch", "op-2", "young", "ann", "h"))
	if n, err := b.l.Expire(b.ctx); n != 0 || err != nil {
		b.Errorf("%d keys expired early, %v", n, err)
	}
	if again := b.begin(keyed("acme", "op-3", "k", "ann", "h")); !again.Replayed {
		b.Error("the key was forgotten early")
	}
	b.clock.add(time.Second)
	b.answer("k", "ann", "h", nil)
	if fresh := b.begin(keyed("cedar", "op-4", "k", "ann", "other")); fresh.Replayed || fresh.Tenant.ID != "cedar" {
		b.Errorf("an expired key gave %+v", fresh)
	}
	if again := b.begin(keyed("cedar", "op-5", "k", "ann", "other")); !again.Replayed || again.Tenant.ID != "cedar" {
		b.Errorf("a key that was used again gave %+v", again)
	}
	b.clock.add(tenants.IdempotencyTTL - time.Second)
	if n, err := b.l.Expire(b.ctx); n != 1 || err != nil {
		b.Errorf("%d keys expired, want the young one; %v", n, err)
	}
}

// keyAtOnce sends one request many times at once: it is carried out once, and all
// get the same answer.
func keyAtOnce(b *bench) {
	for round := range 5 {
		var wg sync.WaitGroup
		var done atomic.Int32
		answers := make([]tenants.Begun, 8)
		for i := range answers {
			l := b.l
			if i%2 == 1 {
				l = b.Other
			}
			wg.Go(func() {
				begun, err := l.Begin(b.ctx, keyed(fmt.Sprintf("tenant-%d", round), fmt.Sprintf("op-%d-%d", round, i), fmt.Sprintf("k%d", round), "ann", "h"))
				if err != nil {
					b.Errorf("%v", err)
				}
				if !begun.Replayed {
					done.Add(1)
				}
				begun.Replayed = false
				answers[i] = begun
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			b.Errorf("the request was carried out %d times", done.Load())
		}
		for _, a := range answers[1:] {
			same(b.T, a, answers[0])
		}
	}
}

func keyInvalid(b *bench) {
	for _, k := range []tenants.IdempotencyKey{{}, {Key: "k", Actor: "ann"}, {Key: "k", RequestHash: "h"}, {Actor: "ann", RequestHash: "h"},
		{Key: strings.Repeat("k", 256), Actor: "ann", RequestHash: "h"}, {Key: "k\n", Actor: "ann", RequestHash: "h"}} {
		b.unchanged(tenants.CodeInvalid, func() error {
			_, err := b.l.Begin(b.ctx, keyed("acme", "op-1", k.Key, k.Actor, k.RequestHash))
			return err
		})
		b.unchanged(tenants.CodeInvalid, func() error { _, _, err := b.l.Answer(b.ctx, k); return err })
	}
}
