package blueprints

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// Difference is a property that is not the same in dev and in production.
type Difference struct {
	Resource, Type string
	Property       string // its path; empty where one environment has no such resource
	Dev            string // as JSON; "-" for none
	Production     string
}

// absent stands for a property or resource that is not there.
const absent = "-"

// Differences compares what the samples make in dev with what they make in
// production, by type, resource and property. The tag that names the environment
// is left out.
func (b Blueprint) Differences(code string) ([]Difference, error) {
	found := map[Difference]bool{}
	for _, sample := range []Sample{b.Minimal, b.Full} {
		var sides [2]map[[2]string]map[string]string
		for i, environment := range []string{location.Dev, location.Production} {
			r, err := b.Record(sample, NewSite(environment, code))
			if err != nil {
				return nil, err
			}
			sides[i] = properties(r)
		}
		for _, id := range slices.Collect(maps.Keys(union(sides[0], sides[1]))) {
			dev, inDev := sides[0][id]
			production, inProduction := sides[1][id]
			if !inDev || !inProduction {
				found[Difference{Type: id[0], Resource: id[1], Dev: presence(inDev), Production: presence(inProduction)}] = true
				continue
			}
			for property := range union(dev, production) {
				d := Difference{Type: id[0], Resource: id[1], Property: property, Dev: orAbsent(dev, property), Production: orAbsent(production, property)}
				if d.Dev != d.Production {
					found[d] = true
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Difference) int {
		return slices.Compare([]string{a.Type, a.Resource, a.Property, a.Dev, a.Production}, []string{b.Type, b.Resource, b.Property, b.Dev, b.Production})
	}), nil
}

func presence(there bool) string {
	if there {
		return "made"
	}
	return absent
}

func orAbsent(m map[string]string, key string) string {
	if v, ok := m[key]; ok {
		return v
	}
	return absent
}

func union[K comparable, V any](a, b map[K]V) map[K]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// properties gives the inputs of a run's resources, by type and name, flat.
func properties(r Run) map[[2]string]map[string]string {
	all := map[[2]string]map[string]string{}
	for _, res := range r.Own {
		flat := map[string]string{}
		flatten(flat, "", res.Inputs)
		maps.DeleteFunc(flat, func(path, _ string) bool {
			return strings.HasSuffix(strings.ToLower(path), "tags."+tags.KeyEnvironment)
		})
		all[[2]string{res.Type, res.Name}] = flat
	}
	return all
}

func flatten(into map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(into, strings.TrimPrefix(path+"."+k, "."), e)
		}
	case []any:
		for i, e := range v {
			flatten(into, path+"["+strconv.Itoa(i)+"]", e)
		}
	default:
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(fmt.Sprintf("%q", reflect.TypeOf(v)))
		}
		into[path] = string(text)
	}
}

// Environments gives the comparison of all components as text.
func Environments(code string) (string, error) {
	var b strings.Builder
	b.WriteString("What each component makes in production that differs from dev: resource, type, property, dev -> production; \"-\" is none.\n" +
		"The environment tag is left out. Written by go generate ./internal/blueprints.\n")
	for _, c := range All() {
		differences, err := c.Differences(code)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "\n%s\n", c.Name())
		if len(differences) == 0 {
			b.WriteString("  no difference\n")
		}
		for _, d := range differences {
			property := d.Property
			if property != "" {
				property += ": "
			}
			fmt.Fprintf(&b, "  %s %s %s%s -> %s\n", d.Resource, Short(d.Type), property, d.Dev, d.Production)
		}
	}
	return b.String(), nil
}
