package main

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/filestore"
)

// session is what a command works with. Made by app.look it can only look
// tenants up and plan stacks' names, and has left no trace; start makes it able
// to run stacks.
type session struct {
	app       *app
	catalogue tenants.Catalogue
	store     tenants.Store
	journal   tenants.Journal
	runner    *direct.Runner
	engine    *automation.Engine // nil before start
	cloud     *localcloud.Cloud  // nil before start and on other targets
}

// look reads the catalogue and opens the store. A store that does not exist
// yet is read as empty, and not made.
func (a *app) look() (*session, error) {
	catalogue, err := a.flags.catalogue()
	if err != nil {
		return nil, err
	}
	s := &session{app: a, catalogue: catalogue, store: nobody{}, journal: nobody{}}
	if exists(a.flags.storeDir()) {
		if err := s.openStore(); err != nil {
			return nil, err
		}
	}
	s.runner = &direct.Runner{Initiator: initiator(a.env), Step: a.progress.step, Lifecycle: lifecycle.Lifecycle{
		Store: s.store, Journal: s.journal, Catalogue: catalogue, Settings: a.flags.settings(), Networks: a.flags.networks(), Unsigned: a.flags.unsigned,
	}}
	return s, nil
}

func (s *session) openStore() error {
	store, err := filestore.Open(s.app.flags.storeDir())
	if err != nil {
		return err
	}
	s.store, s.journal = store, store
	return nil
}

// start brings up what runs stacks: the store, the policies, the local cloud
// when that is the target, and the engine. The caller closes the session. ctx
// does not end it: a change under way outlives its command's cancellation.
func (s *session) start(ctx context.Context) error {
	a := s.app
	if err := a.flags.needTarget(a); err != nil {
		return err
	}
	cli, err := automation.FindPulumi(nil)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	gate, err := policies.New(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.openStore(); err != nil {
		return err
	}
	opts := &automation.Options{
		Pulumi: cli, Catalogue: s.catalogue, Progress: a.progress.event, Interrupt: a.signals.stop,
	}
	switch a.flags.target {
	case targetLocal:
		if s.cloud, err = localcloud.Start(ctx, a.flags.cloudDir(), nil); err != nil {
			return err
		}
		opts.Env = s.cloud.Env()
		opts.Locator = s.cloud
		s.runner.Transfer = s.localTransfer
	default:
		opts.Pass = automation.AWSEnvironment()
		opts.BackendURL, opts.Secrets = a.env["TENANTFORM_STATE_URL"], a.env["TENANTFORM_STATE_SECRETS_PROVIDER"]
	}
	if s.engine, err = automation.New(a.flags.dir, gate, opts); err != nil {
		s.close()
		return err
	}
	s.runner.Engine, s.runner.Holder, s.runner.Gate = s.engine, s.engine, gate
	s.runner.Store, s.runner.Journal = s.store, s.journal
	return nil
}

// close ends the local cloud; the rest holds nothing open.
func (s *session) close() {
	if s.cloud != nil {
		_ = s.cloud.Close()
	}
}

// localTransfer takes users and data over on the local target.
func (s *session) localTransfer(_ context.Context, id string, from, to tenants.Placement) error {
	s.app.progress.note("%s: the local cloud keeps no users and no items, so there is nothing to take from %s to %s", id, from, to)
	return nil
}

// initiator is who the journal says asked for an operation.
func initiator(env map[string]string) string {
	if name := env["TENANTFORM_INITIATOR"]; name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// nobody is the store of a directory that has none yet: it is empty.
type nobody struct{}

var (
	_ tenants.Store   = nobody{}
	_ tenants.Journal = nobody{}
)

func (nobody) Get(_ context.Context, id string) (tenants.Tenant, error) {
	return tenants.Tenant{}, tenants.Errorf(tenants.CodeNotFound, "there is no tenant %q", id)
}
func (nobody) List(context.Context) ([]tenants.Tenant, error) { return nil, nil }
func (nobody) Operations(context.Context, string) ([]tenants.Operation, error) {
	return nil, nil
}
func (nobody) Create(context.Context, tenants.Tenant) (tenants.Tenant, error) {
	return tenants.Tenant{}, errReadOnly
}
func (nobody) Update(context.Context, tenants.Tenant) (tenants.Tenant, error) {
	return tenants.Tenant{}, errReadOnly
}
func (nobody) Record(context.Context, tenants.Operation) error { return errReadOnly }

var errReadOnly = tenants.Errorf(tenants.CodeInternal, "the store was not opened for writing")

// tenant gives a tenant named on the command line. One that does not exist is
// bad input: the error names those that do.
func (s *session) tenant(ctx context.Context, id string) (tenants.Tenant, error) {
	if err := tenants.Invalid(tenants.ValidateID("TENANT", id)...); err != nil {
		return tenants.Tenant{}, err
	}
	t, err := s.store.Get(ctx, id)
	if err == nil && t.Status != tenants.StatusDeleted {
		return t, nil
	}
	if err != nil && tenants.CodeOf(err) != tenants.CodeNotFound {
		return t, err
	}
	all, lerr := s.store.List(ctx)
	if lerr != nil {
		return t, lerr
	}
	allowed := "the id of a tenant; there is none yet"
	if ids := idsOf(all); len(ids) > 0 {
		allowed = "one of " + shorten(strings.Join(ids, ", "), 200)
	}
	return t, invalid("TENANT", id, allowed)
}

func idsOf(all []tenants.Tenant) []string {
	ids := make([]string, 0, len(all))
	for _, t := range all {
		ids = append(ids, t.ID)
	}
	return ids
}

// tier gives a tier named by a flag.
func (s *session) tier(name string) (tenants.Tier, error) {
	t, err := s.catalogue.Tier(name)
	return t, renamed(err, map[string]string{"tier": "--tier"})
}

// need refuses when a shared stack is missing that something is built on.
func (s *session) need(ctx context.Context, what, stack string) error {
	names, err := s.engine.Stacks(ctx)
	if err != nil || slices.Contains(names, stack) {
		return err
	}
	return tenants.Errorf(tenants.CodeFailedPrecondition,
		"%s is built on the stack %s, which is not up; bring it up with \"tenantform stack up %s\"", what, stack, stack)
}

// needPlace refuses a placement in a pool that is not up, and a silo without the
// platform, into whose bucket its accesses are logged.
func (s *session) needPlace(ctx context.Context, id string, p tenants.Placement) error {
	if p.Model == tenants.ModelSilo {
		return s.need(ctx, "the silo of tenant "+id, tenants.PlatformStackName)
	}
	return s.need(ctx, fmt.Sprintf("tenant %s in %s", id, p), tenants.PoolStackName(p.Cell))
}
