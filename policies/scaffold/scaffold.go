// Package scaffold makes the first files of a rule of one's own: the rule, its
// tests, its fixtures and its page. They pass "tenantform policy test" as they
// are, and are changed from there.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

//go:embed template
var templates embed.FS

// page is the name of the rule's page.
const page = "README.md"

// NameAllowed says which names of rules are allowed.
const NameAllowed = `lower case letters, digits and _, a letter first, 3 to 60 characters, no word of Rego, and no "_test" at the end; "topic_display_name" for example`

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{2,59}$`)

var regoWords = []string{"contains", "data", "default", "else", "every", "false", "import", "input", "not", "null", "package", "some", "true", "with"}

// Valid tells whether a rule may have a name.
func Valid(name string) bool {
	return nameForm.MatchString(name) && !slices.Contains(regoWords, name) && !strings.HasSuffix(name, "_test")
}

// Files gives the files of a new rule by their path in the rule's directory. The
// error is CodeInvalid for a name that is not Valid.
func Files(name string) (map[string][]byte, error) {
	if !Valid(name) {
		return nil, tenants.Invalid(tenants.FieldError{Field: "name", Value: name, Allowed: NameAllowed})
	}
	files := map[string][]byte{}
	err := fs.WalkDir(templates, "template", func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(at)
		if err != nil {
			return err
		}
		files[strings.TrimPrefix(at, "template/")] = []byte(strings.ReplaceAll(string(text), "NAME", name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	files[page] = []byte(strings.ReplaceAll(pageText, "NAME", name))
	return files, nil
}

const pageText = `# NAME

Every topic says what it is for.

Say here what the rule demands and why, for whom it is, and what somebody does who is refused. The metadata in
rule.rego is what reports show; "tenantform policy explain NAME --bundle DIR" shows it as a page.

- rule.rego: the rule
- rule_test.rego: its tests, one for each branch
- fixtures/pass*.json, fixtures/violates*.json: what it passes and refuses
`

// Write writes a new rule into dir/rules/name and gives that directory. One that
// exists is refused with CodeConflict, and nothing is changed.
func Write(dir, name string) (string, error) {
	files, err := Files(name)
	if err != nil {
		return "", err
	}
	at := Dir(dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return "", fmt.Errorf("the rule's directory: %w", err)
	}
	if err := os.Mkdir(at, 0o755); errors.Is(err, fs.ErrExist) {
		return "", tenants.Errorf(tenants.CodeConflict, "%s is there already", at)
	} else if err != nil {
		return "", fmt.Errorf("the rule's directory: %w", err)
	}
	for name, text := range files {
		file := filepath.Join(at, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err == nil {
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			return "", errors.Join(fmt.Errorf("the rule's files: %w", err), os.RemoveAll(at))
		}
	}
	return at, nil
}

// Dir is the directory of a rule of a bundle.
func Dir(dir, name string) string { return filepath.Join(dir, "rules", name) }
