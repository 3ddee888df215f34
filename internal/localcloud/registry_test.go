package localcloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// constructor is what the SDK's own source says of a type.
type constructor struct {
	token    string
	required []string // Go names of fields
}

// constructors reads the New functions of an SDK package, by the name of the
// args type that they take.
func constructors(t *testing.T, pkg string) map[string]constructor {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		t.Skipf("the source of %s cannot be found: %v", pkg, err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", pkg, err)
	}
	found := map[string]constructor{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "New") {
				continue
			}
			if c := readConstructor(f); c.token != "" {
				found[strings.TrimPrefix(f.Name.Name, "New")+"Args"] = c
			}
		}
	}
	return found
}

var requiredArgument = regexp.MustCompile(`invalid value for required argument '(\w+)'`)

func readConstructor(f *ast.FuncDecl) constructor {
	var c constructor
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			return true
		}
		if m := requiredArgument.FindStringSubmatch(text); m != nil {
			c.required = append(c.required, m[1])
		}
		return true
	})
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if ok && sel.Sel.Name == "RegisterResource" {
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				c.token, _ = strconv.Unquote(lit.Value)
			}
		}
		return true
	})
	return c
}

// TestRegistryIsTheSDKs compares each entry with the SDK's source: its token,
// and which inputs a resource cannot be made without.
func TestRegistryIsTheSDKs(t *testing.T) {
	packages := map[string]map[string]constructor{}
	for _, k := range newRegistry().all {
		args := reflect.TypeOf(k.args)
		if _, own := k.args.(webACLAssociation); own {
			continue // see TestWebACLAssociationIsTheSDKs
		}
		if packages[args.PkgPath()] == nil {
			packages[args.PkgPath()] = constructors(t, args.PkgPath())
		}
		c, ok := packages[args.PkgPath()][args.Name()]
		if !ok {
			t.Errorf("%s: the SDK makes nothing from %s", k.token, args)
			continue
		}
		if c.token != k.token {
			t.Errorf("%s: the SDK's token for %s is %s", k.token, args, c.token)
		}
		if want := strings.TrimSuffix(args.Name(), "Args"); reflect.TypeOf(k.resource).Elem().Name() != want {
			t.Errorf("%s: its resource is %T, want %s", k.token, k.resource, want)
		}
		var must []string
		for _, field := range c.required {
			must = append(must, plainName(k, field))
		}
		slices.Sort(must)
		if !slices.Equal(must, k.schema().must) {
			t.Errorf("%s: required are %v, the SDK says %v", k.token, k.schema().must, must)
		}
	}
}

// plainName gives the property of a field of an args struct, whose tags are on
// the plain struct.
func plainName(k *kind, field string) string {
	plain := k.args.ElementType()
	f, _ := plain.FieldByName(field)
	return f.Tag.Get(tagInSDK)
}

var word = regexp.MustCompile(`\{([^}]*)\}`)

// TestRegistryNames checks that every name in the table is a name of the SDK's
// and every word in a form one that expand knows.
func TestRegistryNames(t *testing.T) {
	r := newRegistry()
	if len(r.tokens) != len(r.all) || len(r.shorts) != len(r.all) {
		t.Fatalf("%d kinds have %d tokens and %d short names", len(r.all), len(r.tokens), len(r.shorts))
	}
	for _, k := range r.all {
		t.Run(k.short, func(t *testing.T) {
			inputs := map[string][]string{"replace": k.replace, "sets": k.sets, "policies": k.policies, "jsons": k.jsons, "required": k.required, "keep": k.keep}
			for path := range k.rules {
				inputs["rules"] = append(inputs["rules"], path)
			}
			for _, ref := range k.refs {
				inputs["refs"] = append(inputs["refs"], ref.prop)
				for _, to := range append(slices.Clone(ref.to), ref.of) {
					if to != "" && r.shorts[to] == nil {
						t.Errorf("refers to %s, which there is not", to)
					}
				}
				if ref.of != "" && !r.shorts[ref.of].hasOutput(ref.output) {
					t.Errorf("%s has no output %s", ref.of, ref.output)
				}
			}
			for _, g := range k.guards {
				inputs["guards"] = append(inputs["guards"], g.prop)
			}
			for _, u := range k.inUse {
				by := r.shorts[u.by]
				if by == nil || by.schema().at(u.prop) == nil {
					t.Errorf("is used by %s.%s, which there is not", u.by, u.prop)
				}
				if u.unless != "" {
					inputs["inUse"] = append(inputs["inUse"], u.unless)
				}
			}
			if k.name != "" {
				inputs["name"] = []string{k.name}
			}
			if k.autoname != nil && k.autoname.fifo != "" {
				inputs["autoname"] = []string{k.autoname.fifo}
			}
			for where, paths := range inputs {
				for _, path := range paths {
					if k.schema().at(path) == nil {
						t.Errorf("%s: it has no input %s", where, path)
					}
				}
			}
			checkOutputs(t, k)
			checkForms(t, k)
		})
	}
}

func checkOutputs(t *testing.T, k *kind) {
	t.Helper()
	outputs := slices.Clone(k.changing)
	for name := range k.outputs {
		outputs = append(outputs, name)
	}
	for name := range k.defaults {
		outputs = append(outputs, name)
	}
	for _, name := range outputs {
		if !k.hasOutput(name) {
			t.Errorf("it has no output %s", name)
		}
	}
	if k.arn != "" != k.hasOutput("arn") && k.schema().at("arn") == nil {
		t.Errorf("the SDK's resource has an arn: %v; the table has a form for it: %v", k.hasOutput("arn"), k.arn != "")
	}
}

func checkForms(t *testing.T, k *kind) {
	t.Helper()
	words := []string{"region", "account", "partition", "name", "id", "arn", "number", "uuid", "now", "path"}
	forms := []string{k.id, k.key, k.unique, k.taken, k.arn}
	for _, form := range k.outputs {
		forms = append(forms, form)
	}
	for _, form := range forms {
		for _, m := range word.FindAllStringSubmatch(form, -1) {
			prop, isInput := strings.CutPrefix(strings.Replace(m[1], "digest.", "in.", 1), "in.")
			alphabet, n, isRandom := strings.Cut(m[1], ":")
			_, err := strconv.Atoi(n)
			switch {
			case isInput && k.schema().at(prop) != nil, isRandom && alphabets[alphabet] != "" && err == nil, slices.Contains(words, m[1]):
			default:
				t.Errorf("the form %q has {%s}", form, m[1])
			}
		}
	}
	for _, form := range []string{k.id, k.key} {
		for _, m := range word.FindAllStringSubmatch(form, -1) {
			prop, _ := strings.CutPrefix(m[1], "in.")
			if m[1] == "name" {
				prop = k.name
			}
			if k.schema().at(prop) != nil && !k.replaces(prop) {
				t.Errorf("%s is in its id or key and can be changed in place", prop)
			}
		}
	}
	if k.id == "" || k.label == "" {
		t.Error("it has no id or no label")
	}
}
