package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// world is what the local cloud holds at one moment, by an address that no two
// resources share.
type world struct {
	all map[string]localcloud.Resource
}

func (d *demo) world() (world, error) {
	all, err := d.cloud.Resources()
	if err != nil {
		return world{}, err
	}
	w := world{all: make(map[string]localcloud.Resource, len(all))}
	for _, r := range all {
		w.all[strings.Join([]string{r.Account, r.Region, r.Type, r.ID}, " ")] = r
	}
	return w, nil
}

// same tells whether two worlds hold the same resources, with the same inputs.
func (w world) same(other world) bool {
	return maps.EqualFunc(w.all, other.all, func(a, b localcloud.Resource) bool {
		return a.CreatedAt.Equal(b.CreatedAt) && asJSON(a.Inputs) == asJSON(b.Inputs)
	})
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// minus gives what is here and not there.
func (w world) minus(other world) []localcloud.Resource {
	var out []localcloud.Resource
	for _, key := range slices.Sorted(maps.Keys(w.all)) {
		if _, there := other.all[key]; !there {
			out = append(out, w.all[key])
		}
	}
	return out
}

// without gives the world without what belongs to a tenant: what is tagged so
// or named so, and what holds its id where there are neither tags nor a name.
func (w world) without(id string) world {
	out := world{all: map[string]localcloud.Resource{}}
	for key, r := range w.all {
		if tagsOf(r)["tenant-id"] != id && !strings.HasPrefix(r.Name, id+"-") && !w.partOf(r, id) {
			out.all[key] = r
		}
	}
	return out
}

// partOf tells whether a resource without tags refers, by an id or a name, to
// one that carries the tenant's tag.
func (w world) partOf(r localcloud.Resource, id string) bool {
	if len(tagsOf(r)) > 0 {
		return false
	}
	text := asJSON(r.Inputs)
	if strings.Contains(text, `"`+id+"-") || strings.Contains(text, "/"+id+"-") || strings.Contains(text, `"`+id+`"`) {
		return true
	}
	for _, other := range w.all {
		if tagsOf(other)["tenant-id"] == id && strings.Contains(text, `"`+other.ID+`"`) {
			return true
		}
	}
	return false
}

// names gives the types and names of all resources as one text, without the
// ids that AWS makes up.
func (w world) names() string {
	var out []string
	for _, r := range w.all {
		name := r.Name
		if name == "" {
			name = tagsOf(r)["tenant-id"]
		}
		out = append(out, r.Account+" "+r.Region+" "+r.Type+" "+name)
	}
	return strings.Join(sorted(out), "\n")
}

// at gives the tagged resources of a tenant's stack in a model.
func (w world) at(id string, model tenants.Model) []localcloud.Resource {
	var out []localcloud.Resource
	for _, r := range w.all {
		if t := tagsOf(r); t["tenant-id"] == id && t["model"] == string(model) && t["service"] != functionsService {
			out = append(out, r)
		}
	}
	return out
}

// functionsService is the service tag of tenants' own code.
const functionsService = "functions"

// tags gives the tags that a tenant's resources of a tier carry, as one text:
// each tag with every value that it has. Left out are tier and model, which a
// move is about, service, which names the part of a stack, and the resources of
// the tenant's functions.
func (w world) tags(id, tier string) string {
	values := map[string]map[string]bool{}
	for _, r := range w.all {
		t := tagsOf(r)
		if t["tenant-id"] != id || t["tier"] != tier || t["service"] == functionsService {
			continue
		}
		for _, key := range tenants.RequiredTags() {
			if key == "tier" || key == "model" || key == "service" {
				continue
			}
			if values[key] == nil {
				values[key] = map[string]bool{}
			}
			values[key][t[key]] = true
		}
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, key+"="+strings.Join(slices.Sorted(maps.Keys(values[key])), "|"))
	}
	return strings.Join(parts, " ")
}

func tagsOf(r localcloud.Resource) map[string]string {
	raw, _ := r.Inputs["tags"].(map[string]any)
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		out[k], _ = v.(string)
	}
	return out
}

// expectIsolated checks what was created for functions.
func (w world) expectIsolated(s *demoStep, created []localcloud.Resource, functions []tenants.Function, account string) {
	elsewhere, urls, egress, denied := 0, 0, 0, 0
	reserved, layered, wantLayered := 0, 0, 0
	for _, r := range created {
		if r.Account != account {
			elsewhere++
		}
		switch shortType(r.Type) {
		case "lambda.FunctionUrl":
			urls++
		case "ec2.SecurityGroup":
			egress += length(r.Inputs["egress"])
		case "vpc.SecurityGroupEgressRule", "ec2.SecurityGroupRule":
			egress++
		case "iam.RolePolicy":
			if deniesAll(r.Inputs["policy"]) {
				denied++
			}
		case "lambda.Function":
			if n, ok := r.Inputs["reservedConcurrentExecutions"].(float64); ok && n > 0 {
				reserved++
			}
			if length(r.Inputs["layers"]) > 0 {
				layered++
			}
		}
	}
	for _, f := range functions {
		if len(f.Layers) > 0 {
			wantLayered++
		}
	}
	n := len(functions)
	s.expect(elsewhere == 0 && len(created) > 0, "all of it is in the account of tenants' functions", fmt.Sprintf("%d are elsewhere", elsewhere))
	s.expect(denied == n && n > 0, "its role denies everything", fmt.Sprintf("%d of %d roles do", denied, n))
	s.expect(egress == 0 && urls == 0, "it has no way out and no URL of its own", fmt.Sprintf("%d egress rules, %d URLs", egress, urls))
	s.expect(reserved == n && layered == wantLayered, "it has reserved concurrency, and its layer", fmt.Sprintf("%d reserved, %d with layers", reserved, layered))
}

func length(v any) int {
	list, _ := v.([]any)
	return len(list)
}

// deniesAll tells whether a policy document denies on every resource.
func deniesAll(v any) bool {
	text, _ := v.(string)
	var doc struct {
		Statement []struct {
			Effect    string
			Action    any
			NotAction any
			Resource  any
		}
	}
	if json.Unmarshal([]byte(text), &doc) != nil {
		return false
	}
	for _, s := range doc.Statement {
		whole := asJSON(s.Resource) == `"*"` || asJSON(s.Resource) == `["*"]`
		all := s.NotAction != nil || asJSON(s.Action) == `"*"` || asJSON(s.Action) == `["*"]`
		if s.Effect == "Deny" && whole && all {
			return true
		}
	}
	return false
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// listFiles gives the files below a directory, relative to it; none for a
// directory that does not exist.
func listFiles(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if rel, err := filepath.Rel(dir, path); err == nil {
				out = append(out, rel)
			}
		}
		return nil
	})
	return out
}
