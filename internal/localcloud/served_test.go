package localcloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// unserved are what components may register and the local cloud does not have,
// by the beginning of the token, with the reason.
var unserved = map[string]string{
	"aws:wafv2/webAcl:":                     "its types alone make a binary 44 MB larger",
	"aws:wafv2/webAclLoggingConfiguration:": "it belongs to a web ACL",
	"aws:wafv2/ipSet:":                      "it belongs to a web ACL",
	"aws:wafv2/ruleGroup:":                  "it belongs to a web ACL",
	"aws:wafv2/regexPatternSet:":            "it belongs to a web ACL",
}

// TestServesWhatComponentsRegister reads the table of the types that components
// may register from the source of their tests.
func TestServesWhatComponentsRegister(t *testing.T) {
	const file = "../../components/componenttest/check.go"
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	r := newRegistry()
	known := 0
	ast.Inspect(parsed, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		lit, ok := kv.Key.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		typ, err := strconv.Unquote(lit.Value)
		if err != nil || !strings.HasPrefix(typ, "aws:") {
			return true
		}
		known++
		if r.tokens[typ] == nil && !isUnserved(typ) {
			t.Errorf("components register %s, which the local cloud does not have", typ)
		}
		return true
	})
	if known < 50 {
		t.Errorf("%s has %d types: is the table still there?", file, known)
	}
}

func isUnserved(typ string) bool {
	for prefix := range unserved {
		if strings.HasPrefix(typ, prefix) {
			return true
		}
	}
	return false
}

// TestWebACLAssociationIsTheSDKs reads the source of the type that is not imported.
func TestWebACLAssociationIsTheSDKs(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		t.Skipf("the source of the SDK cannot be found: %v", err)
	}
	file := filepath.Join(strings.TrimSpace(string(out)), "go", "aws", "wafv2", "webAclAssociation.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "webAclAssociationArgs" {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			theirs[f.Names[0].Name] = f.Type.(*ast.Ident).Name + " " + f.Tag.Value
		}
		return false
	})
	ours := map[string]string{}
	for f := range reflect.TypeFor[webACLAssociation]().Fields() {
		ours[f.Name] = f.Type.Name() + " `" + string(f.Tag) + "`"
	}
	if len(ours) == 0 || !maps.Equal(ours, theirs) {
		t.Errorf("the fields are %v, the SDK has %v", ours, theirs)
	}
}
