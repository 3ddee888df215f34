package funcarchive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// at is a day on which python3.13 and its like are patched.
var at = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

// file is an entry of a test's archive. A name that ends in * is executable.
type file struct{ name, content string }

func zipped(t *testing.T, files ...file) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range files {
		name, executable := strings.CutSuffix(f.name, "*")
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if executable {
			h.SetMode(0o755)
		}
		e, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return saved(t, "code.zip", buf.Bytes())
}

func saved(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func directory(t *testing.T, files ...file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		name, executable := strings.CutSuffix(f.name, "*")
		path := filepath.Join(dir, filepath.FromSlash(name))
		mode := fs.FileMode(0o644)
		if executable {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.content), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// refused checks that there is one problem, at field, whose text says so.
func refused(t *testing.T, fields []tenants.FieldError, field, says string) {
	t.Helper()
	if len(fields) != 1 || fields[0].Field != field || !strings.Contains(fields[0].Allowed, says) {
		t.Errorf("got %v\nwant one problem with %s that says %q", fields, field, says)
	}
}

func TestHandlers(t *testing.T) {
	const python, node = "python3.13", "nodejs22.x"
	tests := map[string]struct {
		runtime, handler string
		files            []file
		says             string // empty: it is fine
	}{
		"python":                 {python, "app.handler", []file{{"app.py", "def handler(event, context):\n  pass\n"}}, ""},
		"python async":           {python, "app.handler", []file{{"app.py", "async  def handler(event, context): ..."}}, ""},
		"python assigned":        {python, "app.handler", []file{{"app.py", "handler = wrap(main)\n"}}, ""},
		"python imported":        {python, "app.handler", []file{{"app.py", "from core import main as handler\n"}}, ""},
		"python imported list":   {python, "app.handler", []file{{"app.py", "from core import (\n  x,\n  handler,\n)\n"}}, ""},
		"python imported all":    {python, "app.handler", []file{{"app.py", "from core import *\n"}}, ""},
		"python package slashes": {python, "pkg/app.handler", []file{{"pkg/app.py", "def handler(): pass"}}, ""},
		"python package dots":    {python, "pkg.app.handler", []file{{"pkg/app.py", "def handler(): pass"}}, ""},
		"python init":            {python, "app.handler", []file{{"app/__init__.py", "def handler(): pass"}}, ""},
		"python compiled":        {python, "app.handler", []file{{"app.pyc", "\x00"}}, ""},
		"python no file":         {python, "ap.handler", []file{{"app.py", "def handler(): pass"}, {"deep/er/b.py", ""}}, "there is no ap.py, ap/__init__.py, ap.pyc, ap.so; there are app.py, deep/er/b.py"},
		"python no function":     {python, "app.handle", []file{{"app.py", "def handler(): pass\nasync def other(): pass\n# def handle"}}, "a function that app.py defines; there are handler, other"},
		"python in a comment":    {python, "app.handler", []file{{"app.py", "# handler\nx.handler = 1\ny == handler"}}, "a function that app.py defines"},
		"python form":            {python, "handler", []file{{"handler.py", ""}}, `"<module>.<function>"`},
		"python form end":        {python, "app.", []file{{"app.py", ""}}, `"<module>.<function>"`},
		"python other folder":    {python, "app.handler", []file{{"src/app.py", "def handler(): pass"}}, "there are src/app.py"},

		"node":          {node, "index.handler", []file{{"index.js", "exports.handler = async () => {}"}}, ""},
		"node module":   {node, "index.handler", []file{{"index.mjs", "export const handler = 1"}}, ""},
		"node common":   {node, "src/index.handler", []file{{"src/index.cjs", "module.exports = {handler}"}}, ""},
		"node nested":   {node, "index.api.get", []file{{"index.js", "exports.api = {get() {}}"}}, ""},
		"node reexport": {node, "index.handler", []file{{"index.js", "module.exports = require('./a')"}}, ""},
		"node no file":  {node, "main.handler", []file{{"index.js", "exports.handler = 1"}}, "there is no main.js, main.mjs, main.cjs; there are index.js"},
		"node no export": {node, "index.handle", []file{{"index.js", "exports.handler = 1\nexport async function other() {}"}},
			"a function that index.js exports; there are handler, other"},
		"node form": {node, "src/index", []file{{"src/index.js", ""}}, `"<module>.<export>"`},

		"java class":    {"java21", "example.Main::run", []file{{"example/Main.class", ""}}, ""},
		"java jar":      {"java21", "example.Main", []file{{"lib/app.jar", ""}}, ""},
		"java no class": {"java21", "example.Main::run", []file{{"example/Other.class", ""}}, "there is neither example/Main.class nor a .jar; there are example/Other.class"},
		"java form":     {"java21", "::run", []file{{"a.jar", ""}}, `"<package>.<Class>::<method>"`},

		"dotnet":           {"dotnet10", "App::App.Main::Run", []file{{"App.dll", ""}}, ""},
		"dotnet top level": {"dotnet10", "App", []file{{"App.dll", ""}}, ""},
		"dotnet none":      {"dotnet10", "Ap::App.Main::Run", []file{{"App.dll", ""}}, "there is no Ap.dll; there are App.dll"},

		"ruby":           {"ruby3.4", "app.handler", []file{{"app.rb", "def handler(event:, context:)\nend"}}, ""},
		"ruby class":     {"ruby3.4", "app.Jobs::Main.process", []file{{"app.rb", "def self.process(event:, context:)\nend"}}, ""},
		"ruby no file":   {"ruby3.4", "main.handler", []file{{"app.rb", ""}}, "there is no main.rb; there are app.rb"},
		"ruby no method": {"ruby3.4", "app.handle", []file{{"app.rb", "def handler(event:, context:)\nend"}}, "a method that app.rb defines; there are handler"},
		"ruby form":      {"ruby3.4", "app", []file{{"app.rb", ""}}, `"<file>.<method>"`},

		"provided":               {"provided.al2023", "whatever", []file{{"bootstrap*", "\x7fELF"}}, ""},
		"provided none":          {"provided.al2023", "whatever", []file{{"bin/bootstrap*", "\x7fELF"}}, "there is none; there are bin/bootstrap"},
		"provided no permission": {"provided.al2023", "whatever", []file{{"bootstrap", "\x7fELF"}}, "chmod +x"},
	}
	for name, tt := range tests {
		for kind, path := range map[string]string{"zip": zipped(t, tt.files...), "directory": directory(t, tt.files...)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				got := checkCode(path, tt.runtime, tt.handler, at, nil)
				if tt.says == "" && len(got) > 0 {
					t.Errorf("refused: %v", got)
				} else if tt.says != "" {
					refused(t, got, "handler", tt.says)
				}
			})
		}
	}
}

func TestRuntimes(t *testing.T) {
	path := zipped(t, file{"app.py", "def handler(): pass"}, file{"index.js", "handler"}, file{"app.rb", "handler"}, file{"bootstrap*", ""}, file{"a.jar", ""}, file{"app.dll", ""})
	good := map[string]string{"python3.13": "app.handler", "python3.11": "app.handler", "nodejs24.x": "index.handler", "ruby3.3": "app.handler",
		"provided.al2023": "x", "java8.al2": "a.B", "java17.al2023": "a.B", "dotnet10": "app"}
	for runtime, handler := range good {
		if got := checkCode(path, runtime, handler, at, nil); got != nil {
			t.Errorf("%s: %v", runtime, got)
		}
	}
	bad := map[string][2]string{
		"":             {"app.handler", "a runtime that Lambda patches: dotnet10, java11"},
		"cobol1":       {"app.handler", "a runtime that Lambda patches: dotnet10, java11"},
		"python3.99":   {"app.handler", "patches: python3.11, python3.12, python3.13, python3.14"},
		"Python3.13":   {"app.handler", "patches: dotnet10"},
		"python3.9":    {"app.handler", "(python3.9 has had no security patches since 2025-12-15)"},
		"python3.10":   {"app.handler", "since 2026-10-31"},
		"nodejs20.x":   {"index.handler", "patches: nodejs22.x, nodejs24.x (nodejs20.x has had no security patches since 2026-04-30)"},
		"dotnet8":      {"app", "since 2026-11-10"},
		"go1.x":        {"main", "since 2024-01-08"},
		"provided.al2": {"x", "patches: provided.al2023 (provided.al2"},
	}
	for runtime, want := range bad {
		refused(t, checkCode(path, runtime, want[0], at, nil), "runtime", want[1])
	}
	lastDay := time.Date(2029, 6, 29, 23, 0, 0, 0, time.UTC)
	if got := checkCode(path, "python3.13", "app.handler", lastDay, nil); got != nil {
		t.Errorf("on its last day: %v", got)
	}
	refused(t, checkCode(path, "python3.13", "app.handler", lastDay.Add(time.Hour), nil), "runtime", "since 2029-06-30")
	if before := tenants.Runtimes(time.Date(2026, 11, 9, 23, 0, 0, 0, time.UTC)); !slices.Contains(before, "dotnet8") {
		t.Errorf("dotnet8 is refused a day too early: %v", before)
	}
	for name, until := range tenants.RuntimeDeprecations() {
		if _, err := time.Parse(time.DateOnly, until); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if language(name) == "" && name != "go1.x" {
			t.Errorf("%s belongs to no language", name)
		}
	}
}

func TestNotAnArchive(t *testing.T) {
	const text = "this is text"
	dir := t.TempDir()
	good := zipped(t, file{"app.py", "def handler(): pass"})
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(data)
	broken[40] ^= 0xff // in the compressed data
	tests := map[string]struct{ path, says string }{
		"none":      {filepath.Join(dir, "none.zip"), "there is nothing at this path"},
		"unnamed":   {"", "the path of a zip file"},
		"text":      {saved(t, "code.zip", []byte(text)), "a zip file; this file is not one"},
		"empty":     {saved(t, "code.zip", nil), "a zip file; this file is not one"},
		"cut":       {saved(t, "code.zip", data[:len(data)-10]), "a zip file; this file is not one"},
		"damaged":   {saved(t, "code.zip", broken), "a zip file that can be unpacked"},
		"no files":  {zipped(t), "this one holds none"},
		"only dirs": {zipped(t, file{"a/", ""}), "this one holds none"},
		"empty dir": {dir, "this one holds none"},
		"device":    {os.DevNull, "this is neither"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, checkCode(tt.path, "python3.13", "app.handler", at, nil), "archive", tt.says)
			refused(t, checkLayer("layers[0]", tt.path, nil), "layers[0]", tt.says)
		})
	}
}

func TestUnsafeEntries(t *testing.T) {
	for _, name := range []string{"../evil.py", "a/../../evil.py", "/etc/passwd", `..\evil.py`, `C:\evil.py`, "C:/evil.py", "a/\x00b", "a/../b.py"} {
		refused(t, checkLayer("layers", zipped(t, file{"good.py", ""}, file{name, "x"}), nil), "layers", "points outside of it, or is no portable name")
	}
	refused(t, checkLayer("layers", zipped(t, file{"a.py", ""}, file{"./a.py", "x"}), nil), "layers", `"a.py" is in the archive twice`)

	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: "link"}
	h.SetMode(fs.ModeSymlink | 0o777)
	e, err := w.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Write([]byte("/etc/passwd")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, checkLayer("layers", saved(t, "l.zip", buf.Bytes()), nil), "layers", `"link" is a link or a device`)
}

func TestLinksInDirectories(t *testing.T) {
	dir := directory(t, file{"app.py", "def handler(): pass"})
	if err := os.Symlink("app.py", filepath.Join(dir, "same.py")); err != nil {
		t.Fatal(err)
	}
	if got := checkCode(dir, "python3.13", "same.handler", at, nil); got != nil {
		t.Errorf("a link inside: %v", got)
	}
	outside := saved(t, "secret", []byte("s"))
	for name, target := range map[string]string{"absolute": outside, "relative": "../" + filepath.Base(filepath.Dir(outside)) + "/secret", "dangling": "nowhere"} {
		link := filepath.Join(dir, "link")
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		refused(t, checkCode(dir, "python3.13", "app.handler", at, nil), "archive", `"link" is a link that leads nowhere or outside`)
		if t.Failed() {
			t.Fatal(name)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}

// forged writes an entry whose data are n zero bytes, and which claims a size.
func forged(t *testing.T, w *zip.Writer, name string, n int, claim uint64) {
	t.Helper()
	var packed bytes.Buffer
	sum := crc32.NewIEEE()
	f, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for done := 0; done < n; done += len(block) {
		part := block[:min(len(block), n-done)]
		sum.Write(part)
		if _, err := f.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: sum.Sum32(),
		CompressedSize64: uint64(packed.Len()), UncompressedSize64: claim})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Write(packed.Bytes()); err != nil {
		t.Fatal(err)
	}
}

func TestTooLarge(t *testing.T) {
	build := func(entries func(w *zip.Writer)) string {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		entries(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return saved(t, "bomb.zip", buf.Bytes())
	}
	const limit = "at most 262144000 bytes unzipped"
	honest := build(func(w *zip.Writer) { forged(t, w, "a", MaxUnzipped+1, MaxUnzipped+1) })
	refused(t, checkLayer("layers", honest, nil), "layers", limit)
	several := build(func(w *zip.Writer) {
		for i := range 4 {
			forged(t, w, fmt.Sprint(i), MaxUnzipped/3, MaxUnzipped/3)
		}
	})
	refused(t, checkLayer("layers", several, nil), "layers", limit)
	liar := build(func(w *zip.Writer) { forged(t, w, "a", MaxUnzipped+1<<20, 10) })
	refused(t, checkLayer("layers", liar, nil), "layers", "")
	full := build(func(w *zip.Writer) { forged(t, w, "a", MaxUnzipped, MaxUnzipped) })
	if got := checkLayer("layers", full, nil); got != nil {
		t.Errorf("an archive at the limit: %v", got)
	}

	large := filepath.Join(t.TempDir(), "large.zip")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, MaxZipped+1); err != nil {
		t.Fatal(err)
	}
	refused(t, checkLayer("layers", large, nil), "layers", "a zip of at most 52428800 bytes")

	dir := directory(t, file{"a", ""})
	if err := os.Truncate(filepath.Join(dir, "a"), MaxUnzipped+1); err != nil {
		t.Fatal(err)
	}
	refused(t, checkLayer("layers", dir, nil), "layers", "this directory has more")
}

func TestCheckFunction(t *testing.T) {
	code := directory(t, file{"app.py", "def handler(): pass"})
	layer := directory(t, file{"python/lib.py", ""})
	f := tenants.Function{Name: "greeting", Runtime: "python3.14", Handler: "app.handler", Archive: code, Layers: []string{layer}}
	if err := CheckFunction("", f); err != nil {
		t.Error(err)
	}
	if err := errors.Join(Check(code, f.Runtime, f.Handler), CheckLayer(layer)); err != nil {
		t.Error(err)
	}
	bad := f
	bad.Handler, bad.Layers = "app.nothing", []string{layer, filepath.Join(layer, "none")}
	e, ok := errors.AsType[*tenants.Error](CheckFunction("functions.greeting", bad))
	if !ok || e.Code != tenants.CodeInvalid || len(e.Fields) != 2 || e.Fields[0].Field != "functions.greeting.handler" || e.Fields[1].Field != "functions.greeting.layers[1]" {
		t.Errorf("%v", e)
	}
	bad = f
	bad.Handler = ""
	if err := CheckFunction("", bad); err == nil || err.Error() != `handler is missing; allowed: the name of the handler, "index.handler" for example` {
		t.Errorf("%v", err)
	}
	for _, dir := range []string{code, layer} {
		name := filepath.Join(dir, "data")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, MaxUnzipped/2+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := CheckFunction("", f); err == nil || !strings.Contains(err.Error(), "together with the layers") {
		t.Errorf("%v", err)
	}
}

func FuzzZip(f *testing.F) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	if e, err := w.Create("app.py"); err == nil {
		e.Write([]byte("def handler(): pass")) //nolint:errcheck // a buffer takes everything
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add([]byte("PK\x05\x06"))
	path := filepath.Join(f.TempDir(), "fuzz.zip")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, p := range checkCode(path, "python3.13", "app.handler", at, nil) {
			if p.Field != "archive" && p.Field != "handler" {
				t.Errorf("%v", p)
			}
		}
	})
}
