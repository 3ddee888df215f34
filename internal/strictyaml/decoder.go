package strictyaml

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

// Decoder walks a document and notes every problem with its line. Paths inside
// it name list elements by index ("tiers[0].name"); what it reports names them by
// name where they have one ("tiers.free.name"). Make it with New.
type Decoder struct {
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

// Node is a value of a document.
type Node = ast.Node

// Field is one field of a mapping.
type Field struct {
	Name     string
	Required bool
	Allowed  string // what to say of a required one that is missing; "a value" when empty
	Read     func(path string, n Node)
}

// Explained gives the fields with what is said of them when their value is
// empty, as the validation of the vocabulary has it.
func Explained(fields []Field, empty []tenants.FieldError) []Field {
	for i := range fields {
		for _, e := range empty {
			if e.Field == fields[i].Name || strings.HasSuffix(e.Field, "."+fields[i].Name) {
				fields[i].Allowed = e.Allowed
			}
		}
	}
	return fields
}

// New starts reading a document; file stands for it in errors.
func New(file string) *Decoder {
	return &Decoder{file: file, lines: map[string]int{}, shown: map[string]string{}, indexed: map[string]string{}, reported: map[string]bool{}}
}

// Object reads a mapping with exactly these fields, of which the required ones must be there.
func (d *Decoder) Object(path string, n ast.Node, fields []Field) {
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
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == key })
		switch {
		case i < 0:
			d.lines[p] = line
			d.Refuse(tenants.FieldError{Field: p, Value: describe(e.Value), Allowed: "no field of this name; " + suggest(key, fields)})
		case first[key] != 0:
			d.Add(line, tenants.FieldError{Field: p, Value: describe(e.Value),
				Allowed: fmt.Sprintf("each field once; line %d has it already", first[key])})
		default:
			first[key] = line
			d.lines[p] = line
			if e.Value != nil && e.Value.Type() != ast.NullType {
				fields[i].Read(p, e.Value)
			} else {
				delete(first, key)
			}
		}
	}
	for _, f := range fields {
		if f.Required && first[f.Name] == 0 {
			d.Refuse(tenants.FieldError{Field: join(path, f.Name), Allowed: cmp.Or(f.Allowed, "a value")})
		}
	}
}

// List reads a list; read is called with each element and its path.
func (d *Decoder) List(path string, n ast.Node, read func(path string, n ast.Node)) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongType(path, n, "a list")
		return
	}
	for i, v := range seq.Values {
		p := fmt.Sprintf("%s[%d]", path, i)
		d.lines[p] = startLine(v, d.Line(path))
		read(p, v)
		if len(d.problems) >= enough {
			return
		}
	}
}

// Text reads text into to; a number or a truth value without quotes is none.
func (d *Decoder) Text(to *string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		s, ok := scalarText(n)
		if !ok {
			d.wrongType(path, n, "text; put it in quotes if it looks like a number")
			return
		}
		*to = s
	}
}

// Texts reads a list of texts into to.
func (d *Decoder) Texts(to *[]string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		d.List(path, n, func(path string, n ast.Node) {
			var s string
			d.Text(&s)(path, n)
			*to = append(*to, s)
		})
	}
}

// TextMap reads a mapping of text to text into to.
func (d *Decoder) TextMap(to *map[string]string) func(string, ast.Node) {
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
				d.Add(e.Key.GetToken().Position.Line, tenants.FieldError{Field: p, Value: describe(e.Value), Allowed: "each key once"})
				continue
			}
			d.lines[p] = e.Key.GetToken().Position.Line
			var s string
			d.Text(&s)(p, e.Value)
			out[key] = s
		}
		*to = out
	}
}

var (
	integerPattern = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	numberPattern  = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,18})?$`)
)

// Integer reads a whole number of at most 18 digits into to.
func (d *Decoder) Integer(to *int) func(string, ast.Node) {
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

// Number reads a decimal number, without an exponent, into to.
func (d *Decoder) Number(to *float64) func(string, ast.Node) {
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

// Boolean reads true or false into to.
func (d *Decoder) Boolean(to *bool) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.wrongType(path, n, "true or false")
			return
		}
		*to = b.Value
	}
}

func (d *Decoder) wrongType(path string, n ast.Node, allowed string) {
	if path == "" {
		path = "the file"
	}
	d.Add(startLine(n, d.Line(path)), tenants.FieldError{Field: path, Value: describe(n), Allowed: allowed})
}

// Label notes the name of a list's element, which paths are shown with.
func (d *Decoder) Label(path, name string) {
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

// Refuse notes problems at the lines of their paths, unless the path, or what it
// lies in, has one already.
func (d *Decoder) Refuse(fields ...tenants.FieldError) {
	for _, f := range fields {
		f.Field = d.index(f.Field)
		known := false
		for path := f.Field; path != "" && !known; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
			known = d.reported[path]
		}
		if !known {
			d.Add(d.Line(f.Field), f)
		}
	}
}

// Add notes a problem at a line.
func (d *Decoder) Add(line int, f tenants.FieldError) {
	d.reported[f.Field] = true
	d.problems = append(d.problems, problem{line: max(line, 1), field: f})
}

// index turns the names of elements in a path into their indexes.
func (d *Decoder) index(path string) string {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		if by, ok := d.indexed[path[:end]]; ok {
			return by + path[end:]
		}
	}
	return path
}

// display turns the indexes in a path into the names of their elements.
func (d *Decoder) display(path string) string {
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

// Line gives the line of a path, or of the nearest thing around it.
func (d *Decoder) Line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// Err gives the problems in the order of their lines.
func (d *Decoder) Err() error {
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

func names(fields []Field) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.Name
	}
	return strings.Join(all, ", ")
}

// suggest names the field that was probably meant, or all there are.
func suggest(key string, fields []Field) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, key) || near(strings.ToLower(f.Name), strings.ToLower(key)) {
			return "did you mean " + f.Name + "?"
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
