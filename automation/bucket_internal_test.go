package automation

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

const twoLocks = `error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with ` + "`pulumi cancel`" + `.
  s3://bucket/.pulumi/locks/organization/tenantform/tenant-acme/one.json?region=eu-west-1: created by me@host-1 (pid 17) at 2026-01-02T03:04:05Z
  s3://bucket/.pulumi/locks/organization/tenantform/tenant-acme/two.json?region=eu-west-1: created by DOM\\me@corp@host-2 (pid 18) at 2026-01-02T03:04:05+01:00
`

func TestMetLocks(t *testing.T) {
	locks := metLocks(twoLocks)
	if len(locks) != 2 {
		t.Fatalf("read %+v, want two locks", locks)
	}
	one, two := locks[0], locks[1]
	if one.Username != "me" || one.Hostname != "host-1" || one.PID != 17 || !one.Timestamp.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) ||
		!strings.HasPrefix(one.path, "s3://bucket/") || !strings.Contains(one.path, "/one.json") {
		t.Errorf("the first is %+v", one)
	}
	if two.Username != `DOM\\me@corp` || two.Hostname != "host-2" || two.PID != 18 {
		t.Errorf("the second is %+v", two)
	}
	for what, said := range map[string]string{
		"no lock":               "error: no stack named 'tenant-acme' found",
		"one that is not named": strings.Replace(twoLocks, "created by me@host-1", "created", 1),
		"a time of no form":     strings.Replace(twoLocks, "2026-01-02T03:04:05Z", "yesterday", 1),
		"a number out of range": strings.Replace(twoLocks, "pid 17", "pid 99999999999999999999", 1),
		"more than are named":   strings.Replace(twoLocks, "2 lock(s)", "3 lock(s)", 1),
	} {
		if locks := metLocks(said); len(locks) > 0 {
			t.Errorf("%s: %+v, want nothing that could be cleared", what, locks)
		}
	}
}

func TestLockOfAnotherMachineIsWaitedForAWhile(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{opts: Options{Deadline: DefaultDeadline}, backend: "s3://user:hidden@bucket?region=eu-west-1"}
	code := func(l stackLock) tenants.Code { return tenants.CodeOf(e.held(PhaseUp, "tenant-acme", l)) }
	theirs := stackLock{PID: 1, Username: "me", Hostname: "elsewhere", Timestamp: time.Now(), path: "one"}
	if c := code(theirs); c != tenants.CodeConflict {
		t.Errorf("when it is met: %s", c)
	}
	e.met.first["tenant-acme"] = meeting{lock: "one", at: time.Now().Add(-elsewherePatience)}
	if c := code(theirs); c != tenants.CodeFailedPrecondition {
		t.Errorf("when it stays: %s", c)
	}
	mine := theirs
	mine.Hostname = host
	if c := code(mine); c != tenants.CodeConflict {
		t.Errorf("on this machine: %s", c)
	}
	theirs.path = "two"
	if c := code(theirs); c != tenants.CodeConflict {
		t.Errorf("when another is met: %s", c)
	}
	theirs.Timestamp = time.Now().Add(-DefaultDeadline - stopGrace - time.Minute)
	if c := code(theirs); c != tenants.CodeFailedPrecondition {
		t.Errorf("when it is older than a run can be: %s", c)
	}
	if text := e.held(PhaseUp, "tenant-acme", theirs).Error(); strings.Contains(text, "hidden") || !strings.Contains(text, "pulumi cancel --yes --stack organization/tenantform/tenant-acme") {
		t.Errorf("it says %q", text)
	}
}
