package blueprints_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// variant is one of the runs of a component: a sample in an environment.
type variant struct {
	name   string
	sample blueprints.Sample
	at     blueprints.Site
}

func variants(t *testing.T, b blueprints.Blueprint) []variant {
	t.Helper()
	var all []variant
	for _, environment := range []string{location.Dev, location.Production} {
		at := blueprints.NewSite(environment, t.TempDir())
		all = append(all, variant{"minimal " + environment, b.Minimal, at}, variant{"full " + environment, b.Full, at})
	}
	return all
}

// each runs a test on every variant of every component.
func each(t *testing.T, test func(*testing.T, blueprints.Blueprint, variant, blueprints.Run)) {
	t.Helper()
	for _, b := range blueprints.All() {
		for _, v := range variants(t, b) {
			t.Run(b.Name()+" "+v.name, func(t *testing.T) {
				r, err := b.Record(v.sample, v.at)
				if err != nil {
					t.Fatal(err)
				}
				test(t, b, v, r)
			})
		}
	}
}

func TestSamplesAreAsComponentsAre(t *testing.T) {
	each(t, func(t *testing.T, _ blueprints.Blueprint, _ variant, r blueprints.Run) {
		componenttest.Check(t, r.Recording, componenttest.Types{
			"aws:wafv2/webAcl:WebAcl": wafv2.WebAclArgs{},
			"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": wafv2.WebAclLoggingConfigurationArgs{},
		})
	})
}

// TestCatalogueIsComplete compares the catalogue with the types that the
// packages below components register.
func TestCatalogueIsComplete(t *testing.T) {
	var listed []string
	for _, b := range blueprints.All() {
		if slices.Contains(listed, b.Token()) {
			t.Errorf("%s is listed twice", b.Token())
		}
		listed = append(listed, b.Token())
	}
	registered := map[string]string{}
	err := filepath.WalkDir("../../components", func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if s, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(s, "tenantform:") && strings.Count(s, ":") == 2 {
				registered[s] = filepath.Base(filepath.Dir(name))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for token, dir := range registered {
		if !slices.Contains(listed, token) {
			t.Errorf("%s, of components/%s, is not in the catalogue", token, dir)
		}
		if !strings.HasPrefix(token, "tenantform:"+dir+":") {
			t.Errorf("%s is registered by components/%s", token, dir)
		}
	}
	for _, token := range listed {
		if _, ok := registered[token]; !ok {
			t.Errorf("%s is in the catalogue, and no component registers it", token)
		}
	}
}
