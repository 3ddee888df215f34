package policyfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

const levels = `enforcement:
  - category: network
    environment: dev
    level: advisory
  - rule: vpc_flow_logs
    level: mandatory
`

const waivers = `waivers:
  - rule: s3_access_logs
    stack: tenant-*
    resource: "aws:s3/bucketV2:BucketV2 acme-*"
    reason: the auditor's own trail covers it
    owner: storage team
    expires: "2027-03-31"
`

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"policy.yaml": levels, "waivers.yaml": waivers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := ReadEnforcement(filepath.Join(dir, "policy.yaml"))
	if err != nil || len(e.Settings) != 2 || e.Settings[0] != (policies.Setting{Category: "network", Environment: "dev", Level: policies.LevelAdvisory}) || e.Settings[1].Rule != "vpc_flow_logs" {
		t.Errorf("%+v, %v", e, err)
	}
	path := filepath.Join(dir, "waivers.yaml")
	w, err := ReadWaivers(path)
	if err != nil || len(w) != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	want := policies.Waiver{Rule: "s3_access_logs", Stack: "tenant-*", Resource: "aws:s3/bucketV2:BucketV2 acme-*",
		Reason: "the auditor's own trail covers it", Owner: "storage team", Expires: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Source: path + ":2"}
	if w[0] != want {
		t.Errorf("got  %+v\nwant %+v", w[0], want)
	}
	if _, err := ReadWaivers(filepath.Join(dir, "gone.yaml")); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestRefused(t *testing.T) {
	line := func(old, changed string) string { return strings.Replace(waivers, old, changed, 1) }
	for name, c := range map[string]struct {
		text  string
		words []string
	}{
		"an unknown field":  {line("owner:", "own:"), []string{"f.yaml:6", "own", "did you mean owner"}},
		"no reason":         {line("    reason: the auditor's own trail covers it\n", ""), []string{"waivers[0].reason", "why this is accepted"}},
		"a field twice":     {line("    owner: storage team\n", "    owner: a\n    owner: b\n"), []string{"each field once"}},
		"no day":            {line("2027-03-31", "next spring"), []string{"f.yaml:7", "next spring", "2027-01-31"}},
		"a day without end": {line(`"2027-03-31"`, "20270331"), []string{"f.yaml:7"}},
		"an alias":          {line("storage team", "*team"), []string{"alias"}},
		"empty":             {"", []string{"empty"}},
	} {
		w, err := ParseWaivers("f.yaml", []byte(c.text))
		if err == nil || w != nil || tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%s: %+v, %v", name, w, err)
			continue
		}
		for _, word := range c.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error does not say %q: %v", name, word, err)
			}
		}
	}
	for name, text := range map[string]string{
		"no level":          "enforcement:\n  - rule: a\n",
		"rule and category": "enforcement:\n  - rule: a\n    category: network\n    level: advisory\n",
		"another field":     "enforcement:\n  - rules: a\n    level: advisory\n",
		"a list":            "- rule: a\n",
	} {
		if e, err := ParseEnforcement("f.yaml", []byte(text)); err == nil || len(e.Settings) > 0 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}
