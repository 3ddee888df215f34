package spool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/batcher"
	"gocloud.dev/pubsub/driver"
)

// Options are what a subscription may have otherwise. The zero value is the
// default.
type Options struct {
	Lease         time.Duration // how long a receiver has a message; 0: 15 minutes
	MaxDeliveries int           // how often a message is delivered; 0: 20
}

const (
	defaultLease         = 15 * time.Minute
	defaultMaxDeliveries = 20
	// A receiver looks again after poll, and stops looking for a turn after patience.
	poll     = 50 * time.Millisecond
	patience = time.Second
	// Leases of others are looked through no more often than this.
	reclaimEvery = 500 * time.Millisecond
)

type subscription struct {
	dir           string
	lease         time.Duration
	maxDeliveries int
	holder        string
	lock          *os.File // locked while the receiver lives; nil where there is no subscription

	mu        sync.Mutex
	closed    bool
	reclaimed time.Time
	held      map[string]fileName // by the message's id
}

var _ driver.Subscription = (*subscription)(nil)

// OpenSubscription opens a subscription of the topic in a directory; both are made
// if they are missing.
func OpenSubscription(dir, name string, opts *Options) (*pubsub.Subscription, error) {
	if err := makeSpool(dir); err != nil {
		return nil, err
	}
	if err := makeSubscription(dir, name); err != nil {
		return nil, err
	}
	s, err := newSubscription(dir, name, opts)
	if err != nil {
		return nil, err
	}
	return pubsub.NewSubscription(s, &batcher.Options{MaxBatchSize: 10, MaxHandlers: 1}, &batcher.Options{MaxBatchSize: 100, MaxHandlers: 2}), nil
}

func newSubscription(dir, name string, opts *Options) (*subscription, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &subscription{
		dir: filepath.Join(dir, name), lease: opts.Lease, maxDeliveries: opts.MaxDeliveries, holder: newID(), held: map[string]fileName{},
	}
	if s.lease <= 0 {
		s.lease = defaultLease
	}
	if s.maxDeliveries <= 0 {
		s.maxDeliveries = defaultMaxDeliveries
	}
	// The file is locked before it has its name: whoever finds it unlocked knows that its holder is gone.
	hidden := filepath.Join(dir, temporary, s.holder)
	lock, err := os.OpenFile(hidden, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the receiver of %s cannot be named: %w", s.dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s cannot be locked: %w", hidden, err), lock.Close(), os.Remove(hidden))
	}
	if err := os.Rename(hidden, s.holderFile(s.holder)); err != nil {
		return nil, errors.Join(fmt.Errorf("the receiver of %s cannot be named: %w", s.dir, err), lock.Close(), os.Remove(hidden))
	}
	s.lock = lock
	return s, nil
}

func (s *subscription) holderFile(holder string) string {
	return filepath.Join(s.dir, holdersDir, holder)
}

// ReceiveBatch takes the oldest messages, and waits a second for one.
func (s *subscription) ReceiveBatch(ctx context.Context, maxMessages int) ([]*driver.Message, error) {
	for began := time.Now(); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ms, err := s.take(maxMessages)
		if err != nil || len(ms) > 0 || time.Since(began) > patience {
			return ms, err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *subscription) take(maxMessages int) ([]*driver.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if err := s.reclaim(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, readyDir))
	if err != nil {
		return nil, s.missing(err)
	}
	var ms []*driver.Message
	for _, e := range entries {
		if len(ms) == maxMessages {
			break
		}
		n, ok := parseName(e.Name())
		if !ok {
			continue
		}
		m, err := s.lease1(n)
		if err != nil {
			return ms, err
		}
		if m != nil {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// lease1 takes one message; nil where somebody else was faster, or it is dead.
func (s *subscription) lease1(n fileName) (*driver.Message, error) {
	from := filepath.Join(s.dir, readyDir, n.String())
	if n.delivered >= s.maxDeliveries {
		return nil, s.rename(from, filepath.Join(s.dir, deadDir, n.String()))
	}
	n.delivered++
	n.holder, n.until = s.holder, time.Now().Add(s.lease).UnixNano()
	path := filepath.Join(s.dir, leasedDir, n.String())
	if err := os.Rename(from, path); err != nil {
		return nil, ignoreMissing(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	var r record
	if err := json.Unmarshal(content, &r); err != nil {
		return nil, s.rename(path, filepath.Join(s.dir, deadDir, fileName{at: n.at, id: n.id, delivered: n.delivered}.String()))
	}
	s.held[n.id] = n
	return &driver.Message{LoggableID: n.id, Body: r.Body, Metadata: r.Metadata, AckID: n.id, AsFunc: func(any) bool { return false }}, nil
}

// reclaim gives back what is leased by receivers that are gone, and what has been
// leased too long.
func (s *subscription) reclaim() error {
	now := time.Now()
	if now.Sub(s.reclaimed) < reclaimEvery {
		return nil
	}
	s.reclaimed = now
	entries, err := os.ReadDir(filepath.Join(s.dir, leasedDir))
	if err != nil {
		return s.missing(err)
	}
	alive := map[string]bool{s.holder: true}
	for _, e := range entries {
		n, ok := parseName(e.Name())
		if !ok || n.holder == "" {
			continue
		}
		if _, known := alive[n.holder]; !known {
			alive[n.holder] = s.lives(n.holder)
		}
		if alive[n.holder] && now.UnixNano() < n.until {
			continue
		}
		if err := s.giveBack(n); err != nil {
			return err
		}
	}
	for holder, lives := range alive {
		if !lives {
			os.Remove(s.holderFile(holder))
		}
	}
	return nil
}

// lives says whether a receiver holds its lock.
func (s *subscription) lives(holder string) bool {
	f, err := os.OpenFile(s.holderFile(holder), os.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// giveBack makes a leased message ready again.
func (s *subscription) giveBack(n fileName) error {
	ready := fileName{at: n.at, id: n.id, delivered: n.delivered}
	return s.rename(filepath.Join(s.dir, leasedDir, n.String()), filepath.Join(s.dir, readyDir, ready.String()))
}

func (s *subscription) rename(from, to string) error { return ignoreMissing(os.Rename(from, to)) }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *subscription) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", s.dir, errNoSubscription)
	}
	return err
}

// SendAcks removes messages for good. One whose lease has passed to another
// receiver stays with that one.
func (s *subscription) SendAcks(_ context.Context, ids []driver.AckID) error {
	return s.letGo(ids, func(n fileName) error {
		return ignoreMissing(os.Remove(filepath.Join(s.dir, leasedDir, n.String())))
	})
}

// CanNack is true.
func (*subscription) CanNack() bool { return true }

// SendNacks makes messages ready again.
func (s *subscription) SendNacks(_ context.Context, ids []driver.AckID) error {
	return s.letGo(ids, s.giveBack)
}

func (s *subscription) letGo(ids []driver.AckID, each func(fileName) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		key, ok := id.(string)
		n, held := s.held[key]
		if !ok || !held {
			continue
		}
		if err := each(n); err != nil {
			return err
		}
		delete(s.held, key)
	}
	return nil
}

// IsRetryable is false: what fails on a local disk fails again.
func (*subscription) IsRetryable(error) bool { return false }

// As supports nothing.
func (*subscription) As(any) bool { return false }

// ErrorAs supports nothing.
func (*subscription) ErrorAs(error, any) bool { return false }

// ErrorCode classifies an error of the driver.
func (*subscription) ErrorCode(err error) gcerrors.ErrorCode { return errorCode(err) }

// Close gives back every message that is not acknowledged.
func (s *subscription) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, n := range s.held {
		errs = append(errs, s.giveBack(n))
	}
	s.held = nil
	if s.lock != nil {
		os.Remove(s.holderFile(s.holder))
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
