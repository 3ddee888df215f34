package blueprints

import (
	"maps"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

// fixed are the components that have no argument whose other value AWS takes in
// place, with the reason.
func fixed() map[string]string {
	return map[string]string{
		"apigateway.TenantKey":      "name and plan are the key's identity",
		"apigateway.AccountLogging": "its one argument is the role's name",
		"crossaccount.Link":         "neither the sink nor the label can be changed",
	}
}

// TestChangedSamplesDifferInPlace holds the full sample of a changed site to the
// resources of the site as it is, one of which has another value.
func TestChangedSamplesDifferInPlace(t *testing.T) {
	reasons := fixed()
	for _, b := range All() {
		var sides [2]map[[2]string]map[string]string
		for i := range sides {
			at := NewSite(location.Dev, "testdata/code")
			at.Changed = i > 0
			r, err := b.Record(b.Full, at)
			if err != nil {
				t.Fatal(err)
			}
			sides[i] = properties(r)
		}
		differing := 0
		for id := range union(sides[0], sides[1]) {
			if sides[0][id] == nil || sides[1][id] == nil {
				t.Errorf("%s: %s %s is in one of the two alone", b.Name(), id[0], id[1])
				continue
			}
			if !maps.Equal(sides[0][id], sides[1][id]) {
				differing++
			}
		}
		if reason, none := reasons[b.Name()]; none != (differing == 0) {
			t.Errorf("%s has %d resources that differ, and is excused with %q", b.Name(), differing, reason)
		}
		delete(reasons, b.Name())
	}
	if len(reasons) > 0 {
		t.Errorf("not in the catalogue: %v", reasons)
	}
}

// worse are values that no component gives, each of which takes a measure away.
func worse() map[string]any {
	return map[string]any{
		"associatePublicIpAddress": true, "egress": []any{"any"}, "forceDestroy": true, "ingress": []any{"any"}, "keyName": "key",
		"managedPolicyArns": []any{"arn:aws:iam::aws:policy/AdministratorAccess"}, "mapPublicIpOnLaunch": true, "masterPassword": "password",
		"publiclyAccessible": true, "skipFinalSnapshot": true,
	}
}

// spoilt gives runs in which one thing is spoilt: a property of a resource of the
// type, with the others of the type and without them, for a measure that one of
// them shows; and a way to the internet that is there besides.
func spoilt(r Run, of string) []Run {
	var all []Run
	for i, res := range r.Own {
		if res.Type != of {
			continue
		}
		with := func(property string, value any) {
			in := maps.Clone(res.Inputs)
			if delete(in, property); value != nil {
				in[property] = value
			}
			own := slices.Clone(r.Own)
			own[i].Inputs = in
			all = append(all, Run{Own: own})
		}
		for property, value := range res.Inputs {
			for _, bad := range spoilValue(value) {
				with(property, bad)
			}
		}
		for property, bad := range worse() {
			with(property, bad)
		}
	}
	alone := Run{Own: slices.DeleteFunc(slices.Clone(r.Own), func(res componenttest.Resource) bool { return res.Type == of })}
	all = append(all, Run{Own: append(slices.Clone(r.Own), componenttest.Resource{Type: exits[0]})})
	for _, bad := range slices.Clone(all) {
		for _, res := range bad.Own {
			if res.Type == of {
				all = append(all, Run{Own: append(slices.Clone(alone.Own), res)})
			}
		}
	}
	return all
}

// TestEveryMeasureShows holds every measure to showing in a sample, and to not
// showing in that sample with one thing spoilt.
func TestEveryMeasureShows(t *testing.T) {
	var runs []Run
	for _, b := range All() {
		for _, sample := range []Sample{b.Minimal, b.Full} {
			for _, environment := range []string{location.Dev, location.Production} {
				r, err := b.Record(sample, NewSite(environment, "testdata/code"))
				if err != nil {
					t.Fatal(err)
				}
				runs = append(runs, r)
			}
		}
	}
	for _, m := range measures() {
		name := m.says + " of " + Short(m.of)
		i := slices.IndexFunc(runs, func(r Run) bool { _, held := m.shown(r); return held })
		if i < 0 {
			t.Errorf("no sample shows: %s", name)
			continue
		}
		if !slices.ContainsFunc(spoilt(runs[i], m.of), func(r Run) bool { seen, held := m.shown(r); return seen && !held }) {
			t.Errorf("nothing takes away: %s", name)
		}
	}
}
