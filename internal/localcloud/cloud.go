package localcloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/tenantform/tenantform/tenants"
)

// defaultAccount is the account that a provider without assumeRole and
// allowedAccountIds works in.
const defaultAccount = "111111111111"

// maxMessage is the largest message taken, in bytes: what the engine itself
// allows (sdk/go/common/util/rpcutil).
const maxMessage = 400 << 20

// Options are what Start does not need. A nil *Options is the zero value.
type Options struct {
	// AccountID is the account of the credentials, 12 digits. Empty: whichever
	// one account a provider allows, or 111111111111 when it names none.
	AccountID string
	// Region is where a provider without a region works. Empty: such a provider
	// is refused, as the real one does.
	Region string
}

// Cloud is the stand-in for AWS. Its methods may be called by several
// goroutines at once. It is made by Start; the zero value is not usable.
type Cloud struct {
	opts     Options
	kinds    registry
	config   *node
	lookups  map[string]func(settings, map[string]any) map[string]any
	store    *store
	faults   *faults
	server   *grpc.Server
	port     int
	closed   chan struct{}
	closing  sync.Once
	serveErr chan error
}

// Start serves a cloud on 127.0.0.1 at a free port. Its resources are in dir,
// which is made when it is missing and may be shared by several processes. The
// cloud ends with Close or with ctx, whichever is first.
//
// Errors: tenants.CodeInvalid for an empty dir, tenants.CodeUnavailable when
// the directory or the port cannot be had.
func Start(ctx context.Context, dir string, opts *Options) (*Cloud, error) {
	if dir == "" {
		return nil, tenants.Invalid(tenants.FieldError{Field: "dir", Allowed: "the directory that holds the local cloud's resources"})
	}
	if opts == nil {
		opts = &Options{}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "cannot make the local cloud's directory: %w", err)
	}
	faults := newFaults(dir)
	if err := faults.reload(); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "cannot listen for the local cloud's provider: %w", err)
	}
	c := &Cloud{
		opts:     *opts,
		kinds:    newRegistry(),
		config:   providerSchema(),
		lookups:  lookups(),
		store:    newStore(dir),
		faults:   faults,
		port:     listener.Addr().(*net.TCPAddr).Port,
		closed:   make(chan struct{}),
		serveErr: make(chan error, 1),
	}
	c.server = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.StatsHandler(connections{}),
		grpc.UnaryInterceptor(recovered),
	)
	pulumirpc.RegisterResourceProviderServer(c.server, &provider{cloud: c})
	go func() { c.serveErr <- c.server.Serve(listener) }()
	go func() {
		select {
		case <-ctx.Done():
			_ = c.Close()
		case <-c.closed:
		}
	}()
	return c, nil
}

// Env gives what the environment of the Pulumi CLI needs so that the engine
// attaches to this cloud for package aws.
func (c *Cloud) Env() map[string]string {
	return map[string]string{"PULUMI_DEBUG_PROVIDERS": "aws:" + strconv.Itoa(c.port)}
}

// Close ends the server and every operation that hangs in it. Resources stay
// in the directory. Closing twice is fine.
func (c *Cloud) Close() error {
	var err error
	c.closing.Do(func() {
		close(c.closed)
		c.server.Stop()
		err = <-c.serveErr
	})
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return tenants.Errorf(tenants.CodeInternal, "the local cloud's server ended with: %w", err)
	}
	return nil
}

// Resources gives every resource there is, ordered by account, region, type
// and id. They are copies.
func (c *Cloud) Resources() ([]Resource, error) {
	records, err := c.store.list("", "", "")
	if err != nil {
		return nil, err
	}
	return copies(records), nil
}

// Get gives one resource; region is "global" for IAM. The type is a token
// ("aws:lambda/function:Function") or its short form ("lambda.Function").
//
// Errors: tenants.CodeInvalid for a type that the cloud does not have,
// tenants.CodeNotFound.
func (c *Cloud) Get(account, region, typ, id string) (Resource, error) {
	rec, err := c.record(account, region, typ, id)
	if err != nil {
		return Resource{}, err
	}
	return rec.Resource.clone(), nil
}

// Find gives the resources of a type, in all accounts and regions, that were
// made from inputs equal to these: what a create left behind whose answer was
// lost. inputs may come from a checkpoint, a plan or a program: assets are
// compared by hash, a secret whose value is masked or encrypted matches any
// value, null and empty collections count as absent, and properties that begin
// with two underscores are passed over. An unknown value matches nothing.
func (c *Cloud) Find(typ string, inputs map[string]any) ([]Resource, error) {
	k, err := c.kinds.byName(typ)
	if err != nil {
		return nil, err
	}
	records, err := c.store.list("", "", k.short)
	if err != nil {
		return nil, err
	}
	var found []Resource
	for _, rec := range records {
		if k.sameInputs(rec.Inputs, inputs) {
			found = append(found, rec.Resource.clone())
		}
	}
	return found, nil
}

// Locate gives the id of the one resource that was made from inputs equal to
// these, as Find compares them; false when there is none. CodeFailedPrecondition
// when there are several.
func (c *Cloud) Locate(_ context.Context, typ string, inputs map[string]any) (string, bool, error) {
	found, err := c.Find(typ, inputs)
	if err != nil || len(found) == 0 {
		return "", false, err
	}
	if len(found) > 1 {
		ids := make([]string, 0, len(found))
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		return "", false, tenants.Errorf(tenants.CodeFailedPrecondition, "%d resources of type %s could be the one: %s", len(found), typ, strings.Join(ids, ", "))
	}
	return found[0].ID, true, nil
}

// Delete takes a resource away behind the engine's back: no precondition is
// asked. Errors as Get.
func (c *Cloud) Delete(account, region, typ, id string) error {
	rec, err := c.record(account, region, typ, id)
	if err != nil {
		return err
	}
	err = c.store.remove(rec)
	return err
}

// Modify changes a resource's inputs behind the engine's back, as somebody at
// the console would. Errors as Get.
func (c *Cloud) Modify(account, region, typ, id string, change func(inputs map[string]any)) error {
	rec, err := c.record(account, region, typ, id)
	if err != nil {
		return err
	}
	next := *rec
	next.Resource = rec.Resource.clone()
	change(next.Inputs)
	return c.store.replace(&next)
}

// Inject makes operations fail, wait or hang until the returned function is
// called. Of several faults that fit an operation the oldest is taken.
func (c *Cloud) Inject(f Fault) (remove func()) { return c.faults.inject(f) }

func (c *Cloud) record(account, region, typ, id string) (*record, error) {
	k, err := c.kinds.byName(typ)
	if err != nil {
		return nil, err
	}
	rec, err := c.lookup(k, place{account: account, region: region}, id)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, tenants.Errorf(tenants.CodeNotFound, "the local cloud has no %s %q in account %s, region %s", k.short, id, account, region)
	}
	return rec, nil
}

// lookup finds a record by its key or its id.
func (c *Cloud) lookup(k *kind, at place, id string) (*record, error) {
	at = k.placeOf(at)
	rec, err := c.store.get(at, k.short, id)
	if err != nil || rec != nil {
		return rec, err
	}
	if k.key == "" {
		return nil, nil
	}
	records, err := c.store.list(at.account, at.region, k.short)
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		if rec.ID == id {
			return rec, nil
		}
	}
	return nil, nil
}

// String names the cloud for logs.
func (c *Cloud) String() string { return fmt.Sprintf("localcloud(%s, port %d)", c.store.dir, c.port) }
