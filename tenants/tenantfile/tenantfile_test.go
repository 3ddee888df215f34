package tenantfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

const tiers = `tiers:
  - name: free
    model: pool
    cell: a
    rateLimit: 2.5
    burstLimit: 10
    monthlyQuota: 1000
    functionMemoryMB: 128
    functionTimeoutSec: 10
    functionConcurrency: 1
    functionCount: 2
    logRetentionDays: 7
    deletionProtection: false
`

const people = `# customers
tenants:
  - id: acme
    name: Acme Ltd
    adminEmail: admin@acme.example
    tier: free
    region: eu-west-1
    costCenter: "4711"
    functions:
      - name: greeting
        runtime: python3.13
        handler: app.handler
        archive: functions/greeting
        layers: [layers/lib.zip, /opt/lib.zip]
        grants:
          - actions: ["s3:GetObject"]
            resources: ["*"]
        tags: {team: blue}
  - id: birch
    name: Birch
    adminEmail: b@birch.example
    tier: free
`

func TestParseCatalogue(t *testing.T) {
	c, err := tenantfile.ParseCatalogue("tiers.yaml", []byte(tiers))
	if err != nil {
		t.Fatal(err)
	}
	want := tenants.Catalogue{Tiers: []tenants.Tier{{
		Name: "free", Model: tenants.ModelPool, Cell: "a", RateLimit: 2.5, BurstLimit: 10, MonthlyQuota: 1000, FunctionMemoryMB: 128,
		FunctionTimeoutSec: 10, FunctionConcurrent: 1, FunctionCount: 2, LogRetentionDays: 7,
	}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	windows := "\ufeff" + strings.ReplaceAll("---\n"+tiers, "\n", "\r\n")
	if c, err = tenantfile.ParseCatalogue("tiers.yaml", []byte(windows)); err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("with carriage returns and a byte order mark: %+v, %v", c, err)
	}
	if c, err = tenantfile.ParseCatalogue("t", []byte(tiers+"concurrencyLimit: 3000\n")); err != nil || c.ConcurrencyLimit != 3000 {
		t.Errorf("concurrencyLimit: %+v, %v", c, err)
	}
}

func TestDefaultCatalogue(t *testing.T) {
	c, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tier := range c.Tiers {
		got = append(got, fmt.Sprintf("%s %s %v", tier.Name, tier.Placement(), tier.DeletionProtection))
	}
	want := []string{"free pool/a false", "standard pool/a false", "premium silo true"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadTenants(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tenants.yaml")
	if err := os.WriteFile(path, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := tenantfile.ParseCatalogue("tiers.yaml", []byte(tiers))
	if err != nil {
		t.Fatal(err)
	}
	got, err := tenantfile.ReadTenants(path, c)
	if err != nil {
		t.Fatal(err)
	}
	want := []tenants.Tenant{
		{ID: "acme", Name: "Acme Ltd", AdminEmail: "admin@acme.example", Tier: "free", Region: "eu-west-1", CostCenter: "4711",
			Functions: []tenants.Function{{Name: "greeting", Runtime: "python3.13", Handler: "app.handler",
				Archive: filepath.Join(dir, "functions", "greeting"), Layers: []string{filepath.Join(dir, "layers", "lib.zip"), "/opt/lib.zip"},
				Grants: []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"*"}}}, Tags: map[string]string{"team": "blue"}}}},
		{ID: "birch", Name: "Birch", AdminEmail: "b@birch.example", Tier: "free"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestBadCatalogue changes one line of a good file and looks for the one line
// that tells what is wrong.
func TestBadCatalogue(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"negative quota": {"monthlyQuota: 1000", "monthlyQuota: -1000",
			`f.yaml:7: tiers.free.monthlyQuota is "-1000"; allowed: a whole number from 1 to 2147483647`},
		"text for number": {"burstLimit: 10", `burstLimit: "10"`, `f.yaml:6: tiers.free.burstLimit is "10"; allowed: a whole number`},
		"word for number": {"burstLimit: 10", `burstLimit: many`, `f.yaml:6: tiers.free.burstLimit is "many"; allowed: a whole number`},
		"part of number":  {"burstLimit: 10", `burstLimit: 10.5`, `f.yaml:6: tiers.free.burstLimit is "10.5"; allowed: a whole number`},
		"hexadecimal":     {"burstLimit: 10", `burstLimit: 0x10`, `f.yaml:6: tiers.free.burstLimit is "0x10"; allowed: a whole number`},
		"huge number":     {"burstLimit: 10", `burstLimit: 99999999999999999999`, `f.yaml:6: tiers.free.burstLimit is "99999999999999999999"; allowed: a whole number`},
		"not a number":    {"rateLimit: 2.5", `rateLimit: .nan`, `f.yaml:5: tiers.free.rateLimit is ".nan"; allowed: a number`},
		"no boolean":      {"deletionProtection: false", "deletionProtection: no", `f.yaml:13: tiers.free.deletionProtection is "no"; allowed: true or false`},
		"missing field":   {"    monthlyQuota: 1000\n", "", `f.yaml:2: tiers.free.monthlyQuota is missing; allowed: a whole number from 1 to`},
		"empty field":     {"monthlyQuota: 1000", "monthlyQuota:", `f.yaml:7: tiers.free.monthlyQuota is missing; allowed: a whole number from 1 to`},
		"missing cell":    {"    cell: a\n", "", `f.yaml:2: tiers.free.cell is missing; allowed: 1 to 20 lower-case letters, digits and single hyphens`},
		"unknown field":   {"cell: a", "color: red", `f.yaml:4: tiers.free.color is "red"; allowed: no field of this name; there are name, model`},
		"misspelt field":  {"monthlyQuota: 1000", "monthlyQota: 1000", `f.yaml:7: tiers.free.monthlyQota is "1000"; allowed: no field of this name; did you mean monthlyQuota?`},
		"duplicate key":   {"cell: a", "cell: a\n    cell: b", `f.yaml:5: tiers.free.cell is "b"; allowed: each field once; line 4 has it already`},
		"duplicate tier":  {"tiers:\n", "tiers:\n  - {name: free, model: silo, rateLimit: 1, burstLimit: 1, monthlyQuota: 1, functionMemoryMB: 128, functionTimeoutSec: 1, functionConcurrency: 1, functionCount: 1, logRetentionDays: 1, deletionProtection: true}\n", `f.yaml:3: tiers[1].name is "free"; allowed: a name that no other tier has`},
		"no list":         {"tiers:\n  - ", "tiers:\n    ", `f.yaml:2: tiers is "a mapping"; allowed: a list`},
		"unknown top":     {"tiers:", "tires:", `f.yaml:1: tires is "a list"; allowed: no field of this name; did you mean tiers?`},
		"syntax":          {"cell: a", "cell: [a", `f.yaml:`},
		"tab":             {"    cell: a", "\tcell: a", `f.yaml:4: not valid here: `},
		"bad indent":      {"    cell: a", "   cell: a", `f.yaml:`},
		"alias":           {"cell: a", "cell: *a", `f.yaml:4: not valid here: an alias (*) is not supported here; put text that begins so in quotes`},
		"tag":             {"cell: a", "cell: !!str a", `f.yaml:4: not valid here: a tag (!)`},
		"two documents":   {"tiers:", "a: b\n---\ntiers:", `f.yaml:3: not valid here: a second document`},
		"not utf-8":       {"cell: a", "cell: \xff", `f.yaml:4: not valid here: text that is not UTF-8`},
		"control":         {"cell: a", "cell: \x00", `f.yaml:4: not valid here: text that is not UTF-8, or a control character`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(tiers, tt.from) {
				t.Fatalf("%q is not in the good file", tt.from)
			}
			c, err := tenantfile.ParseCatalogue("f.yaml", []byte(strings.Replace(tiers, tt.from, tt.to, 1)))
			wantLine(t, err, tt.want)
			if !reflect.DeepEqual(c, tenants.Catalogue{}) {
				t.Errorf("a catalogue came with the error: %+v", c)
			}
		})
	}
}

func TestBadTenants(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"unknown tier":     {"tier: free", "tier: gold", `f.yaml:6: tenants.acme.tier is "gold"; allowed: one of free`},
		"duplicate id":     {"id: birch", "id: acme", `f.yaml:19: tenants[1].id is "acme"; allowed: an id that no other tenant has; line 3 has it already`},
		"id no name part":  {"id: acme", "id: Acme_Ltd", `f.yaml:3: tenants[0].id is "Acme_Ltd"; allowed: 3 to 28 lower-case letters`},
		"id too long":      {"id: acme", "id: " + strings.Repeat("a", 29), `f.yaml:3: tenants.aaaaaaaaaaaaaaaaaaaaaaaaaaaaa.id is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; allowed: 3 to 28`},
		"number for text":  {`costCenter: "4711"`, "costCenter: 4711", `f.yaml:8: tenants.acme.costCenter is "4711"; allowed: text; put it in quotes`},
		"no runtime":       {"        runtime: python3.13\n", "", `f.yaml:10: tenants.acme.functions.greeting.runtime is missing; allowed: a Lambda runtime identifier`},
		"bad runtime":      {"python3.13", "Python", `f.yaml:11: tenants.acme.functions.greeting.runtime is "Python"; allowed: a Lambda runtime`},
		"bad action":       {`["s3:GetObject"]`, `["s3"]`, `f.yaml:16: tenants.acme.functions.greeting.grants[0].actions[0] is "s3"; allowed: an IAM action`},
		"no actions":       {`actions: ["s3:GetObject"]`, `actions: []`, `f.yaml:16: tenants.acme.functions.greeting.grants[0].actions is missing; allowed: a list of at least one`},
		"unknown in grant": {`resources: ["*"]`, `resource: "*"`, `f.yaml:17: tenants.acme.functions.greeting.grants[0].resource is "*"; allowed: no field of this name; did you mean resources?`},
		"tag not text":     {"{team: blue}", "{team: 5}", `f.yaml:18: tenants.acme.functions.greeting.tags.team is "5"; allowed: text`},
		"tag required":     {"{team: blue}", "{tier: gold}", `f.yaml:18: tenants.acme.functions.greeting.tags is "tier"; allowed: keys other than`},
		"tag twice":        {"{team: blue}", "{team: blue, team: red}", `f.yaml:18: tenants.acme.functions.greeting.tags.team is "red"; allowed: each key once`},
		"tenant a word":    {"  - id: birch\n    name: Birch\n    adminEmail: b@birch.example\n    tier: free", "  - birch", `f.yaml:19: tenants[1] is "birch"; allowed: a mapping with id, name`},
		"status set":       {"tier: free", "tier: free\n    status: active", `f.yaml:7: tenants.acme.status is "active"; allowed: no field of this name`},
	}
	c, err := tenantfile.ParseCatalogue("tiers.yaml", []byte(tiers))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(people, tt.from) {
				t.Fatalf("%q is not in the good file", tt.from)
			}
			got, err := tenantfile.ParseTenants("f.yaml", []byte(strings.Replace(people, tt.from, tt.to, 1)), c)
			wantLine(t, err, tt.want)
			if got != nil {
				t.Errorf("tenants came with the error: %+v", got)
			}
		})
	}
}

func TestNothingInTheFile(t *testing.T) {
	for name, data := range map[string]string{"empty": "", "spaces": " \n\n", "comment": "# nothing\n", "header": "---\n", "null": "null\n", "bom": "\ufeff"} {
		_, err := tenantfile.ParseCatalogue("f.yaml", []byte(data))
		wantLine(t, err, `f.yaml is empty; it needs a list of tiers`)
		_, err = tenantfile.ParseTenants("f.yaml", []byte(data), tenants.Catalogue{})
		wantLine(t, err, `f.yaml is empty; it needs a list of tenants`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	for _, data := range []string{"tenants:\n", "tenants: []\n"} {
		_, err := tenantfile.ParseTenants("f.yaml", []byte(data), tenants.Catalogue{})
		wantLine(t, err, `f.yaml:1: tenants is missing; allowed: `)
	}
	for _, data := range []string{"text\n", "[1]\n", "5\n"} {
		_, err := tenantfile.ParseTenants("f.yaml", []byte(data), tenants.Catalogue{})
		wantLine(t, err, `f.yaml:1: the file is `)
	}
}

const function = `name: leaky
runtime: python3.13
handler: app.handler
archive: functions/leaky
grants:
  - actions: ["s3:GetObject"]
    resources: ["*"]
`

func TestReadFunction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leaky.yaml")
	if err := os.WriteFile(path, []byte(function), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := tenantfile.ReadFunction(path)
	want := tenants.Function{Name: "leaky", Runtime: "python3.13", Handler: "app.handler", Archive: filepath.Join(filepath.Dir(path), "functions", "leaky"),
		Grants: []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"*"}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for bad, says := range map[string]string{
		"":                      "f.yaml is empty; it needs a function",
		"- a\n":                 `f.yaml:1: the file is "a list"; allowed: a mapping with name`,
		function + "timeout: 5": `f.yaml:8: timeout is "5"; allowed: no field of this name`,
		strings.Replace(function, "name: leaky", "name: Leaky", 1):               `f.yaml:1: name is "Leaky"; allowed: 1 to 24`,
		strings.Replace(function, "runtime: python3.13\n", "", 1):                `f.yaml:1: runtime is missing`,
		strings.Replace(function, `actions: ["s3:GetObject"]`, "actions: []", 1): `f.yaml:6: grants[0].actions is missing`,
	} {
		got, err := tenantfile.ParseFunction("f.yaml", []byte(bad))
		wantLine(t, err, says)
		if !reflect.DeepEqual(got, tenants.Function{}) {
			t.Errorf("%+v came with %v", got, err)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := tenantfile.ReadCatalogue(filepath.Join(dir, "none.yaml"))
	wantLine(t, err, filepath.Join(dir, "none.yaml")+" cannot be read: no such file or directory")
	_, err = tenantfile.ReadTenants(dir, tenants.Catalogue{})
	wantLine(t, err, dir+" cannot be read: is a directory")
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 3*tenantfile.MaxSize), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = tenantfile.ReadCatalogue(large)
	wantLine(t, err, large+" is larger than 1048576 bytes")
}

// TestManyProblems checks that all problems of a file are told at once, in the
// order of the file, up to a limit.
func TestManyProblems(t *testing.T) {
	bad := strings.NewReplacer("cell: a", "cell: A", "burstLimit: 10", "burstLimit: x", "monthlyQuota: 1000", "monthlyQuota: 0").Replace(tiers)
	_, err := tenantfile.ParseCatalogue("f.yaml", []byte(bad))
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || len(e.Fields) != 3 || e.Fields[0].Source != "f.yaml:4" || e.Fields[1].Source != "f.yaml:6" || e.Fields[2].Source != "f.yaml:7" {
		t.Errorf("%v", err)
	}
	_, err = tenantfile.ParseCatalogue("f.yaml", []byte("tiers:\n"+strings.Repeat("- {}\n", 1000)))
	if e, ok = errors.AsType[*tenants.Error](err); !ok || len(e.Fields) != 50 || !strings.Contains(e.Message, "has more than 50 problems") {
		t.Errorf("%d fields, %q", len(e.Fields), e.Message)
	}
}

// TestHostileFiles gives the parser what would make it recurse or take for ever.
func TestHostileFiles(t *testing.T) {
	n := tenantfile.MaxSize
	var keys, deep strings.Builder
	for i := range n / 14 {
		fmt.Fprintf(&keys, "k%08d: 1\n", i)
	}
	for i := 0; deep.Len() < n-4000; i++ {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, data := range map[string]string{
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{a: ", n/4), "dashes": strings.Repeat("- ", n/2), "questions": strings.Repeat("? ", n/2),
		"colons": strings.Repeat(": ", n/2), "bangs": strings.Repeat("! ", n/2), "anchors": strings.Repeat("&a ", n/3), "keys": keys.String(),
		"deep": deep.String(), "pairs": strings.Repeat("a: ", n/3), "dash lines": strings.Repeat("-\n", n/2), "commas": "[" + strings.Repeat(",", n-2) + "]",
		"comments": strings.Repeat("#\n", n/2), "quotes": strings.Repeat(`"`, n), "apostrophes": strings.Repeat("'", n), "blocks": strings.Repeat("|\n", n/2),
		"empty tiers": "tiers:\n" + strings.Repeat("-\n", n/2-4), "items": strings.Repeat("[a,\n", n/4), "empty maps": "tiers: [\n" + strings.Repeat("{},\n", n/4-4) + "]", "headers": strings.Repeat("---\n", n/4),
		"words": strings.Repeat("a\n", n/2),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if _, err := tenantfile.ParseCatalogue("f.yaml", []byte(data)); tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("refused only after %s", took)
			}
		})
	}
}

// wantLine checks that an error is CodeInvalid, and that one of its lines begins
// as wanted and none has a line break.
func wantLine(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || e.Code != tenants.CodeInvalid {
		t.Fatalf("%v, want an invalid error", err)
	}
	lines := []string{e.Message}
	for _, f := range e.Fields {
		lines = append(lines, f.String())
	}
	for _, line := range lines {
		if strings.Contains(line, "\n") {
			t.Errorf("%q is more than one line", line)
		}
		if strings.HasPrefix(line, want) {
			return
		}
	}
	t.Errorf("got:\n%s\nwant a line that begins:\n%s", strings.Join(lines, "\n"), want)
}
