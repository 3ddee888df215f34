package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/alarm"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/tenants"
)

// telling is who is told of drift, and how.
type telling struct {
	app                             *app
	events, metrics, topic, onDrift string // flags

	publishers []alarm.Publisher
	lines      io.Writer // for metrics; nil when none are asked for
	closers    []func() error
}

func (t *telling) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.events, "events", "", "add the events to this file, a line each; - is standard output, which then has nothing else")
	f.StringVar(&t.topic, "topic", "", "send the events to this topic: awssns:///ARN, awssqs://..., spool:///DIR")
	f.StringVar(&t.onDrift, "on-drift", "", "run this command line for each event, which is on its standard input")
	f.StringVar(&t.metrics, "metrics", "", "add a line of CloudWatch metrics to this file; - is standard output, which then has nothing else")
}

// onOutput tells whether standard output is for the events or the metrics.
func (t *telling) onOutput() bool { return t.events == "-" || t.metrics == "-" }

func (t *telling) faults(all bool, file string) []tenants.FieldError {
	var fields []tenants.FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if t.metrics != "" && !all {
		refuse("--metrics", t.metrics, "only with --all: counts of a few stacks would say nothing of the rest")
	}
	if t.events == "-" && t.metrics == "-" {
		refuse("--metrics", "-", "a file, where --events has standard output")
	}
	for flag, value := range map[string]string{"--events": t.events, "--metrics": t.metrics} {
		if value != "-" {
			continue
		}
		if file == "" {
			refuse(flag, "-", "- with --output-file FILE, which then has the report")
		}
		if t.app.flags.output == outputJSON {
			refuse(flag, "-", "a file with --output json, of which standard output holds one document")
		}
	}
	return fields
}

// open makes what tells. It is done before the look, so that what cannot work is
// known before an hour has gone.
func (t *telling) open(ctx context.Context) error {
	if t.events != "" {
		w, err := t.writer("--events", t.events)
		if err != nil {
			return err
		}
		t.publishers = append(t.publishers, alarm.Lines{W: w})
	}
	if t.topic != "" {
		p, err := events.OpenPublisher(ctx, t.topic)
		if err != nil {
			t.close()
			return renamed(err, map[string]string{"url": "--topic"})
		}
		t.publishers = append(t.publishers, p)
		t.closers = append(t.closers, func() error { return p.Shutdown(context.WithoutCancel(ctx)) })
	}
	if t.onDrift != "" {
		env := make([]string, 0, len(t.app.env))
		for _, name := range slices.Sorted(maps.Keys(t.app.env)) {
			env = append(env, name+"="+t.app.env[name])
		}
		t.publishers = append(t.publishers, alarm.Command{Line: t.onDrift, Env: env, Out: t.app.err})
	}
	if t.metrics != "" {
		w, err := t.writer("--metrics", t.metrics)
		if err != nil {
			t.close()
			return err
		}
		t.lines = w
	}
	return nil
}

func (t *telling) writer(field, path string) (io.Writer, error) {
	if path == "-" {
		return t.app.out, nil
	}
	f, err := appendFile(field, path)
	if err == nil {
		t.closers = append(t.closers, f.Close)
	}
	return f, err
}

func (t *telling) close() {
	for _, c := range t.closers {
		_ = c()
	}
	t.closers = nil
}

// all tells of every stack with drift that refuses, by every way, and gives what
// could not be told. A look that is interrupted tells of what it saw.
func (t *telling) all(ctx context.Context, stacks []looked) error {
	ctx = context.WithoutCancel(ctx)
	m := alarm.Metrics{Environment: t.app.flags.environment}
	now := time.Now()
	var errs []error
	for _, l := range stacks {
		if l.err != nil {
			m.StacksNotSeen++
			continue
		}
		m.StacksSeen++
		d, drifted := alarm.NewDrift(l.subject, l.observed, l.report)
		if !drifted {
			continue
		}
		m.StacksDrifted++
		m.ResourcesDrifted += len(d.Drifted)
		m.Stacks = append(m.Stacks, l.stack)
		e, err := d.Event(now)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, p := range t.publishers {
			var err error
			t.app.progress.pause(func() { err = p.Publish(ctx, e) })
			if err != nil {
				errs = append(errs, tenants.Errorf(tenants.CodeUnavailable, "the drift of stack %s could not be told: %w", l.stack, err))
			}
		}
	}
	if t.lines != nil {
		line, err := m.Line(now)
		if err == nil {
			_, err = t.lines.Write(line)
		}
		if err != nil {
			errs = append(errs, tenants.Errorf(tenants.CodeUnavailable, "the metrics could not be written: %w", err))
		}
	}
	return errors.Join(errs...)
}
