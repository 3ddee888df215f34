package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// signals is what becomes of Ctrl-C and SIGTERM. The first ends what only
// looks, and nothing new is begun; a change under way goes on. The second tells
// that change to stop after the operations on resources that it is at. From
// the third on the process ends as any other would.
type signals struct {
	stop     chan struct{} // closed at the second; automation.Options.Interrupt
	changing atomic.Int32
	count    atomic.Int32
	closing  sync.Once
	done     chan struct{}
}

// watchSignals gives a context that ends with the first signal.
func watchSignals(ctx context.Context, p *progress) (context.Context, *signals) {
	ctx, cancel := context.WithCancel(ctx)
	s := &signals{stop: make(chan struct{}), done: make(chan struct{})}
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer cancel()
		defer signal.Stop(ch)
		for {
			select {
			case <-s.done:
				return
			case <-ch:
			}
			switch s.count.Add(1) {
			case 1:
				cancel()
				if s.changing.Load() > 0 {
					p.always("finishing what is under way; press Ctrl-C again to interrupt the run")
				}
			case 2:
				p.always("interrupting the run: operations on resources that have begun still end; the next run goes on from there")
				close(s.stop)
				return
			}
		}
	}()
	return ctx, s
}

// interrupted tells whether there was a signal.
func (s *signals) interrupted() bool { return s.count.Load() > 0 }

// change marks the time in which a change is under way.
func (s *signals) change() (end func()) {
	s.changing.Add(1)
	return sync.OnceFunc(func() { s.changing.Add(-1) })
}

func (s *signals) close() { s.closing.Do(func() { close(s.done) }) }
