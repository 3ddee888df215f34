// Settingsdocs writes the page of the settings from their table.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/tenantform/tenantform/internal/settings"
)

func main() {
	page := flag.String("page", "../../docs/settings.md", "the page")
	flag.Parse()
	if err := os.WriteFile(*page, generate(), 0o644); err != nil { //nolint:gosec // a page that everybody may read
		fmt.Fprintln(os.Stderr, "settingsdocs:", err)
		os.Exit(1)
	}
}

//go:embed head.txt
var head []byte

// generate gives the page: what is written in head.txt, and the table.
func generate() []byte {
	var b bytes.Buffer
	b.Write(head)
	section := "none yet"
	for _, s := range settings.Table() {
		name, _, sub := strings.Cut(s.Name, ".")
		if !sub {
			name = ""
		}
		if name != section {
			section = name
			title := "In general"
			if name != "" {
				title = "`" + name + "`"
			}
			fmt.Fprintf(&b, "\n### %s\n\n| setting | variable | type | default | used by | what it is |\n| --- | --- | --- | --- | --- | --- |\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s |\n", s.Name, s.Env, s.Type, byDefault(s), users(s), escaped(s.Doc))
	}
	return b.Bytes()
}

func byDefault(s settings.Setting) string {
	switch {
	case s.Default != "":
		return "`" + s.Default + "`"
	case len(s.Needed) > 0:
		return "needed"
	}
	return ""
}

func users(s settings.Setting) string {
	var out []string
	for _, p := range s.For {
		out = append(out, string(p))
	}
	return strings.Join(out, ", ")
}

func escaped(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
