package proxy

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// Server is the provider of the package aws in front of a bridge.
type Server struct {
	rpc.UnimplementedResourceProviderServer

	bridge rpc.ResourceProviderClient
	names  *names.Catalogue
	assets assets
}

var _ rpc.ResourceProviderServer = (*Server)(nil)

// New makes a server in front of a bridge that has been given its provider. The
// files of archives are kept in dir, named by content.
func New(bridge rpc.ResourceProviderClient, c *names.Catalogue, dir string) *Server {
	return &Server{bridge: bridge, names: c, assets: assets{dir}}
}

// marshalling keeps everything as it is: this is no place to lose a secret.
var marshalling = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	if s == nil {
		return nil, nil
	}
	return plugin.UnmarshalProperties(s, marshalling)
}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	if m == nil {
		return nil, nil
	}
	return plugin.MarshalProperties(m, marshalling)
}

// rawStateDelta is where the bridge keeps how Terraform's own state differs from
// the resource's properties. It depends on their shapes; without it the bridge
// reads the state from the properties.
const rawStateDelta = "__pulumi_raw_state_delta"

// call is the translation of one call about one resource.
type call struct {
	names.Type
	assets assets
}

// begin reads which type a URN is about, and puts the bridge's names into the URN
// and type of the request.
func (s *Server) begin(urn, typ *string) (call, error) {
	u := resource.URN(*urn)
	if !u.IsValid() {
		return call{}, status.Errorf(codes.InvalidArgument, "not a URN: %q", *urn)
	}
	token := string(u.Type())
	t, err := s.names.Type(token)
	if err != nil {
		return call{}, status.Error(codes.Unimplemented, err.Error())
	}
	qualified := string(u.QualifiedType())
	renamed := strings.TrimSuffix(qualified, token) + t.Bridge
	*urn = strings.Replace(*urn, "::"+qualified+"::", "::"+renamed+"::", 1)
	if *typ != "" {
		*typ = t.Bridge
	}
	return call{Type: t, assets: s.assets}, nil
}

// out translates a map for the bridge, in place.
func (c call) out(s **structpb.Struct, when age) (given resource.PropertyMap, err error) {
	given, err = unmarshal(*s)
	if err != nil || given == nil {
		return given, err
	}
	m := c.Translate(given, names.ToBridge)
	if err := c.assets.toFiles(c.Object, m, when); err != nil {
		return nil, err
	}
	*s, err = marshal(m)
	return given, err
}

// outAll translates maps that a state remembers for the bridge, in place.
func (c call) outAll(maps ...**structpb.Struct) error {
	for _, m := range maps {
		if _, err := c.out(m, past); err != nil {
			return err
		}
	}
	return nil
}

// back translates a map of the bridge's, in place. given has the archives.
func (c call) back(s **structpb.Struct, given resource.PropertyMap, inputs bool) error {
	m, err := unmarshal(*s)
	if err != nil || m == nil {
		return err
	}
	m = c.Translate(m, names.ToAWS)
	if c.Reshaped(m) {
		delete(m, rawStateDelta)
	}
	c.assets.fromFiles(c.Object, m, given, inputs)
	*s, err = marshal(m)
	return err
}

// paths translates property paths.
func (c call) paths(paths []string, d names.Direction) []string {
	var out []string
	for _, p := range paths {
		out = append(out, c.TranslatePath(p, d))
	}
	return out
}

// fail gives the bridge's error under the names of pulumi-aws, with the state of a
// resource that was made but not to the end.
func (c call) fail(err error, given resource.PropertyMap) error {
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	p := st.Proto()
	p.Message = strings.ReplaceAll(p.Message, c.Bridge, c.AWS)
	p.Details = nil
	out := status.FromProto(p)
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *rpc.ErrorResourceInitFailed:
			if err := c.back(&d.Properties, given, false); err != nil {
				return err
			}
			if err := c.back(&d.Inputs, given, true); err != nil {
				return err
			}
			if with, err := out.WithDetails(d); err == nil {
				out = with
			}
		case *rpc.InputPropertiesError:
			for _, e := range d.Errors {
				e.PropertyPath = c.TranslatePath(e.PropertyPath, names.ToAWS)
			}
			if with, err := out.WithDetails(d); err == nil {
				out = with
			}
		case *rpc.ErrorCause:
			if with, err := out.WithDetails(d); err == nil {
				out = with
			}
		}
	}
	return out.Err()
}

// Check implements the provider protocol.
func (s *Server) Check(ctx context.Context, r *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	given, err := c.out(&r.News, present)
	if err != nil {
		return nil, err
	}
	if err := c.outAll(&r.Olds); err != nil {
		return nil, err
	}
	res, err := s.bridge.Check(ctx, r)
	if err != nil {
		return nil, c.fail(err, given)
	}
	for _, f := range res.Failures {
		f.Property = c.TranslatePath(f.Property, names.ToAWS)
	}
	return res, c.back(&res.Inputs, given, true)
}

// Diff implements the provider protocol.
func (s *Server) Diff(ctx context.Context, r *rpc.DiffRequest) (*rpc.DiffResponse, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	given, err := c.out(&r.News, present)
	if err != nil {
		return nil, err
	}
	if err := c.outAll(&r.Olds, &r.OldInputs); err != nil {
		return nil, err
	}
	r.IgnoreChanges = c.paths(r.IgnoreChanges, names.ToBridge)
	res, err := s.bridge.Diff(ctx, r)
	if err != nil {
		return nil, c.fail(err, given)
	}
	res.Replaces = c.paths(res.Replaces, names.ToAWS)
	res.Stables = c.paths(res.Stables, names.ToAWS)
	res.Diffs = c.paths(res.Diffs, names.ToAWS)
	if len(res.DetailedDiff) > 0 {
		detailed := make(map[string]*rpc.PropertyDiff, len(res.DetailedDiff))
		for path, d := range res.DetailedDiff {
			detailed[c.TranslatePath(path, names.ToAWS)] = d
		}
		res.DetailedDiff = detailed
	}
	return res, nil
}

// Create implements the provider protocol.
func (s *Server) Create(ctx context.Context, r *rpc.CreateRequest) (*rpc.CreateResponse, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	given, err := c.out(&r.Properties, present)
	if err != nil {
		return nil, err
	}
	res, err := s.bridge.Create(ctx, r)
	if err != nil {
		return nil, c.fail(err, given)
	}
	return res, c.back(&res.Properties, given, false)
}

// Read implements the provider protocol.
func (s *Server) Read(ctx context.Context, r *rpc.ReadRequest) (*rpc.ReadResponse, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	given, err := c.out(&r.Inputs, past)
	if err != nil {
		return nil, err
	}
	state, err := c.out(&r.Properties, past)
	if err != nil {
		return nil, err
	}
	if given == nil {
		given = state
	}
	res, err := s.bridge.Read(ctx, r)
	if err != nil {
		return nil, c.fail(err, given)
	}
	if err := c.back(&res.Inputs, given, true); err != nil {
		return nil, err
	}
	return res, c.back(&res.Properties, state, false)
}

// Update implements the provider protocol.
func (s *Server) Update(ctx context.Context, r *rpc.UpdateRequest) (*rpc.UpdateResponse, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	given, err := c.out(&r.News, present)
	if err != nil {
		return nil, err
	}
	if err := c.outAll(&r.Olds, &r.OldInputs); err != nil {
		return nil, err
	}
	r.IgnoreChanges = c.paths(r.IgnoreChanges, names.ToBridge)
	res, err := s.bridge.Update(ctx, r)
	if err != nil {
		return nil, c.fail(err, given)
	}
	return res, c.back(&res.Properties, given, false)
}

// Delete implements the provider protocol.
func (s *Server) Delete(ctx context.Context, r *rpc.DeleteRequest) (*emptypb.Empty, error) {
	c, err := s.begin(&r.Urn, &r.Type)
	if err != nil {
		return nil, err
	}
	if err := c.outAll(&r.Properties, &r.OldInputs); err != nil {
		return nil, err
	}
	res, err := s.bridge.Delete(ctx, r)
	if err != nil {
		return nil, c.fail(err, nil)
	}
	return res, nil
}

// Handshake implements the provider protocol. The bridge is older than it, and
// has its engine's address from its command line.
func (s *Server) Handshake(context.Context, *rpc.ProviderHandshakeRequest) (*rpc.ProviderHandshakeResponse, error) {
	return nil, status.Error(codes.Unimplemented, "Handshake")
}

// GetSchema implements the provider protocol. The bridge would take minutes to
// describe every type; a program with an SDK asks for none.
func (s *Server) GetSchema(context.Context, *rpc.GetSchemaRequest) (*rpc.GetSchemaResponse, error) {
	return &rpc.GetSchemaResponse{Schema: fmt.Sprintf(`{"name":"aws","version":%q}`, names.Version)}, nil
}

// GetPluginInfo implements the provider protocol.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*rpc.PluginInfo, error) {
	return &rpc.PluginInfo{Version: names.Version}, nil
}

// Attach implements the provider protocol.
func (s *Server) Attach(ctx context.Context, r *rpc.PluginAttach) (*emptypb.Empty, error) {
	return s.bridge.Attach(ctx, r)
}

// Cancel implements the provider protocol.
func (s *Server) Cancel(ctx context.Context, r *emptypb.Empty) (*emptypb.Empty, error) {
	return s.bridge.Cancel(ctx, r)
}
