package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/controlplane"
	"github.com/tenantform/tenantform/internal/settings"
)

func (a *app) devCommand() *cobra.Command {
	return a.processCommand(settings.Dev, "Run the whole control plane on this machine",
		`Serves the API and does the operations in one process, beside a Temporal server
of its own, with a ledger, queues and mails in files, the local cloud, and an issuer
of tokens. It needs no account and no network. At its first start it brings the
shared stacks up. Commands that are given the same --dir find it.

Ctrl-C hands over what is under way and ends; the next start goes on with it, also
after this one was killed. Ports are free ones, and the same again at the next
start where they are free still.`,
		func(cmd *cobra.Command, s *settings.Settings) error {
			o := a.process(s, pausing{a.progress, a.err})
			o.Progress = a.progress.event
			o.Note = func(text string) { a.progress.note("%s", text) }
			o.Started = func(at controlplane.Started) {
				a.show(at, func(w io.Writer) { writeDev(w, at, s.Dir) })
			}
			return controlplane.Dev(cmd.Context(), s, o)
		})
}

// pausing writes log lines with no status line in their way.
type pausing struct {
	progress *progress
	to       io.Writer
}

// Write writes one line.
func (p pausing) Write(line []byte) (n int, err error) {
	p.progress.pause(func() { n, err = p.to.Write(line) })
	return n, err
}

// writeDev says where everything is, and what to type next.
func writeDev(w io.Writer, at controlplane.Started, dir string) {
	fmt.Fprintf(w, `
The control plane runs on this machine. Ctrl-C ends it.

  API       %s, described at %s/docs
  token     in %s, for the role delivery
  mails     %s
  metrics   %s/metrics
`, at.API, at.API, near(at.Dev.TokenFile), near(at.Dev.Mails), at.Monitoring)
	for _, s := range at.Dev.Services {
		fmt.Fprintf(w, "  service   %s: events from %s\n            answers to %s\n", s.Name, s.EventsURL, s.AnswersURL)
	}
	flag := ""
	if dir != ".tenantform" {
		flag = " --dir " + dir
	}
	fmt.Fprintf(w, `
Next, in another terminal:

  tenantform%s tenant create acme --name "Acme Ltd" --email ops@acme.example --tier standard --watch

`, flag)
}

// near gives a path from here where that is shorter.
func near(path string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
	}
	return path
}
