package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/controlplane"
)

// TestDevCommand starts dev as its own process, and ends it as a terminal does.
func TestDevCommand(t *testing.T) {
	t.Parallel()
	temporal, err := filepath.Abs("../../bin/temporal")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("TENANTFORM_TEMPORAL") == "" && !exists(temporal) {
		t.Skip("there is no temporal command; \"make test\" builds it")
	}
	for form, check := range map[string]func(dir string, r *bufio.Reader) string{
		"json": func(dir string, r *bufio.Reader) string {
			var text strings.Builder
			for line := ""; line != "}\n"; {
				var err error
				if line, err = r.ReadString('\n'); err != nil {
					return err.Error()
				}
				text.WriteString(line)
			}
			at := decode[controlplane.Started](t, answer{out: text.String()})
			if !strings.HasPrefix(at.API, "http://127.0.0.1:") || at.Dev == nil || !exists(at.Dev.TokenFile) || !exists(filepath.Join(dir, "dev", "client.json")) {
				return text.String()
			}
			return ""
		},
		"text": func(dir string, r *bufio.Reader) string {
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return err.Error()
				}
				if strings.Contains(line, "tenantform --dir "+dir+" tenant create acme ") {
					return ""
				}
			}
		},
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0], "dev", "--dir", dir, "-o", form)
			cmd.Env = append(os.Environ(), asCommand+"=1")
			if os.Getenv("TENANTFORM_TEMPORAL") == "" {
				cmd.Env = append(cmd.Env, "TENANTFORM_TEMPORAL="+temporal)
			}
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			wrong := check(dir, bufio.NewReader(out))
			_ = cmd.Process.Signal(syscall.SIGINT)
			if err := cmd.Wait(); err != nil || wrong != "" {
				t.Errorf("dev ends with %v, says %q\n%s", err, wrong, errs.String())
			}
			if exists(filepath.Join(dir, "dev", "client.json")) || !strings.Contains(errs.String(), "the shared stacks come up: platform, pool-a") {
				t.Errorf("a file stays behind, or the start was not told:\n%s", errs.String())
			}
		})
	}
}

func TestDoctorLooksForTemporal(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for path, want := range map[string]string{"": stateNotice, "/some/temporal": stateOK} {
		t.Setenv("TENANTFORM_TEMPORAL", path)
		if path == "" {
			t.Setenv("PATH", dir)
		}
		found := examineTemporal()
		if found.State != want || path == "" && !strings.Contains(found.Do, "make dev") || !strings.Contains(found.Found, path) {
			t.Errorf("with %q: %+v", path, found)
		}
	}
}
