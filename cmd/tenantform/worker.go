package main

import (
	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/controlplane"
	"github.com/tenantform/tenantform/internal/settings"
)

func (a *app) workerCommand() *cobra.Command {
	return a.processCommand(settings.Work, "Do the operations of the control plane",
		`Does the steps of operations: runs stacks, asks business services, sends mails.
Any number may run at once over one ledger and one Temporal; on the local target
one a directory.

/healthz, /readyz and /metrics are on a listener of their own. At SIGTERM it takes
no more work, and lets what is under way go on for worker.grace; a run that has not
ended by then stops after what it is at, and another worker goes on with it. A
second signal stops it at once in the same way. The exit code is 0.`,
		func(cmd *cobra.Command, s *settings.Settings) error {
			o := a.process(s, a.err)
			o.Started = started(o.Log, "worker")
			return controlplane.Work(cmd.Context(), s, o)
		})
}
