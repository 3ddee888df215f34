package controlplane

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/settings"
)

// TestDev takes dev through a life: a tenant, a kill of Temporal, a kill of dev in
// the middle of an operation, a second dev, and a clean end.
func TestDev(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir()}
	h.env = map[string]string{"TENANTFORM_DIR": h.dir, "TENANTFORM_DISPATCH_EVERY": "50ms", "TENANTFORM_DISPATCH_SWEEP": "1s", "TENANTFORM_WORKER_HEARTBEAT": "2s", "TENANTFORM_WORKER_GRACE": "1s"}
	dev := h.start(settings.Dev)
	token, err := os.ReadFile(dev.Dev.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	h.token = strings.TrimSpace(string(token))
	var client clientFile
	data, err := os.ReadFile(filepath.Join(h.dir, "dev", "client.json"))
	if err != nil || json.Unmarshal(data, &client) != nil || client.URL != dev.API || client.TokenFile != dev.Dev.TokenFile {
		t.Errorf("client.json: %s, %v", data, err)
	}
	for _, path := range []string{dev.Dev.TokenFile, dev.Dev.ClientFile} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	h.done(dev.API, h.create(dev.API, "first"))

	second, out := h.launch(settings.Dev)
	go second.wait(out)
	if code := second.ended(time.Minute); code != 1 || !strings.Contains(second.log.String(), "it is a control plane that runs") {
		t.Errorf("a second dev ends with %d: %s", code, second.log)
	}

	servers := temporalsOf(t, h.dir)
	if len(servers) != 1 {
		t.Fatalf("Temporal servers: %v", servers)
	}
	if err := syscall.Kill(servers[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.done(dev.API, h.create(dev.API, "without-temporal"))

	h.slow("500ms")
	op := h.create(dev.API, "killed")
	h.making(dev, "killed")
	left := temporalsOf(t, h.dir)
	dev.end(syscall.SIGKILL)
	h.slow("")
	if now := temporalsOf(t, h.dir); !slices.Equal(now, left) || len(left) != 1 {
		t.Fatalf("the killed dev leaves the Temporal servers %v of %v", now, left)
	}
	again := h.start(settings.Dev)
	if again.API != dev.API || again.Dev.Issuer != dev.Dev.Issuer || again.Dev.Temporal != dev.Dev.Temporal {
		t.Errorf("elsewhere: %+v, was %+v", again.Started, dev.Started)
	}
	if now := temporalsOf(t, h.dir); len(now) != 1 || now[0] == left[0] {
		t.Errorf("Temporal servers: %v, was %v", now, left)
	}
	h.done(again.API, op) // with the token of before
	if strings.Contains(again.log.String(), "the shared stacks come up") || !strings.Contains(dev.log.String(), "the shared stacks come up") {
		t.Error("the shared stacks come up again, or never did")
	}
	if mails, _ := filepath.Glob(filepath.Join(again.Dev.Mails, "*.eml")); len(mails) != 3 {
		t.Errorf("mails: %v", mails)
	}
	if code := again.end(syscall.SIGTERM); code != 0 {
		t.Errorf("dev ends with %d", code)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "dev", "client.json")); err == nil || len(temporalsOf(t, h.dir)) != 0 {
		t.Error("dev has left its client file, or its Temporal server")
	}
	for _, p := range []*proc{dev, again} {
		if strings.Contains(p.log.String(), h.token) {
			t.Error("a log holds a token")
		}
	}
}

func TestDevSaysWhichToolIsMissing(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir(), env: map[string]string{}}
	h.env["TENANTFORM_DIR"] = filepath.Join(h.dir, "state")
	for tool, variable := range map[string]string{"pulumi": "TENANTFORM_PULUMI", "temporal": "TENANTFORM_TEMPORAL"} {
		dev, out := h.launch(settings.Dev, variable+"=", "PATH="+h.dir)
		go dev.wait(out)
		if code := dev.ended(time.Minute); code != 1 || !strings.Contains(dev.log.String(), `run "make dev" in a checkout`) || !strings.Contains(dev.log.String(), variable) {
			t.Errorf("without %s dev ends with %d: %s", tool, code, dev.log)
		}
		if _, err := os.Stat(h.env["TENANTFORM_DIR"]); err == nil {
			t.Errorf("without %s there is a directory", tool)
		}
	}
}
