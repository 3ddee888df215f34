package main

import (
	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/controlplane"
	"github.com/tenantform/tenantform/internal/settings"
)

func (a *app) serveCommand() *cobra.Command {
	return a.processCommand(settings.Serve, "Serve the API of the control plane",
		`Takes the requests of the API, starts the operations that they ask for, and takes
the answers of business services. Any number may run at once over one ledger.
Workers do the operations: see "tenantform worker".

/healthz, /readyz and /metrics are on a listener of their own. At SIGTERM it takes
no more requests, answers those that it has, and ends with exit code 0.`,
		func(cmd *cobra.Command, s *settings.Settings) error {
			o := a.process(s, a.err)
			o.Started = started(o.Log, "serve")
			return controlplane.Serve(cmd.Context(), s, o)
		})
}
