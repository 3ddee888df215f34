package localcloud

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lookups are the data sources.
func lookups() map[string]func(s settings, args map[string]any) map[string]any {
	return map[string]func(s settings, args map[string]any) map[string]any{
		"aws:index/getCallerIdentity:getCallerIdentity": func(s settings, _ map[string]any) map[string]any {
			return map[string]any{"accountId": s.at.account, "arn": s.caller, "id": s.at.account, "userId": "AIDALOCALCLOUD000000"}
		},
		"aws:index/getRegion:getRegion": func(s settings, args map[string]any) map[string]any {
			name := textOf(args["name"])
			if name == "" {
				name = s.at.region
			}
			return map[string]any{"id": name, "name": name, "endpoint": "ec2." + name + ".amazonaws.com", "description": name}
		},
		"aws:index/getPartition:getPartition": func(s settings, _ map[string]any) map[string]any {
			p := partition(s.at.region)
			if p == "aws-cn" {
				return map[string]any{"id": p, "partition": p, "dnsSuffix": "amazonaws.com.cn", "reverseDnsPrefix": "cn.com.amazonaws"}
			}
			return map[string]any{"id": p, "partition": p, "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}
		},
		"aws:index/getAvailabilityZones:getAvailabilityZones": zones,
	}
}

// zones gives three zones, a to c, whatever the region.
func zones(s settings, args map[string]any) map[string]any {
	out := map[string]any{"id": s.at.region, "groupNames": []any{s.at.region}}
	for name, v := range args {
		out[name] = v
	}
	names, ids := []any{}, []any{}
	if state := textOf(args["state"]); state == "" || state == "available" {
		excluded := texts(args["excludeNames"])
		for i, letter := range []string{"a", "b", "c"} {
			if name := s.at.region + letter; !slices.Contains(excluded, name) {
				names = append(names, name)
				ids = append(ids, s.at.region+"-az"+string(rune('1'+i)))
			}
		}
	}
	out["names"], out["zoneIds"] = names, ids
	return out
}

// Invoke answers the data sources that say where a program runs; others are
// refused by name.
func (p *provider) Invoke(ctx context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	find, ok := p.cloud.lookups[r.Tok]
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument,
			"the local cloud has no function %s; give the program the value, or use an emulator or AWS as the target", r.Tok)
	}
	s, err := p.settings(ctx, false)
	if err != nil {
		return nil, err
	}
	args, err := unmarshal(r.Args)
	if err != nil {
		return nil, err
	}
	out, err := marshal(resource.NewPropertyMapFromMap(find(s, plainMap(args))))
	return &pulumirpc.InvokeResponse{Return: out}, err
}
