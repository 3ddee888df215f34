package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// town is where the business services and the tenants' administrators live.
type town struct {
	dir    string // mails are kept in it, so that other processes see them
	answer func(context.Context, Answer) error
	behave func(a Asking, s Ask) []Answer // the answers of a service; one success when nil

	mu   sync.Mutex
	asks []Asking
	dead []Failure
}

func (w *town) Ask(_ context.Context, a Asking) error {
	w.mu.Lock()
	w.asks = append(w.asks, a)
	behave := w.behave
	w.mu.Unlock()
	go func() {
		for _, s := range a.Services {
			answers := []Answer{{OperationID: a.Operation.ID, Service: s.Service, Attempt: a.Attempt}}
			if behave != nil {
				answers = behave(a, s)
			}
			for _, each := range answers {
				_ = w.answer(context.Background(), each) // a late one has no operation any more
			}
		}
	}()
	return nil
}

func (w *town) DeadLetter(_ context.Context, f Failure) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = append(w.dead, f)
	return nil
}

// Notify writes a mail, once an id.
func (w *town) Notify(_ context.Context, n Notice) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(w.dir, "mail-"+n.ID), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// mails gives the notices that were sent, by kind, of a tenant.
func (w *town) mails(t *testing.T, tenantID string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "mail-*"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range files {
		var n Notice
		data, err := os.ReadFile(f)
		if err == nil {
			err = json.Unmarshal(data, &n)
		}
		if err != nil {
			t.Fatal(err)
		}
		if n.Tenant.ID == tenantID {
			kinds = append(kinds, string(n.Kind))
		}
	}
	slices.Sort(kinds)
	return kinds
}

func (w *town) asked() []Asking {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asks)
}

// deadLetters gives what the dead-letter topic was told, once that are n or some
// time has passed: it is told after the operation has ended.
func (w *town) deadLetters(n int) []Failure {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		w.mu.Lock()
		dead := slices.Clone(w.dead)
		w.mu.Unlock()
		if len(dead) >= n || time.Now().After(end) {
			return dead
		}
	}
}
