package localcloud

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// failure is what is wrong with one input.
type failure struct {
	path   string // "vpcConfig.subnetIds[0]"
	reason string
}

// checker walks inputs along their type.
type checker struct {
	rules    map[string]rule
	policies []string
	jsons    []string
	failures []failure
}

// check gives what is wrong with a kind's inputs, by path. Unknown values pass.
func (k *kind) check(inputs resource.PropertyMap) []failure {
	c := &checker{rules: k.rules, policies: k.policies, jsons: k.jsons}
	c.object("", "", resource.NewObjectProperty(inputs), k.schema())
	slices.SortStableFunc(c.failures, func(a, b failure) int { return strings.Compare(a.path, b.path) })
	return c.failures
}

func (c *checker) fail(path, format string, args ...any) {
	c.failures = append(c.failures, failure{path: path, reason: fmt.Sprintf(format, args...)})
}

// value checks a value. pattern is its path with [*] for indexes and keys.
func (c *checker) value(path, pattern string, v resource.PropertyValue, n *node) {
	if isSecret(v) {
		before := len(c.failures)
		defer func() { c.mask(before) }()
	}
	v = reveal(v)
	if v.IsNull() || v.IsComputed() {
		return
	}
	switch n.shape {
	case shapeText:
		c.want(path, v, v.IsString(), "a string")
	case shapeWhole:
		if c.want(path, v, v.IsNumber(), "a whole number") && v.NumberValue() != float64(int64(v.NumberValue())) {
			c.fail(path, "must be a whole number, got %s", show(v))
		}
	case shapeNumber:
		c.want(path, v, v.IsNumber(), "a number")
	case shapeBool:
		c.want(path, v, v.IsBool(), "true or false")
	case shapeAsset:
		c.want(path, v, v.IsAsset() || v.IsArchive(), "an asset or archive")
	case shapeAny:
		c.want(path, v, v.IsString() || v.IsResourceReference() || v.IsObject() && slices.Contains(c.policies, pattern), "a string or a resource")
	case shapeList:
		if c.want(path, v, v.IsArray(), "a list") {
			for i, e := range v.ArrayValue() {
				c.value(path+"["+strconv.Itoa(i)+"]", pattern+"[*]", e, n.elem)
			}
		}
	case shapeMap:
		if c.want(path, v, v.IsObject(), "a map") {
			for key, e := range v.ObjectValue() {
				c.value(mapPath(path, string(key)), pattern+"[*]", e, n.elem)
			}
		}
	case shapeObject:
		if c.want(path, v, v.IsObject(), "an object") {
			c.object(path, pattern, v, n)
		}
	}
	c.content(path, pattern, v)
}

// mask takes what may tell a secret out of the failures from an index on.
func (c *checker) mask(from int) {
	for i := range c.failures[from:] {
		c.failures[from+i].reason = "the secret is not a value that this property takes"
	}
}

func (c *checker) want(path string, v resource.PropertyValue, ok bool, what string) bool {
	if !ok {
		c.fail(path, "must be %s, got %s", what, show(v))
	}
	return ok
}

// content checks what AWS itself asks of a value.
func (c *checker) content(path, pattern string, v resource.PropertyValue) {
	if r, ok := c.rules[pattern]; ok {
		if reason := r(v); reason != "" {
			c.fail(path, "%s", reason)
		}
	}
	if slices.Contains(c.policies, pattern) {
		if reason := policyDocument(v); reason != "" {
			c.fail(path, "%s", reason)
		}
	}
	if slices.Contains(c.jsons, pattern) {
		if reason := jsonText(v); reason != "" {
			c.fail(path, "%s", reason)
		}
	}
}

func (c *checker) object(path, pattern string, v resource.PropertyValue, n *node) {
	fields := v.ObjectValue()
	for name, value := range fields {
		if internal(string(name)) {
			continue
		}
		at := join(path, string(name))
		field, ok := n.fields[string(name)]
		if !ok {
			c.fail(at, "unknown property%s", suggest(string(name), n))
			continue
		}
		c.value(at, join(pattern, string(name)), value, field)
	}
	for _, name := range n.must {
		if value, ok := fields[resource.PropertyKey(name)]; !ok || reveal(value).IsNull() {
			c.fail(join(path, name), "required property is missing")
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// mapPath appends a map's key as the engine writes it.
func mapPath(path, key string) string {
	for _, r := range key {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return path + "[" + strconv.Quote(key) + "]"
		}
	}
	return join(path, key)
}

// show gives a value for a message; never a long one.
func show(v resource.PropertyValue) string {
	switch {
	case v.IsString():
		s := v.StringValue()
		if len(s) > 60 {
			s = s[:60] + "..."
		}
		return "the string " + strconv.Quote(s)
	case v.IsNumber():
		return strconv.FormatFloat(v.NumberValue(), 'f', -1, 64)
	case v.IsBool():
		return strconv.FormatBool(v.BoolValue())
	case v.IsArray():
		return "a list"
	case v.IsAsset(), v.IsArchive():
		return "an asset or archive"
	case v.IsResourceReference():
		return "a resource"
	}
	return "an object"
}

// suggest names the property that was meant, if one is near.
func suggest(name string, n *node) string {
	best, distance := "", 1+len(name)/3
	folded := fold(name)
	for have := range n.fields {
		if d := edits(folded, fold(have)); d < distance || d == distance && best != "" && have < best {
			best, distance = have, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// edits gives the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
