package funcarchive

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// handlers gives, for each language, how to look for a handler. A finder returns
// an empty string when it is there, otherwise what would have been accepted.
func handlers() map[string]func(c *contents, handler string) string {
	return map[string]func(*contents, string) string{
		"python": findPython, "nodejs": findNode, "java": findJava, "dotnet": findDotnet, "ruby": findRuby, "provided": findBootstrap,
	}
}

// findPython looks for "module.function", where a module in a package is written
// with slashes or with dots.
func findPython(c *contents, handler string) string {
	at := strings.LastIndexByte(handler, '.')
	if at <= 0 || at == len(handler)-1 {
		return `"<module>.<function>", "app.handler" for example`
	}
	module, function := strings.ReplaceAll(handler[:at], ".", "/"), handler[at+1:]
	source, missing := c.first(module+".py", module+"/__init__.py", module+".pyc", module+".so")
	if missing != "" {
		return missing + c.candidates(".py")
	}
	if !strings.HasSuffix(source, ".py") {
		return ""
	}
	text, readable := c.text(source)
	name := regexp.QuoteMeta(function)
	pattern := regexp.MustCompile(`(?m)^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+` + name + `\b` +
		`|^[ \t]*` + name + `[ \t]*(?::[^=\n]+)?=[^=]` +
		`|^[ \t]*(?:from|import)\b[^\n]*\b` + name + `\b` +
		`|\bimport[ \t]*\([^)]*\b` + name + `\b` +
		`|^[ \t]*from\b[^\n]*\bimport[ \t]*\*`)
	if !readable || pattern.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("a function that %s defines%s", source, found(pythonFunctions, text))
}

var pythonFunctions = regexp.MustCompile(`(?m)^(?:async[ \t]+)?def[ \t]+([A-Za-z_]\w*)`)

// findNode looks for "module.export", the module perhaps in a directory.
func findNode(c *contents, handler string) string {
	dir, base := path.Split(handler)
	module, export, ok := strings.Cut(base, ".")
	if !ok || module == "" || export == "" {
		return `"<module>.<export>", "index.handler" for example`
	}
	source, missing := c.first(dir+module+".js", dir+module+".mjs", dir+module+".cjs")
	if missing != "" {
		return missing + c.candidates(".js", ".mjs", ".cjs")
	}
	text, readable := c.text(source)
	name, _, _ := strings.Cut(export, ".")
	word := regexp.MustCompile(`(?:^|[^\w$])` + regexp.QuoteMeta(name) + `(?:$|[^\w$])`)
	if !readable || word.MatchString(text) || reexports.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("a function that %s exports%s", source, found(nodeExports, text))
}

var (
	reexports   = regexp.MustCompile(`module\.exports\s*=\s*require\s*\(|export\s*\*`)
	nodeExports = regexp.MustCompile(`(?m)\bexports\.([A-Za-z_$][\w$]*)\s*=|^\s*export\s+(?:async\s+)?(?:function\*?|const|let|var|class)\s+([A-Za-z_$][\w$]*)`)
)

// findJava looks for "package.Class::method" or "package.Class". What is in a jar
// is not looked into.
func findJava(c *contents, handler string) string {
	class, _, _ := strings.Cut(handler, "::")
	if class == "" {
		return `"<package>.<Class>::<method>", "example.Handler::handleRequest" for example`
	}
	file := strings.ReplaceAll(class, ".", "/") + ".class"
	if c.has(file) || slices.ContainsFunc(c.names, func(n string) bool { return strings.HasSuffix(n, ".jar") }) {
		return ""
	}
	return fmt.Sprintf("a class that is in the archive; there is neither %s nor a .jar%s", file, c.candidates(".class"))
}

// findDotnet looks for "Assembly::Type::Method" or, with top-level statements,
// "Assembly".
func findDotnet(c *contents, handler string) string {
	assembly, _, _ := strings.Cut(handler, "::")
	if assembly == "" {
		return `"<Assembly>::<Type>::<Method>"`
	}
	if _, missing := c.first(assembly + ".dll"); missing != "" {
		return missing + c.candidates(".dll")
	}
	return ""
}

// findRuby looks for "file.method" or "file.Module::Class.method".
func findRuby(c *contents, handler string) string {
	dir, base := path.Split(handler)
	parts := strings.Split(base, ".")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return `"<file>.<method>" or "<file>.<Class>.<method>", "app.handler" for example`
	}
	source, missing := c.first(dir + parts[0] + ".rb")
	if missing != "" {
		return missing + c.candidates(".rb")
	}
	text, readable := c.text(source)
	name := regexp.MustCompile(`\b` + regexp.QuoteMeta(parts[len(parts)-1]) + `\b`)
	if !readable || name.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("a method that %s defines%s", source, found(rubyMethods, text))
}

var rubyMethods = regexp.MustCompile(`(?m)^\s*def\s+(?:self\.)?([A-Za-z_]\w*[!?]?)`)

// findBootstrap looks for the program that an OS-only runtime starts; the
// handler's value is the program's own business.
func findBootstrap(c *contents, _ string) string {
	switch {
	case !c.has("bootstrap"):
		return "any text, with a program named bootstrap at the top of the archive; there is none" + c.candidates("")
	case !c.executable["bootstrap"]:
		return "any text, with a program named bootstrap that is executable; chmod +x it before it is packed"
	}
	return ""
}

// first gives the first of the files that is there, or says that none is.
func (c *contents) first(names ...string) (string, string) {
	for _, name := range names {
		if c.has(path.Clean(name)) {
			return path.Clean(name), ""
		}
	}
	return "", "a handler whose file is in the archive; there is no " + strings.Join(names, ", ")
}

// shownCandidates is how many names an error lists.
const shownCandidates = 8

// candidates lists the files with one of the endings that are there.
func (c *contents) candidates(endings ...string) string {
	var names []string
	for _, name := range c.names {
		if slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) }) {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return list(names)
}

// found lists what a pattern's first group that matched found in a text.
func found(pattern *regexp.Regexp, text string) string {
	var names []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		for _, group := range m[1:] {
			if group != "" && !slices.Contains(names, group) {
				names = append(names, group)
			}
		}
	}
	return list(names)
}

func list(names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) > shownCandidates:
		return fmt.Sprintf("; there are %s and %d more", strings.Join(names[:shownCandidates], ", "), len(names)-shownCandidates)
	}
	return "; there are " + strings.Join(names, ", ")
}
