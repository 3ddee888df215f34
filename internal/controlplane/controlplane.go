package controlplane

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tenantform/tenantform/automation"
)

// Options are what a process may be told beside its settings; nil and the zero
// value are fine.
type Options struct {
	Log     *slog.Logger // nothing is logged when nil
	Version string       // of the program; "dev" when empty
	// Interrupt, once closed, has what is under way stopped and handed over
	// without more waiting.
	Interrupt <-chan struct{}
	Progress  func(automation.Event) // told of runs of stacks, also those that no operation is about; must not block for long
	Note      func(text string)      // told what takes a while; it is logged when nil
	Started   func(Started)          // told once, when the process is reached
	Exporter  sdktrace.SpanExporter  // in place of the endpoint of the settings
}

// Started says where a process is reached. What it has not is empty.
type Started struct {
	API        string      `json:"url,omitempty"` // of the API
	Monitoring string      `json:"monitoring"`    // of /healthz, /readyz and /metrics
	Dev        *DevStarted `json:"dev,omitempty"`
}

func (o *Options) filled() Options {
	out := Options{}
	if o != nil {
		out = *o
	}
	if out.Log == nil {
		out.Log = slog.New(slog.DiscardHandler)
	}
	if out.Version == "" {
		out.Version = "dev"
	}
	if out.Note == nil {
		out.Note = func(text string) { out.Log.Info(text) }
	}
	if out.Progress == nil {
		out.Progress = func(automation.Event) {}
	}
	if out.Started == nil {
		out.Started = func(Started) {}
	}
	return out
}

// together runs functions side by side until ctx ends or one of them has; then
// the others are told to end, and waited for. The error is the first.
func together(ctx context.Context, each ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		all   sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, f := range each {
		all.Go(func() {
			defer cancel()
			if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
				once.Do(func() { first = err })
			}
		})
	}
	all.Wait()
	return first
}

// sideBySide runs functions side by side and waits for all; their errors are joined.
func sideBySide(ctx context.Context, each ...func(context.Context) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(each))
	for i, f := range each {
		all.Go(func() { errs[i] = f(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// every calls f now and then at intervals, until ctx ends.
func every(ctx context.Context, d time.Duration, f func(context.Context)) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
