package tenantfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/tenantform/tenantform/tenants"
)

// maxProblems is how many problems of one file are reported, and enough how many
// are looked for.
const (
	maxProblems = 50
	enough      = 500
)

// decoder walks a document and notes every problem with its line. Paths inside
// it name list elements by index ("tiers[0].name"); what it reports names them by
// name where they have one ("tiers.free.name").
type decoder struct {
	file     string
	lines    map[string]int    // by path with indexes
	shown    map[string]string // path of an element with indexes -> the path that is shown
	indexed  map[string]string // path of an element by its name -> the one with its index
	problems []problem
	reported map[string]bool // by path with indexes
}

type problem struct {
	line  int
	field tenants.FieldError
}

// field is one field of a mapping.
type field struct {
	name     string
	required bool
	allowed  string // what to say of a required one that is missing; "a value" when empty
	read     func(path string, n ast.Node)
}

// explained gives the fields with what is said of them when their value is
// empty, as the validation of the vocabulary has it.
func explained(fields []field, empty []tenants.FieldError) []field {
	for i := range fields {
		for _, e := range empty {
			if e.Field == fields[i].name || strings.HasSuffix(e.Field, "."+fields[i].name) {
				fields[i].allowed = e.Allowed
			}
		}
	}
	return fields
}

func newDecoder(file string) *decoder {
	return &decoder{file: file, lines: map[string]int{}, shown: map[string]string{}, indexed: map[string]string{}, reported: map[string]bool{}}
}

// object reads a mapping.
func (d *decoder) object(path string, n ast.Node, fields []field) {
	entries, ok := mapping(n)
	if !ok {
		d.wrongType(path, n, "a mapping with "+names(fields))
		return
	}
	first := make(map[string]int, len(entries))
	for _, e := range entries {
		key := e.Key.GetToken().Value
		line := e.Key.GetToken().Position.Line
		p := join(path, key)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key })
		switch {
		case i < 0:
			d.lines[p] = line
			d.refuse(tenants.FieldError{Field: p, Value: describe(e.Value), Allowed: "no field of this name; " + suggest(key, fields)})
		case first[key] != 0:
			d.add(line, tenants.FieldError{Field: p, Value: describe(e.Value),
				Allowed: fmt.Sprintf("each field once; line %d has it already", first[key])})
		default:
			first[key] = line
			d.lines[p] = line
			if e.Value != nil && e.Value.Type() != ast.NullType {
				fields[i].read(p, e.Value)
			} else {
				delete(first, key)
			}
		}
	}
	for _, f := range fields {
		if f.required && first[f.name] == 0 {
			d.refuse(tenants.FieldError{Field: join(path, f.name), Allowed: cmp.Or(f.allowed, "a value")})
		}
	}
}

// list reads a list.
func (d *decoder) list(path string, n ast.Node, read func(path string, n ast.Node)) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongType(path, n, "a list")
		return
	}
	for i, v := range seq.Values {
		p := fmt.Sprintf("%s[%d]", path, i)
		d.lines[p] = startLine(v, d.line(path))
		read(p, v)
		if len(d.problems) >= enough {
			return
		}
	}
}

func (d *decoder) text(to *string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		s, ok := scalarText(n)
		if !ok {
			d.wrongType(path, n, "text; put it in quotes if it looks like a number")
			return
		}
		*to = s
	}
}

func (d *decoder) texts(to *[]string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		d.list(path, n, func(path string, n ast.Node) {
			var s string
			d.text(&s)(path, n)
			*to = append(*to, s)
		})
	}
}

func (d *decoder) textMap(to *map[string]string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		entries, ok := mapping(n)
		if !ok {
			d.wrongType(path, n, "a mapping of text to text")
			return
		}
		out := make(map[string]string, len(entries))
		for _, e := range entries {
			key := e.Key.GetToken().Value
			p := join(path, key)
			if _, twice := out[key]; twice {
				d.add(e.Key.GetToken().Position.Line, tenants.FieldError{Field: p, Value: describe(e.Value), Allowed: "each key once"})
				continue
			}
			d.lines[p] = e.Key.GetToken().Position.Line
			var s string
			d.text(&s)(p, e.Value)
			out[key] = s
		}
		*to = out
	}
}

var (
	integerPattern = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	numberPattern  = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,18})?$`)
)

func (d *decoder) integer(to *int) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		digits, ok := numeric(n)
		if !ok || !integerPattern.MatchString(digits) {
			d.wrongType(path, n, "a whole number")
			return
		}
		v, err := strconv.ParseInt(digits, 10, strconv.IntSize)
		if err != nil {
			d.wrongType(path, n, "a whole number")
			return
		}
		*to = int(v)
	}
}

func (d *decoder) number(to *float64) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		digits, ok := numeric(n)
		if !ok || !numberPattern.MatchString(digits) {
			d.wrongType(path, n, "a number")
			return
		}
		v, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			d.wrongType(path, n, "a number")
			return
		}
		*to = v
	}
}

func (d *decoder) boolean(to *bool) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.wrongType(path, n, "true or false")
			return
		}
		*to = b.Value
	}
}

func (d *decoder) wrongType(path string, n ast.Node, allowed string) {
	if path == "" {
		path = "the file"
	}
	d.add(startLine(n, d.line(path)), tenants.FieldError{Field: path, Value: describe(n), Allowed: allowed})
}

// label notes the name of a list's element, which paths are shown with.
func (d *decoder) label(path, name string) {
	list := path[:strings.LastIndexByte(path, '[')]
	if !labelPattern.MatchString(name) || len(name) > 40 {
		return
	}
	byName := list + "." + name
	if _, taken := d.indexed[byName]; !taken {
		d.indexed[byName] = path
		d.shown[path] = name
	}
}

var (
	labelPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	indexPattern = regexp.MustCompile(`\[[0-9]+\]`)
)

// refuse notes problems at the lines of their paths, unless the path, or what it
// lies in, has one already.
func (d *decoder) refuse(fields ...tenants.FieldError) {
	for _, f := range fields {
		f.Field = d.index(f.Field)
		known := false
		for path := f.Field; path != "" && !known; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
			known = d.reported[path]
		}
		if !known {
			d.add(d.line(f.Field), f)
		}
	}
}

func (d *decoder) add(line int, f tenants.FieldError) {
	d.reported[f.Field] = true
	d.problems = append(d.problems, problem{line: max(line, 1), field: f})
}

// index turns the names of elements in a path into their indexes.
func (d *decoder) index(path string) string {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		if by, ok := d.indexed[path[:end]]; ok {
			return by + path[end:]
		}
	}
	return path
}

// display turns the indexes in a path into the names of their elements.
func (d *decoder) display(path string) string {
	var out strings.Builder
	from := 0
	for _, at := range indexPattern.FindAllStringIndex(path, -1) {
		name, ok := d.shown[path[:at[1]]]
		if !ok {
			continue
		}
		out.WriteString(path[from:at[0]] + "." + name)
		from = at[1]
	}
	return out.String() + path[from:]
}

// line gives the line of a path, or of the nearest thing around it.
func (d *decoder) line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// err gives the problems in the order of their lines.
func (d *decoder) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	e := &tenants.Error{Code: tenants.CodeInvalid}
	for _, p := range d.problems[:min(len(d.problems), maxProblems)] {
		p.field.Source = fmt.Sprintf("%s:%d", d.file, p.line)
		p.field.Field = d.display(p.field.Field)
		e.Fields = append(e.Fields, p.field)
	}
	if more := len(d.problems) - maxProblems; more > 0 {
		e.Message = fmt.Sprintf("%s has more than %d problems; these are the first", d.file, maxProblems)
	}
	return e
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch v := n.(type) {
	case *ast.MappingNode:
		return v.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}, true
	}
	return nil, false
}

func scalarText(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	}
	return "", false
}

func numeric(n ast.Node) (string, bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func startLine(n ast.Node, otherwise int) int {
	if entries, ok := mapping(n); ok && len(entries) > 0 {
		return entries[0].Key.GetToken().Position.Line
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return otherwise
	}
	return n.GetToken().Position.Line
}

// describe gives a value as an error shows it.
func describe(n ast.Node) string {
	if n == nil {
		return ""
	}
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return ""
	}
	if s, ok := scalarText(n); ok {
		return s
	}
	return n.GetToken().Value
}

// join adds a key to a path; a key that is no name is quoted and cut.
func join(path, key string) string {
	if !keyPattern.MatchString(key) {
		if utf8.RuneCountInString(key) > 40 {
			key = string([]rune(key)[:40]) + "..."
		}
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

var keyPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func names(fields []field) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return strings.Join(all, ", ")
}

// suggest names the field that was probably meant, or all there are.
func suggest(key string, fields []field) string {
	for _, f := range fields {
		if strings.EqualFold(f.name, key) || near(strings.ToLower(f.name), strings.ToLower(key)) {
			return "did you mean " + f.name + "?"
		}
	}
	return "there are " + names(fields)
}

// near says whether two words are at most two edits apart and still much alike.
func near(a, b string) bool {
	if len(b) > 40 || len(a) < 3 {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)] <= min(2, (len(a)+1)/3)
}
