package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const quickstart = "../../examples/quickstart"

// TestDemo runs the demo on the files that it is shipped with.
func TestDemo(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	got := commandIn(t, "", "", nil, "demo", "--files", quickstart)
	if got.code != exitDone {
		t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.errors)
	}
	for _, want := range []string{"rule untrusted_function_role on iam.Role", "both placements stood side by side", "no temporary file is left"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the demo does not say %q", want)
		}
	}
	for line := range strings.Lines(got.out) {
		if n := utf8.RuneCountInString(line); n > demoWidth+1 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	if left := listFiles(temp); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if os.Getenv("TMPDIR") != temp {
		t.Error("the demo left TMPDIR as it set it")
	}
}

// TestDemoSeesABrokenPromise lets the policies have nothing to refuse: the demo
// has to notice.
func TestDemoSeesABrokenPromise(t *testing.T) {
	files := t.TempDir()
	if err := os.CopyFS(files, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(files, "leaky.yaml"), "name: leaky\nruntime: python3.13\nhandler: app.handler\narchive: functions/leaky\n")
	dir := filepath.Join(t.TempDir(), "state")
	got := command(t, dir, "demo", "--files", files, "--dir", dir, "-o", "json")
	if got.code != exitFailed {
		t.Errorf("exit code %d", got.code)
	}
	report := decode[demoReport](t, got)
	for _, s := range report.Steps {
		want := demoOK
		if s.Name == "function refused" {
			want = demoFailed
		}
		if s.Result != want {
			t.Errorf("%s: %s, want %s: %+v", s.Name, s.Result, want, s.Checks)
		}
	}
}
