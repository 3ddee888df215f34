package localcloud

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/tenants"
)

// version is that of the pulumi-aws SDK whose types are checked against.
const version = "6.83.2"

// provider answers the engine. What the real provider for package aws does not
// have either (components, methods, parameters) it refuses as unimplemented.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	cloud *Cloud
}

var _ pulumirpc.ResourceProviderServer = (*provider)(nil)

// recovered turns a panic into an error of the one call.
func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = status.Errorf(codes.Internal, "the local cloud failed in %s: %v\n%s", info.FullMethod, p, debug.Stack())
		}
	}()
	return next(ctx, req)
}

// Handshake says what the provider understands of the engine's protocol.
func (p *provider) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true, SupportsAutonamingConfiguration: true}, nil
}

// Attach is told when an engine attaches; there is nothing to keep.
func (p *provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// GetPluginInfo gives the version of the SDK that is stood in for.
func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

// Cancel ends what hangs on the caller's connection.
func (p *provider) Cancel(ctx context.Context, _ *emptypb.Empty) (*emptypb.Empty, error) {
	if s := sessionOf(ctx); s != nil {
		s.cancel()
	}
	return &emptypb.Empty{}, nil
}

// CheckConfig checks the provider's own configuration against its type.
func (p *provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	props, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: r.News, Failures: failures(p.cloud.checkConfig(props))}, nil
}

// DiffConfig replaces everything when the region changes, as the real provider
// does, and nothing otherwise.
func (p *provider) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	k := &kind{replace: []string{"region"}}
	return k.response(k.diff(olds, news), olds, news), nil
}

// Configure says where the connection's resources are.
func (p *provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	props, err := unmarshal(r.Args)
	if err != nil {
		return nil, err
	}
	v, err := p.cloud.opts.settingsFrom(props)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if s := sessionOf(ctx); s != nil {
		s.configure(v)
	}
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, AcceptResources: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// Check checks a resource's inputs and names it where it has no name.
func (p *provider) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	t, err := p.target(r.Urn, "check")
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.Olds)
	if err != nil {
		return nil, err
	}
	if err := p.cloud.strike(ctx, t.operation(t.kind.nameOf(news)), false); err != nil {
		return nil, err
	}
	inputs, broken, err := t.kind.named(r, olds, news)
	if err != nil {
		return nil, err
	}
	broken = append(broken, t.kind.check(news)...)
	return &pulumirpc.CheckResponse{Inputs: inputs, Failures: failures(broken)}, nil
}

// Diff compares the inputs of the last run with the new ones.
func (p *provider) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	t, err := p.target(r.Urn, "diff")
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	if err := p.cloud.strike(ctx, t.operation(t.kind.nameOf(olds), r.Id), false); err != nil {
		return nil, err
	}
	return t.kind.response(t.kind.diff(olds, news), olds, news), nil
}

// Create makes a resource, or says in a preview what is known of it.
func (p *provider) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	t, err := p.target(r.Urn, "create")
	if err != nil {
		return nil, err
	}
	inputs, err := unmarshal(r.Properties)
	if err != nil {
		return nil, err
	}
	s, err := p.settings(ctx, r.Preview)
	if err != nil {
		return nil, err
	}
	if r.Preview {
		props, err := marshal(t.kind.previewed(inputs, nil, nil, s))
		return &pulumirpc.CreateResponse{Properties: props}, err
	}
	op := t.operation(t.kind.nameOf(inputs))
	if err := p.cloud.strike(ctx, op, false); err != nil {
		return nil, err
	}
	rec, state, err := p.cloud.create(t.kind, s, inputs)
	if err != nil {
		return nil, refuse(op, t.kind.nameOf(inputs), err)
	}
	op.names = append(op.names, rec.ID)
	if err := p.cloud.strike(ctx, op, true); err != nil {
		return nil, err
	}
	props, err := marshal(state)
	return &pulumirpc.CreateResponse{Id: rec.ID, Properties: props}, err
}

// Read gives what there is now; an empty id when it is gone.
func (p *provider) Read(ctx context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	t, err := p.target(r.Urn, "read")
	if err != nil {
		return nil, err
	}
	s, err := p.settings(ctx, false)
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.Inputs)
	if err != nil {
		return nil, err
	}
	op := t.operation(t.kind.nameOf(olds), r.Id)
	if err := p.cloud.strike(ctx, op, false); err != nil {
		return nil, err
	}
	rec, err := p.cloud.lookup(t.kind, s.at, t.kind.keyFor(s.at, r.Id, olds))
	if err == nil && rec == nil && len(olds) == 0 {
		rec, err = p.cloud.lookup(t.kind, s.at, r.Id)
	}
	if err == nil && rec != nil {
		rec, err = p.cloud.whole(t.kind, rec)
	}
	if err != nil {
		return nil, refuse(op, r.Id, err)
	}
	if rec == nil {
		return &pulumirpc.ReadResponse{}, nil
	}
	inputs := restoreMap(rec.Inputs, olds)
	state, err := marshal(t.kind.state(inputs, rec, s))
	if err != nil {
		return nil, err
	}
	props, err := marshal(inputs)
	return &pulumirpc.ReadResponse{Id: rec.ID, Properties: state, Inputs: props}, err
}

// Update changes a resource in place.
func (p *provider) Update(ctx context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	t, err := p.target(r.Urn, "update")
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	s, err := p.settings(ctx, r.Preview)
	if err != nil {
		return nil, err
	}
	oldInputs, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	if r.Preview {
		olds, err := unmarshal(r.Olds)
		if err != nil {
			return nil, err
		}
		props, err := marshal(t.kind.previewed(news, olds, oldInputs, s))
		return &pulumirpc.UpdateResponse{Properties: props}, err
	}
	op := t.operation(t.kind.nameOf(news), r.Id)
	if err := p.cloud.strike(ctx, op, false); err != nil {
		return nil, err
	}
	state, err := p.cloud.update(t.kind, s, t.kind.keyFor(s.at, r.Id, oldInputs), news)
	if err != nil {
		return nil, refuse(op, r.Id, err)
	}
	if err := p.cloud.strike(ctx, op, true); err != nil {
		return nil, err
	}
	props, err := marshal(state)
	return &pulumirpc.UpdateResponse{Properties: props}, err
}

// Delete takes a resource away; one that is gone already is fine.
func (p *provider) Delete(ctx context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	t, err := p.target(r.Urn, "delete")
	if err != nil {
		return nil, err
	}
	s, err := p.settings(ctx, false)
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	op := t.operation(t.kind.nameOf(olds), r.Id)
	if err := p.cloud.strike(ctx, op, false); err != nil {
		return nil, err
	}
	if err := p.cloud.delete(t.kind, s.at, t.kind.keyFor(s.at, r.Id, olds)); err != nil {
		return nil, refuse(op, r.Id, err)
	}
	if err := p.cloud.strike(ctx, op, true); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// target is what a call is about.
type target struct {
	kind *kind
	verb string
	name string // in the program
}

func (p *provider) target(raw, verb string) (target, error) {
	u := urn.URN(raw)
	k, err := p.cloud.kinds.byToken(string(u.Type()))
	if err != nil {
		return target{}, status.Error(codes.InvalidArgument, err.Error())
	}
	return target{kind: k, verb: verb, name: u.Name()}, nil
}

func (t target) operation(names ...string) operation {
	return operation{verb: t.verb, kind: t.kind, names: append(names, t.name)}
}

// settings gives where the connection works. In a preview the provider's
// configuration may be unknown yet.
func (p *provider) settings(ctx context.Context, preview bool) (settings, error) {
	s := sessionOf(ctx)
	if s == nil {
		return settings{}, status.Error(codes.Internal, "the connection has no session")
	}
	v, ok := s.get()
	if !ok && !preview {
		return settings{}, status.Error(codes.FailedPrecondition, "the provider was not configured on this connection")
	}
	return v, nil
}

// create makes the physical resource.
func (c *Cloud) create(k *kind, s settings, inputs resource.PropertyMap) (*record, resource.PropertyMap, error) {
	made := c.creationOf(k, s, inputs)
	if err := c.references(k, made); err != nil {
		return nil, nil, err
	}
	rec, err := c.place(made)
	if err != nil {
		return nil, nil, err
	}
	return rec, k.state(inputs, rec, s), nil
}

func (c *Cloud) creationOf(k *kind, s settings, inputs resource.PropertyMap) *creation {
	secret := map[string]bool{}
	for name, v := range inputs {
		if v.ContainsSecrets() {
			secret[string(name)] = true
		}
	}
	return &creation{
		cloud: c, kind: k, at: k.placeOf(s.at), region: s.at.region, now: time.Now().UTC().Truncate(time.Second),
		inputs: plainMap(inputs), props: inputs, secret: secret, name: k.nameOf(inputs),
	}
}

// retries is how often a random id or a running number is tried anew when it
// is taken; ids of AWS's length never are in practice.
const retries = 1000

// place finds the resource an id and stores it.
func (c *Cloud) place(made *creation) (*record, error) {
	k := made.kind
	for range retries {
		if k.number != nil {
			n, err := k.number(made)
			if err != nil {
				return nil, err
			}
			made.number = n
		}
		made.id, made.arn = "", ""
		if err := made.make(); err != nil {
			return nil, err
		}
		rec := made.record()
		err := c.store.create(rec, k.short, k.taken != "" || k.number != nil && !k.adopts)
		switch {
		case err == nil:
			return rec, nil
		case !errors.Is(err, errTaken):
			return nil, err
		case k.number == nil:
			text, _ := made.expand(k.taken)
			return nil, &tenants.Error{Code: tenants.CodeConflict, Message: text}
		}
	}
	return nil, tenants.Errorf(tenants.CodeInternal, "no number is free for %s", made.name)
}

func (c *Cloud) update(k *kind, s settings, key string, inputs resource.PropertyMap) (resource.PropertyMap, error) {
	old, err := c.lookup(k, s.at, key)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, &tenants.Error{Code: tenants.CodeNotFound, Message: fmt.Sprintf("ResourceNotFoundException: %s does not exist", key)}
	}
	made := c.creationOf(k, s, inputs)
	made.old = old
	if err := c.references(k, made); err != nil {
		return nil, err
	}
	if err := made.make(); err != nil {
		return nil, err
	}
	rec := made.record()
	if err := c.store.replace(rec); err != nil {
		return nil, err
	}
	return k.state(inputs, rec, s), nil
}

func (c *Cloud) delete(k *kind, at place, key string) error {
	rec, err := c.lookup(k, at, key)
	if err != nil || rec == nil {
		return err
	}
	if err := c.deletable(k, rec); err != nil {
		return err
	}
	err = c.store.remove(rec)
	return err
}

// refuse words an error as the real provider does.
func refuse(op operation, name string, err error) error {
	code := codes.FailedPrecondition
	switch tenants.CodeOf(err) {
	case tenants.CodeConflict:
		code = codes.AlreadyExists
	case tenants.CodeInvalid:
		code = codes.InvalidArgument
	case tenants.CodeInternal, tenants.CodeUnavailable:
		code = codes.Unknown
	}
	if name != "" {
		name = " (" + name + ")"
	}
	return status.Errorf(code, "%s %s%s: %v", op.doing(), op.kind.label, name, err)
}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	props, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true,
	})
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "cannot read the properties: %v", err)
	}
	return props, nil
}

func marshal(props resource.PropertyMap) (*structpb.Struct, error) {
	s, err := plugin.MarshalProperties(props, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	if err != nil {
		return nil, status.Errorf(codes.Internal, "cannot write the properties: %v", err)
	}
	return s, nil
}

func failures(broken []failure) []*pulumirpc.CheckFailure {
	out := make([]*pulumirpc.CheckFailure, len(broken))
	for i, f := range broken {
		out[i] = &pulumirpc.CheckFailure{Property: f.path, Reason: f.reason}
	}
	return out
}
