package policies

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

//go:embed bundle/*.rego bundle/lib/*/*.rego bundle/rules/*/rule.rego bundle/tenantform/*/data.json
var embedded embed.FS

// Bundle gives the embedded rules as a file system, in the layout of an OPA
// bundle. Tests and fixtures of the rules are not in it.
func Bundle() fs.FS {
	sub, err := fs.Sub(embedded, "bundle")
	if err != nil {
		panic(err) // only for a path that is not valid
	}
	return sub
}

// source is a bundle, read and parsed.
type source struct {
	modules map[string]*ast.Module
	rules   []Rule // by id
	data    map[string]any
}

// load reads a bundle: Rego files that are no tests, and data.json files, whose
// directory is their path below data. Other files are passed over.
func load(bundle fs.FS) (source, error) {
	src := source{modules: map[string]*ast.Module{}, data: map[string]any{}}
	err := fs.WalkDir(bundle, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case path.Base(name) == "data.json":
			return src.addData(bundle, name)
		case strings.HasSuffix(name, ".rego") && !strings.HasSuffix(name, "_test.rego"):
			return src.addModule(bundle, name)
		}
		return nil
	})
	if err != nil {
		return source{}, err
	}
	slices.SortFunc(src.rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(src.rules); i++ {
		if src.rules[i].ID == src.rules[i-1].ID {
			return source{}, fmt.Errorf("rule %s is in two files", src.rules[i].ID)
		}
	}
	return src, nil
}

func (s *source) addModule(bundle fs.FS, name string) error {
	text, err := fs.ReadFile(bundle, name)
	if err != nil {
		return err
	}
	m, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
		RegoVersion: ast.RegoV1, ProcessAnnotation: true, Capabilities: capabilities(),
	})
	if err != nil {
		return err
	}
	s.modules[name] = m
	rule, isRule, err := ruleOf(m)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if isRule {
		s.rules = append(s.rules, rule)
	}
	return nil
}

func (s *source) addData(bundle fs.FS, name string) error {
	text, err := fs.ReadFile(bundle, name)
	if err != nil {
		return err
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at := s.data
	for dir := range strings.SplitSeq(path.Dir(name), "/") {
		if dir == "." {
			continue
		}
		next, ok := at[dir].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[dir] = next
		}
		at = next
	}
	for k, v := range value {
		at[k] = v
	}
	return nil
}

// with gives the source with rules of one's own, which may add rules, libraries
// and data, and replace rules that may be waived by others that are as strict, but
// not what the embedded rules rest on.
func (s source) with(own Own) (source, error) {
	more, err := load(own.FS)
	if err != nil {
		return source{}, err
	}
	if len(more.rules) == 0 {
		return source{}, errors.New("it holds no rule; a rule is a file rules/<id>/rule.rego of the package tenantform.rules.<id>")
	}
	out := source{modules: maps.Clone(s.modules), rules: slices.Clone(s.rules), data: s.data}
	for name, m := range more.modules {
		rule, isRule, _ := ruleOf(m)
		if isRule {
			if was, there := find(out.rules, rule.ID); there {
				if err := was.replaceable(rule); err != nil {
					return source{}, fmt.Errorf("%s: %w", name, err)
				}
				rule.Replaces = was.Source
			}
			for old, was := range s.modules {
				if r, ok, _ := ruleOf(was); ok && r.ID == rule.ID {
					delete(out.modules, old)
				}
			}
			rule.Source = own.Name
			out.rules = append(slices.DeleteFunc(out.rules, func(r Rule) bool { return r.ID == rule.ID }), rule)
		} else if at := packagePath(m); s.holdsBelow(at) {
			return source{}, fmt.Errorf("%s is of package %s, which holds what the built-in rules rest on; give it another", name, strings.Join(at[1:], "."))
		}
		out.modules[own.Name+"/"+name] = m
	}
	if _, settings := more.data["tenantform"]; settings {
		return source{}, errors.New("its data is below tenantform, where the built-in rules have their settings; put it below another directory")
	}
	if out.data, err = merged(s.data, more.data, nil); err != nil {
		return source{}, err
	}
	slices.SortFunc(out.rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// holdsBelow tells whether a module is of a package or of one below it: a rule
// with a longer name, such as x.y of package a, is of package a.x all the same.
func (s source) holdsBelow(at []string) bool {
	for _, m := range s.modules {
		if was := packagePath(m); len(was) >= len(at) && slices.Equal(was[:len(at)], at) {
			return true
		}
	}
	return false
}

// merged adds data to data; a value that is there already is a mistake.
func merged(have, more map[string]any, path []string) (map[string]any, error) {
	out := maps.Clone(have)
	for k, v := range more {
		at := append(slices.Clone(path), k)
		was, there := out[k]
		if !there {
			out[k] = v
			continue
		}
		a, isMap := was.(map[string]any)
		b, wasMap := v.(map[string]any)
		if !isMap || !wasMap {
			return nil, fmt.Errorf("data.%s is there already", strings.Join(at, "."))
		}
		sub, err := merged(a, b, at)
		if err != nil {
			return nil, err
		}
		out[k] = sub
	}
	return out, nil
}

// capabilities are OPA's without what reaches out of the evaluation or gives
// another answer the next time: network, clock, environment, randomness.
func capabilities() *ast.Capabilities {
	all := ast.CapabilitiesForThisVersion()
	c := *all
	c.AllowNet = []string{} // none; nil would mean any
	c.Builtins = make([]*ast.Builtin, 0, len(all.Builtins))
	for _, b := range all.Builtins {
		if !forbidden(b) {
			c.Builtins = append(c.Builtins, b)
		}
	}
	return &c
}

// forbiddenPrefixes are families of built-in functions that no rule needs and
// that could reach out, in this or a later version of OPA.
var forbiddenPrefixes = []string{"http.", "net.", "opa.", "providers.", "rand.", "uuid.", "io.jwt.", "rego.", "crypto.", "time.now"}

func forbidden(b *ast.Builtin) bool {
	return b.IsNondeterministic() || b.Name == "print" || b.Name == "trace" ||
		slices.ContainsFunc(forbiddenPrefixes, func(p string) bool { return strings.HasPrefix(b.Name, p) })
}
