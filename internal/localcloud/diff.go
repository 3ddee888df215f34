package localcloud

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// change is one property that differs.
type change struct {
	path    string
	pattern string
	kind    pulumirpc.PropertyDiff_Kind // ADD, DELETE or UPDATE
}

// differ compares old and new inputs of a kind.
type differ struct {
	kind    *kind
	changes []change
}

// diff gives the differences of two sets of inputs in order of path. null and
// empty collections are as absent; secrets compare by value; a value that is
// unknown differs.
func (k *kind) diff(olds, news resource.PropertyMap) []change {
	d := &differ{kind: k}
	d.objects("", "", olds, news)
	slices.SortFunc(d.changes, func(a, b change) int {
		if a.path < b.path {
			return -1
		}
		return 1
	})
	return d.changes
}

func (d *differ) objects(path, pattern string, olds, news resource.PropertyMap) {
	names := map[resource.PropertyKey]bool{}
	for name := range olds {
		names[name] = true
	}
	for name := range news {
		names[name] = true
	}
	for name := range maps.Keys(names) {
		if path == "" && internal(string(name)) {
			continue
		}
		sub := join(pattern, string(name))
		d.values(mapPath(path, string(name)), sub, olds[name], news[name])
	}
}

func (d *differ) values(path, pattern string, before, after resource.PropertyValue) {
	before, after = reveal(before), reveal(after)
	switch had, has := present(before), present(after); {
	case !had && !has:
	case !had:
		d.add(path, pattern, pulumirpc.PropertyDiff_ADD)
	case !has:
		d.add(path, pattern, pulumirpc.PropertyDiff_DELETE)
	case before.IsComputed() || after.IsComputed():
		d.add(path, pattern, pulumirpc.PropertyDiff_UPDATE)
	case before.IsObject() && after.IsObject() && !d.document(pattern):
		d.objects(path, pattern, before.ObjectValue(), after.ObjectValue())
	case before.IsArray() && after.IsArray():
		d.arrays(path, pattern, before.ArrayValue(), after.ArrayValue())
	case !d.same(pattern, before, after):
		d.add(path, pattern, pulumirpc.PropertyDiff_UPDATE)
	}
}

func (d *differ) arrays(path, pattern string, olds, news []resource.PropertyValue) {
	if slices.Contains(d.kind.sets, pattern) && sameSet(olds, news) {
		return
	}
	for i := range max(len(olds), len(news)) {
		var before, after resource.PropertyValue
		if i < len(olds) {
			before = olds[i]
		}
		if i < len(news) {
			after = news[i]
		}
		d.values(path+"["+strconv.Itoa(i)+"]", pattern+"[*]", before, after)
	}
}

func (d *differ) add(path, pattern string, kind pulumirpc.PropertyDiff_Kind) {
	d.changes = append(d.changes, change{path: path, pattern: pattern, kind: kind})
}

func (d *differ) document(pattern string) bool {
	return slices.Contains(d.kind.policies, pattern) || slices.Contains(d.kind.jsons, pattern)
}

// same compares two known values that are not lists and not both objects.
func (d *differ) same(pattern string, before, after resource.PropertyValue) bool {
	a, b := plain(before), plain(after)
	if d.document(pattern) {
		return reflect.DeepEqual(parsed(a), parsed(b))
	}
	return reflect.DeepEqual(a, b)
}

// parsed gives what a JSON text says, and other values as they are.
func parsed(v any) any {
	var out any
	if s, ok := v.(string); ok && json.Unmarshal([]byte(s), &out) == nil {
		return out
	}
	return v
}

// present tells whether a value is there: null and empty collections are not.
func present(v resource.PropertyValue) bool {
	return !v.IsNull() && !(v.IsArray() && len(v.ArrayValue()) == 0) && !(v.IsObject() && len(v.ObjectValue()) == 0)
}

func sameSet(olds, news []resource.PropertyValue) bool {
	if len(olds) != len(news) {
		return false
	}
	count := map[string]int{}
	for _, v := range olds {
		count[canonical(v)]++
	}
	for _, v := range news {
		if hasUnknown(v) {
			return false
		}
		count[canonical(v)]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func canonical(v resource.PropertyValue) string {
	data, err := json.Marshal(plain(v))
	if err != nil {
		return ""
	}
	return string(data)
}

// response turns differences into the engine's answer. A replacement deletes
// first where the new resource would want the name that the old one has.
func (k *kind) response(changes []change, olds, news resource.PropertyMap) *pulumirpc.DiffResponse {
	r := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		HasDetailedDiff: true,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
	}
	for _, c := range changes {
		r.Changes = pulumirpc.DiffResponse_DIFF_SOME
		top := topLevel(c.pattern)
		if !slices.Contains(r.Diffs, top) {
			r.Diffs = append(r.Diffs, top)
		}
		kind := c.kind
		if k.replaces(c.pattern) {
			kind = replacing[kind]
			if !slices.Contains(r.Replaces, top) {
				r.Replaces = append(r.Replaces, top)
			}
		}
		r.DetailedDiff[c.path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
	}
	r.DeleteBeforeReplace = len(r.Replaces) > 0 && k.sameName(olds, news)
	return r
}

var replacing = map[pulumirpc.PropertyDiff_Kind]pulumirpc.PropertyDiff_Kind{
	pulumirpc.PropertyDiff_ADD:    pulumirpc.PropertyDiff_ADD_REPLACE,
	pulumirpc.PropertyDiff_DELETE: pulumirpc.PropertyDiff_DELETE_REPLACE,
	pulumirpc.PropertyDiff_UPDATE: pulumirpc.PropertyDiff_UPDATE_REPLACE,
}

// topLevels gives the first properties of the paths that differ.
func topLevels(changes []change) []string {
	var names []string
	for _, c := range changes {
		if top := topLevel(c.pattern); !slices.Contains(names, top) {
			names = append(names, top)
		}
	}
	return names
}

// topLevel gives the first property of a pattern path.
func topLevel(pattern string) string {
	for i := range len(pattern) {
		if pattern[i] == '.' || pattern[i] == '[' {
			return pattern[:i]
		}
	}
	return pattern
}

// sameName tells whether old and new want the same name, so that AWS could not
// have both at a time.
func (k *kind) sameName(olds, news resource.PropertyMap) bool {
	if k.name != "" && autonamed(news, k.name) {
		return false
	}
	for _, form := range []string{k.id, k.key, k.unique} {
		form = strings.ReplaceAll(form, "{arn}", k.arn)
		if form == "" || isNew(form) {
			continue
		}
		before, after := k.formOf(form, olds), k.formOf(form, news)
		if before != "" && before == after {
			return true
		}
	}
	return false
}

// formOf expands a form without random parts from inputs alone.
func (k *kind) formOf(form string, inputs resource.PropertyMap) string {
	c := creation{kind: k, inputs: plainMap(inputs), name: k.nameOf(inputs)}
	text, _ := c.expand(form)
	return text
}

// isNew tells whether a form gives something else each time.
func isNew(form string) bool {
	for {
		_, rest, found := strings.Cut(form, "{")
		if !found {
			return false
		}
		word, after, _ := strings.Cut(rest, "}")
		if strings.Contains(word, ":") || word == "uuid" || word == "number" || word == "now" {
			return true
		}
		form = after
	}
}
