package typeschema_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/internal/typeschema"
)

func TestIndented(t *testing.T) {
	o := typeschema.Object{{"b", "<&>"}, {"a", []typeschema.Object{{{"c", nil}}, nil}}}
	const want = "{\n  \"b\": \"<&>\",\n  \"a\": [\n    {\n      \"c\": null\n    },\n    {}\n  ]\n}\n"
	if got, err := typeschema.Indented(o); err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := typeschema.Indented(typeschema.Object{{"a", func() {}}}); err == nil {
		t.Error("a function has a JSON form")
	}
}

func TestFields(t *testing.T) {
	type of struct {
		Always int    `json:"always"`
		Empty  string `json:"empty,omitempty" max:"3"`
		Zero   string `json:"zero,omitzero"`
		Hidden string `json:"-"`
		Plain  string
	}
	var got []string
	for _, f := range typeschema.Fields(reflect.TypeFor[of]()) {
		got = append(got, f.Name+" "+f.GoName+" "+f.Type.String()+" "+f.Tag.Get("max")+map[bool]string{true: "?"}[f.Optional])
	}
	if want := []string{"always Always int ", "empty Empty string 3?", "zero Zero string ?"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.go": `package p

// Kind is a
// kind.
type Kind string

// Of both.
type (
	// One is one.
	One struct {
		// A is above.
		A, B int // beside
		c    int
	}
	Two int
)

const (
	First, Second Kind = "first", "second"
	Other              = "other"
)

var Third Kind = "third"
`,
		"a_test.go": "package p\n\ntype Hidden int\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	words := typeschema.Words{
		Type:  func(comment string) string { return "<" + comment + ">" },
		Field: func(name, above, beside string) string { return name + "|" + above + "|" + beside },
	}
	got, err := typeschema.Read(words, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := typeschema.Docs{
		Types:  map[string]string{"p.Kind": "<Kind is a kind.>", "p.One": "<One is one.>", "p.Two": "<Of both.>"},
		Fields: map[string]string{"p.One.A": "A|A is above.|beside", "p.One.B": "B|A is above.|beside", "p.One.c": "c||"},
		Values: map[string][]string{"p.Kind": {"first", "second"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if _, err := typeschema.Read(words, t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory of nothing: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.go"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := typeschema.Read(words, dir); err == nil {
		t.Error("what is no Go was read")
	}
}
