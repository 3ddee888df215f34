package tenantfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

func FuzzParseCatalogue(f *testing.F) {
	f.Add([]byte(tiers))
	f.Add(tenants.DefaultTiersYAML())
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := tenantfile.ParseCatalogue("f.yaml", data)
		if err == nil {
			if bad := c.Validate(); bad != nil {
				t.Errorf("accepted, but %v", bad)
			}
			return
		}
		refusedWell(t, err)
		if len(c.Tiers) != 0 {
			t.Errorf("%v, and yet %+v", err, c)
		}
	})
}

func FuzzParseTenants(f *testing.F) {
	f.Add([]byte(people))
	seed(f)
	c, err := tenantfile.DefaultCatalogue()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := tenantfile.ParseTenants("f.yaml", data, c)
		if err != nil {
			refusedWell(t, err)
			if all != nil {
				t.Errorf("%v, and yet %+v", err, all)
			}
			return
		}
		if len(all) == 0 {
			t.Error("accepted a file without tenants")
		}
		seen := map[string]bool{}
		for _, v := range all {
			if v.Region == "" {
				v.Region = "eu-west-1"
			}
			if bad := v.Validate(c); bad != nil || seen[v.ID] {
				t.Errorf("accepted %+v, but %v", v, bad)
			}
			seen[v.ID] = true
		}
	})
}

func refusedWell(t *testing.T, err error) {
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || e.Code != tenants.CodeInvalid || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "f.yaml") {
		t.Errorf("refused with %q", err)
	}
}

func seed(f *testing.F) {
	for _, s := range []string{"", "0::", "{0", "*-0", ">\n>", "&{0", "0_", "0\n:", "a: |\n b", "a: >-\n b\n", "tenants: {}", "tiers: [{}]", "tiers:\n- \n",
		"? a", "- - -", "a: 'b", "\"\\", "tiers:\n - {name: a, name: b}\n", "tenants:\n- functions:\n  - grants:\n    - actions: [x]\n", "<<: a", "%YAML 1.2\n---\n"} {
		f.Add([]byte(s))
	}
}
