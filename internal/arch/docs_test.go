package arch

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// checkPackageComments gives the packages that do not have exactly one comment.
func checkPackageComments(all []*goPackage) []string {
	var found []string
	for _, p := range all {
		if p.name == "" {
			continue
		}
		if len(p.docs) != 1 {
			found = append(found, fmt.Sprintf("%s has %d package comments; one file has it", p.dir, len(p.docs)))
		}
		for file, text := range p.docs {
			if p.name != "main" && !strings.HasPrefix(text, "Package "+p.name+" ") {
				found = append(found, fmt.Sprintf("%s: the package comment does not begin with \"Package %s \"", file, p.name))
			}
		}
	}
	return found
}

func TestPackageComments(t *testing.T) {
	for _, problem := range checkPackageComments(packages(t, repository(t))) {
		t.Error(problem)
	}
}

func TestPackageCommentCheckFails(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got := checkPackageComments(packages(t, fstest.MapFS{
		"good/a.go": file("// Package good is.\npackage good\n"), "good/b.go": file("//go:build unix\n\npackage good\n"),
		"good/a_test.go":  file("// Package good is.\npackage good\n"),
		"main/a.go":       file("// Main does it.\npackage main\n"),
		"none/a.go":       file("package none\n"),
		"odd/a.go":        file("// This is odd.\npackage odd\n"),
		"tests/a_test.go": file("package tests\n"),
		"two/a.go":        file("// Package two is.\npackage two\n"), "two/b.go": file("// Package two is, too.\npackage two\n"),
	}))
	compare(t, got, []string{"none has 0 package comments", "odd/a.go: the package comment does not begin", "two has 2 package comments"})
}

// recordParts are the headings of a decision's record.
var recordParts = []string{"Context", "Decision", "Alternatives", "Consequences"}

var recordName = regexp.MustCompile(`^([0-9]{4})-[a-z0-9-]+\.md$`)

// checkRecords gives what is wrong with the records of decisions.
func checkRecords(tree fs.FS) []string {
	entries, err := fs.ReadDir(tree, "docs/adr")
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	number := 0
	for _, e := range entries {
		name := path.Join("docs/adr", e.Name())
		if e.Name() == "README.md" {
			continue
		}
		m := recordName.FindStringSubmatch(e.Name())
		if m == nil {
			found = append(found, name+" is not named like 0001-what-is-decided.md")
			continue
		}
		number++
		if n, err := strconv.Atoi(m[1]); err != nil || n != number {
			found = append(found, fmt.Sprintf("%s is number %s; the next is %04d", name, m[1], number))
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return append(found, err.Error())
		}
		titles := headings(string(data))
		if len(titles) == 0 || !strings.HasPrefix(titles[0], strings.TrimLeft(m[1], "0")+". ") {
			found = append(found, fmt.Sprintf("%s does not begin with a title that has its number", name))
			continue
		}
		if !slices.Equal(titles[1:], recordParts) {
			found = append(found, fmt.Sprintf("%s has the headings %q; a record has %q", name, titles[1:], recordParts))
		}
	}
	if number == 0 {
		found = append(found, "docs/adr holds no record")
	}
	return found
}

// headings gives the titles of a document, without what is in code.
func headings(text string) []string {
	var titles []string
	for line := range strings.Lines(prose(text)) {
		if title := strings.TrimLeft(line, "#"); len(title) < len(line) && strings.HasPrefix(title, " ") {
			titles = append(titles, strings.TrimSpace(title))
		}
	}
	return titles
}

var (
	fence      = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	linkTarget = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)
)

// prose gives a document without its blocks of code.
func prose(text string) string { return fence.ReplaceAllString(text, "") }

func TestRecords(t *testing.T) {
	for _, problem := range checkRecords(repository(t)) {
		t.Error(problem)
	}
}

func TestRecordCheckFails(t *testing.T) {
	const parts = "## Context\na\n## Decision\nb\n## Alternatives\nc\n## Consequences\nd\n"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got := checkRecords(fstest.MapFS{
		"docs/adr/0001-good.md":    file("# 1. Good\n" + parts),
		"docs/adr/0002-no-alt.md":  file("# 2. Short\n" + strings.Replace(parts, "## Alternatives", "Alternatives", 1)),
		"docs/adr/0003-in-code.md": file("# 3. Code\n```\n" + parts + "```\n"),
		"docs/adr/0005-gap.md":     file("# 5. Gap\n" + parts),
		"docs/adr/0005-title.md":   file("# Title\n" + parts),
		"docs/adr/notes.md":        file("notes"),
	})
	compare(t, got, []string{"docs/adr/0002-no-alt.md has the headings", "docs/adr/0003-in-code.md has the headings",
		"docs/adr/0005-gap.md is number 0005; the next is 0004", "docs/adr/0005-title.md does not begin", "docs/adr/notes.md is not named like"})
	compare(t, checkRecords(fstest.MapFS{"docs/adr/README.md": file("")}), []string{"docs/adr holds no record"})
}

// documents gives every Markdown file, by name.
func documents(t *testing.T, tree fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && skipped(name):
			return fs.SkipDir
		case !e.IsDir() && strings.HasSuffix(name, ".md"):
			data, err := fs.ReadFile(tree, name)
			all[name] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkLinks gives the links between documents that lead nowhere.
func checkLinks(tree fs.FS, docs map[string]string) []string {
	var found []string
	for name, text := range docs {
		for _, m := range linkTarget.FindAllStringSubmatch(inlineCode.ReplaceAllString(prose(text), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if !fs.ValidPath(file) {
				found = append(found, fmt.Sprintf("%s links to %s, which is outside of the project", name, m[1]))
				continue
			}
			if _, err := fs.Stat(tree, file); err != nil {
				found = append(found, fmt.Sprintf("%s links to %s, which is not there", name, m[1]))
				continue
			}
			if anchor != "" && strings.HasSuffix(file, ".md") && !slices.Contains(anchors(docs[file]), anchor) {
				found = append(found, fmt.Sprintf("%s links to %s, and there is no such heading", name, m[1]))
			}
		}
	}
	slices.Sort(found)
	return found
}

// anchors gives the names under which the headings can be linked to.
func anchors(text string) []string {
	var all []string
	for _, title := range headings(text) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, title))
	}
	return all
}

var (
	makeCommand = regexp.MustCompile("(?m)(?:^|`|\\$ )make ([a-z][a-z-]*)")
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// checkTargets gives the make targets that documents name and that are not
// there.
func checkTargets(makefile string, docs map[string]string) []string {
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(makefile, -1) {
		targets[m[1]] = true
	}
	var found []string
	for name, text := range docs {
		for _, m := range makeCommand.FindAllStringSubmatch(text, -1) {
			if !targets[m[1]] {
				found = append(found, fmt.Sprintf("%s names make %s, and the Makefile has no such target", name, m[1]))
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestDocuments(t *testing.T) {
	tree := repository(t)
	docs := documents(t, tree)
	makefile, err := fs.ReadFile(tree, "Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range append(checkLinks(tree, docs), checkTargets(string(makefile), docs)...) {
		t.Error(problem)
	}
	if len(docs) < 5 {
		t.Errorf("only %d documents were found", len(docs))
	}
}

func TestDocumentChecksFail(t *testing.T) {
	tree := fstest.MapFS{
		"README.md": {Data: []byte("# Top part\n[a](docs/a.md) [b](docs/b.md \"title\") [web](https://example.com/x) [self](#top-part) [self](#bottom)\n" +
			"[out](../up.md) [dir](docs) `[code](none.md)`\n```\n[code](none.md)\n```\nrun `make test`, `make nothing`\n```sh\nmake lint\nmake never\n```\nthey make sense\n")},
		"docs/a.md":            {Data: []byte("# A, with *marks*\n[up](../README.md#top-part) [up](../README.md#nowhere) [here](a.md#a-with-marks)\n")},
		".git/x.md":            {Data: []byte("[none](none.md)")},
		"bin/x.md":             {Data: []byte("[none](none.md)")},
		"x/testdata/README.md": {Data: []byte("[none](none.md)")},
	}
	docs := documents(t, tree)
	compare(t, checkLinks(tree, docs), []string{
		"README.md links to #bottom, and there is no such heading", "README.md links to ../up.md, which is outside",
		"README.md links to docs/b.md, which is not there", "docs/a.md links to ../README.md#nowhere, and there is no such heading",
	})
	compare(t, checkTargets("test: ## t\nlint:\n\tmake x\n", docs), []string{"README.md names make never", "README.md names make nothing"})
}
