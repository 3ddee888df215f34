package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/tenantform/tenantform/tenants"
)

// maxDepth is how deep lists and mappings may nest; the formats need six levels.
// The parser recurses and takes quadratic time on deep nesting, so the depth is
// checked on the tokens, before it runs.
const maxDepth = 32

// refused are the parts of YAML that these files do without.
var refused = map[token.Type]string{
	token.AnchorType:     "an anchor (&)",
	token.AliasType:      "an alias (*)",
	token.TagType:        "a tag (!)",
	token.MergeKeyType:   "a merge key (<<)",
	token.DirectiveType:  "a directive (%)",
	token.MappingKeyType: "a complex key (?)",
}

// Parse gives the one document of a file of at most MaxSize bytes; name stands
// for the file in errors and want says what an empty file lacks. Every error is
// CodeInvalid.
func Parse(name string, data []byte, want string) (node Node, err error) {
	if len(data) > MaxSize {
		return nil, tenants.Errorf(tenants.CodeInvalid, "%s is larger than %d bytes, the most that is read", name, MaxSize)
	}
	if line, ok := firstBadLine(data); ok {
		return nil, syntaxError(name, line, "text that is not UTF-8, or a control character; save the file as UTF-8")
	}
	defer func() {
		if p := recover(); p != nil { // the parser has panicked on malformed files before
			node, err = nil, &tenants.Error{Code: tenants.CodeInvalid, Message: name + " is not valid YAML", Cause: fmt.Errorf("yaml parser: %v", p)}
		}
	}()
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if line, problem := screen(tokens); problem != "" {
		return nil, syntaxError(name, line, problem)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, message := explain(err)
		return nil, syntaxError(name, line, message)
	}
	for _, doc := range file.Docs {
		if empty(doc.Body) {
			continue
		}
		if node != nil {
			return nil, syntaxError(name, doc.Body.GetToken().Position.Line, "a second document; one file holds one")
		}
		node = doc.Body
	}
	if node == nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "%s is empty; it needs %s", name, want)
	}
	return node, nil
}

func empty(n ast.Node) bool {
	if n == nil {
		return true
	}
	switch n.Type() {
	case ast.NullType, ast.CommentType, ast.CommentGroupType:
		return true
	}
	return false
}

func syntaxError(name string, line int, problem string) error {
	return tenants.Errorf(tenants.CodeInvalid, "%s:%d: not valid here: %s", name, max(line, 1), problem)
}

// explain takes the line and the reason out of the parser's error, whose text
// has a drawing of the source with it.
func explain(err error) (int, string) {
	var detailed interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &detailed) {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return 1, message
	}
	line := 1
	if tk := detailed.GetToken(); tk != nil && tk.Position != nil {
		line = tk.Position.Line
	}
	return line, strings.Join(strings.Fields(detailed.GetMessage()), " ")
}

// firstBadLine finds a byte that no YAML file has.
func firstBadLine(data []byte) (int, bool) {
	line := 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return line, true
		case r == '\n':
			line++
		}
		i += size
	}
	return 0, false
}

// screen refuses, by their tokens, files that the parser should not see.
func screen(tokens token.Tokens) (int, string) {
	flow, run, fields := 0, 0, 0
	for _, tk := range tokens {
		if what := refused[tk.Type]; what != "" {
			return tk.Position.Line, what + " is not supported here; put text that begins so in quotes"
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
			run++
		case token.MappingEndType, token.SequenceEndType:
			flow--
			run = 0
		case token.SequenceEntryType:
			run++
		case token.MappingValueType:
			run++
			fields++
		case token.CollectEntryType, token.CommentType:
		default:
			run = 0
		}
		if fields > maxFields {
			return tk.Position.Line, fmt.Sprintf("more than %d fields in a file", maxFields)
		}
		if flow > maxDepth || run > maxDepth || tk.Position.Column > maxColumn {
			return tk.Position.Line, fmt.Sprintf("nesting of more than %d levels, or a line of more than %d characters", maxDepth, maxColumn)
		}
	}
	return 0, ""
}

// maxFields is how many "key: value" pairs a file may have, enough for some
// thousand tenants. The parser's time grows with the square of a mapping's size.
const maxFields = 30000

// maxColumn is how far to the right a value may begin. It bounds the depth of
// block nesting and of mappings on one line.
const maxColumn = 4000
