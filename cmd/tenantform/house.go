package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/tenants"
)

// house is where tenants are kept: by a control plane, or in a directory of this
// machine. Its methods are the bodies of the commands that are there for both.
type house interface {
	create(ctx context.Context, c creation, ids []string) error
	get(ctx context.Context, id string) error
	list(ctx context.Context, l listing) error
	move(ctx context.Context, id string, m moving) error
	remove(ctx context.Context, id string, yes bool, w writing) error
}

var (
	_ house = inProcess{}
	_ house = controlPlane{}
)

// inProcess keeps tenants in the directory of --dir, and changes them in this
// process.
type inProcess struct{ *app }

// controlPlane asks a control plane.
type controlPlane struct {
	*app
	api *client.Client
}

// house gives the house that the command line asks for.
func (a *app) house() (house, error) {
	if a.flags.inProcess() {
		return inProcess{a}, nil
	}
	return a.controlPlane()
}

func (a *app) controlPlane() (controlPlane, error) {
	api, err := a.connect()
	return controlPlane{app: a, api: api}, err
}

// asked gives the control plane for a command that a directory has no part in.
func (a *app) asked(cmd *cobra.Command) (controlPlane, error) {
	if a.flags.inProcess() {
		return controlPlane{}, tenants.Errorf(tenants.CodeFailedPrecondition, "%q asks a control plane: leave out %s", cmd.CommandPath(), a.flags.directSource)
	}
	return a.controlPlane()
}

// writing is what every command that changes a tenant may be told.
type writing struct {
	reason, key   string
	dryRun, watch bool
}

// add declares the flags; would says what a dry run shows, and why is added to
// what is said of the reason.
func (w *writing) add(cmd *cobra.Command, would, why string) {
	f := cmd.Flags()
	f.StringVar(&w.reason, "reason", "", "why, for the journal"+why)
	f.BoolVar(&w.dryRun, "dry-run", false, "show "+would+"; change nothing")
	f.BoolVar(&w.watch, "watch", false, "show each step until the operation has ended (--direct always does)")
	f.StringVar(&w.key, "idempotency-key", "", "a key of one's own: the same command with it is carried out once (not with --direct)")
}

// local refuses what only a control plane knows.
func (w writing) local() error {
	if w.key != "" {
		return invalid("--idempotency-key", w.key, "nothing with --direct, where a command that is given again goes on where it stopped")
	}
	return nil
}
