package proxy

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// encoding says how the configuration's lists and objects are written.
type encoding bool

const (
	asText  encoding = true  // strings of JSON stay strings of JSON
	decoded encoding = false // strings of JSON become what they say
)

// translateConfig is Translate for the provider's configuration, where whatever is
// not a plain value may be a string of JSON.
func translateConfig(o *names.Object, m resource.PropertyMap, d names.Direction, as encoding) resource.PropertyMap {
	values := make(resource.PropertyMap, len(m))
	texts := map[string]bool{}
	for k, v := range m {
		values[k] = v
		p, known := o.ByAWS(string(k))
		if d == names.ToAWS {
			p, known = o.ByBridge(string(k))
		}
		if !known || p.Kind == "" || !v.IsString() {
			continue
		}
		var plain any
		if json.Unmarshal([]byte(v.StringValue()), &plain) != nil {
			continue
		}
		values[k] = resource.NewPropertyValue(plain)
		texts[p.AWS], texts[p.Bridge] = bool(as), bool(as)
	}
	out := o.Translate(values, d)
	for k, v := range out {
		if !texts[string(k)] {
			continue
		}
		if text, err := json.Marshal(v.Mappable()); err == nil {
			out[k] = resource.NewProperty(string(text))
		}
	}
	return out
}

func (s *Server) config(m **structpb.Struct, d names.Direction, as encoding) error {
	props, err := unmarshal(*m)
	if err != nil || props == nil {
		return err
	}
	*m, err = marshal(translateConfig(s.names.Provider, props, d, as))
	return err
}

func (s *Server) configPaths(paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, s.names.Provider.TranslatePath(p, names.ToAWS))
	}
	return out
}

// CheckConfig implements the provider protocol.
func (s *Server) CheckConfig(ctx context.Context, r *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	for _, m := range []**structpb.Struct{&r.News, &r.Olds} {
		if err := s.config(m, names.ToBridge, asText); err != nil {
			return nil, err
		}
	}
	res, err := s.bridge.CheckConfig(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, f := range res.Failures {
		f.Property = s.names.Provider.TranslatePath(f.Property, names.ToAWS)
	}
	return res, s.config(&res.Inputs, names.ToAWS, asText)
}

// DiffConfig implements the provider protocol.
func (s *Server) DiffConfig(ctx context.Context, r *rpc.DiffRequest) (*rpc.DiffResponse, error) {
	for _, m := range []**structpb.Struct{&r.News, &r.Olds, &r.OldInputs} {
		if err := s.config(m, names.ToBridge, asText); err != nil {
			return nil, err
		}
	}
	res, err := s.bridge.DiffConfig(ctx, r)
	if err != nil {
		return nil, err
	}
	res.Replaces, res.Diffs, res.Stables = s.configPaths(res.Replaces), s.configPaths(res.Diffs), s.configPaths(res.Stables)
	detailed := map[string]*rpc.PropertyDiff{}
	for path, d := range res.DetailedDiff {
		detailed[s.names.Provider.TranslatePath(path, names.ToAWS)] = d
	}
	res.DetailedDiff = detailed
	return res, nil
}

// Configure implements the provider protocol.
func (s *Server) Configure(ctx context.Context, r *rpc.ConfigureRequest) (*rpc.ConfigureResponse, error) {
	// The bridge decodes the strings of Variables, and not those of Args.
	if err := s.config(&r.Args, names.ToBridge, decoded); err != nil {
		return nil, err
	}
	// The Terraform provider tries 25 times, for minutes, where AWS's own variable
	// says otherwise.
	if attempts := os.Getenv("AWS_MAX_ATTEMPTS"); attempts != "" && r.Args.GetFields()["maxRetries"] == nil {
		r.Args.Fields["maxRetries"] = structpb.NewStringValue(attempts)
	}
	const prefix = "aws:config:"
	variables := resource.PropertyMap{}
	for k, v := range r.Variables { //nolint:staticcheck // the bridge still reads it
		variables[resource.PropertyKey(strings.TrimPrefix(k, prefix))] = resource.NewProperty(v)
	}
	r.Variables = map[string]string{} //nolint:staticcheck // as above
	for k, v := range translateConfig(s.names.Provider, variables, names.ToBridge, asText) {
		r.Variables[prefix+string(k)] = v.StringValue() //nolint:staticcheck // as above
	}
	return s.bridge.Configure(ctx, r)
}
