package controlplane

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/settings"
)

// slow makes the local cloud take its time.
func (h *house) slow(delay string) {
	h.t.Helper()
	path := filepath.Join(h.dir, "cloud", "faults.json")
	if delay == "" {
		_ = os.Remove(path)
		return
	}
	if err := os.WriteFile(path, []byte(`[{"operation":"create","delay":"`+delay+`"}]`), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// making waits until resources of a tenant's stack are being made.
func (h *house) making(w *proc, tenant string) {
	h.t.Helper()
	h.until("a run under way", func() bool {
		found, _ := filepath.Glob(filepath.Join(h.dir, "state", ".pulumi", "locks", "*", "*", "tenant-"+tenant, "*.json"))
		return len(found) > 0
	})
	time.Sleep(time.Second)
}

// TestAnUpdateUnderWayIsHandedOver: a worker that is told to stop in the middle of
// a run lets that end, or stops it; the next worker ends the operation.
func TestAnUpdateUnderWayIsHandedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.shared()
	h.slow("1500ms")
	serve := h.start(settings.Serve)
	for tenant, c := range map[string]struct {
		grace  string
		second bool
		ended  bool // the step, by the worker that is told to stop
	}{"ends": {"1m", false, true}, "stops": {"1s", false, false}, "second": {"1m", true, false}} {
		work := h.start(settings.Work, "TENANTFORM_WORKER_GRACE="+c.grace)
		op := h.create(serve.API, tenant)
		h.making(work, tenant)
		_ = work.cmd.Process.Signal(syscall.SIGTERM)
		h.until("the worker says that it stops", func() bool {
			red, _ := h.readiness(work.Monitoring)
			return slices.Contains(red, "process")
		})
		if c.second {
			_ = work.cmd.Process.Signal(syscall.SIGTERM)
		}
		if code := work.ended(time.Minute); code != 0 {
			t.Errorf("%s: the worker ends with %d", tenant, code)
		}
		now := h.operation(serve.API, op.ID)
		if len(now.Steps) == 0 || (now.Steps[0].Progress == "succeeded") != c.ended || now.Progress != "running" {
			t.Errorf("%s: when the worker has ended: %+v", tenant, now)
		}
		next := h.start(settings.Work)
		h.done(serve.API, op)
		if code := next.end(syscall.SIGTERM); code != 0 {
			t.Errorf("%s: the next worker ends with %d", tenant, code)
		}
		if strings.Contains(next.log.String(), "pending") {
			t.Errorf("%s: the run was cut off:\n%s", tenant, next.log)
		}
	}
}

func TestTwoWorkersOnOneDirectory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(settings.Work)
	second, out := h.launch(settings.Work)
	go second.wait(out)
	if code := second.ended(time.Minute); code != 1 || !strings.Contains(second.log.String(), h.dir+": on the local target the cloud lives in its process") {
		t.Errorf("the second worker ends with %d: %s", code, second.log)
	}
	h.env["TENANTFORM_STORE_URL"] = "sqlite:" + filepath.Join(h.dir, "control.db")
	h.env["TENANTFORM_DIR"] = t.TempDir()
	h.start(settings.Work)
}
