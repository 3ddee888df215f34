package automation_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/mototest"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// bucket is one of the emulator's; it looks at no signature.
type bucket struct {
	t    testing.TB
	root string // its URL
	url  string // as a backend
}

func newBucket(t *testing.T, emulator, name string) bucket {
	t.Helper()
	b := bucket{t: t, root: emulator + "/" + name, url: "s3://" + name + "?endpoint=" + emulator + "&s3ForcePathStyle=true&region=" + mototest.Region}
	b.do(http.MethodPut, "", `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>`+mototest.Region+`</LocationConstraint></CreateBucketConfiguration>`)
	return b
}

func (b bucket) do(method, path, body string) string {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.root+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=testing/20260101/"+mototest.Region+"/s3/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 && res.StatusCode != http.StatusNotFound {
		b.t.Fatalf("%s %s: %s, %v, %s", method, path, res.Status, err, data)
	}
	return string(data)
}

// keys gives the names of the objects that begin so.
func (b bucket) keys(prefix string) []string {
	b.t.Helper()
	var list struct {
		Keys []string `xml:"Contents>Key"`
	}
	if err := xml.Unmarshal([]byte(b.do(http.MethodGet, "?list-type=2&prefix="+url.QueryEscape(prefix), "")), &list); err != nil {
		b.t.Fatal(err)
	}
	return list.Keys
}

const bucketLocks = ".pulumi/locks/organization/tenantform/tenant-acme/"

func (b bucket) locks() []string { return b.keys(bucketLocks) }

// owner gives the process of the only lock; 0 where there is none.
func (b bucket) owner() int {
	b.t.Helper()
	keys := b.locks()
	if len(keys) != 1 {
		return 0
	}
	var lock struct {
		PID int `json:"pid"`
	}
	_ = json.Unmarshal([]byte(b.do(http.MethodGet, "/"+keys[0], "")), &lock) // released since: not JSON
	return lock.PID
}

// lock puts somebody's lock there in the place of all others.
func (b bucket) lock(host string, pid int, since time.Time) {
	b.t.Helper()
	for _, key := range b.locks() {
		b.do(http.MethodDelete, "/"+key, "")
	}
	note, err := json.Marshal(map[string]any{"pid": pid, "username": "some@body", "hostname": host, "timestamp": since})
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(http.MethodPut, "/"+bucketLocks+"6f1b7a52-0000-4000-8000-000000000000.json", string(note))
}

func (b bucket) rig(t *testing.T) rig {
	return newRig(t, "", allow{}, func(o *automation.Options) { o.BackendURL, o.Pass = b.url, automation.AWSEnvironment() })
}

// killed brings the stack up, and kills the CLI with SIGKILL when it is at the fault.
func (b bucket) killed(t *testing.T, r rig, fault localcloud.Fault, run func() error) {
	t.Helper()
	remove := r.cloud.Inject(fault)
	failed := make(chan error, 1)
	go func() { failed <- run() }()
	under := regexp.MustCompile(`"type": *"(creating|deleting)"`)
	testtime.Until(t, "the fault", func() bool {
		state := b.do(http.MethodGet, "/.pulumi/stacks/tenantform/tenant-acme.json", "")
		_, pending, _ := strings.Cut(state, `"pending_operations"`)
		return strings.Contains(pending, fault.Type) && under.MatchString(pending)
	})
	time.Sleep(300 * time.Millisecond)
	pid := b.owner()
	if pid <= 0 || pid == os.Getpid() {
		t.Fatalf("the stack is locked by process %d, want the CLI", pid)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Fatal("a killed run reported success")
	}
	remove()
	if len(b.locks()) != 1 {
		t.Fatalf("the kill left the locks %v, want the one that the test is about", b.locks())
	}
}

func TestStateInABucket(t *testing.T) {
	emulator := mototest.Start(t)
	for i, point := range cutOffPoints[2:4] {
		t.Run(strings.ReplaceAll(point.name, " ", "_"), func(t *testing.T) {
			b := newBucket(t, emulator, "up-"+strconv.Itoa(i))
			r := b.rig(t)
			b.killed(t, r, point.fault, func() error { _, err := r.Up(t.Context(), sample("acme", 30)); return err })
			res := r.up(sample("acme", 30))
			if res.Repair == nil || res.Repair.Locks != 1 {
				t.Errorf("the next run mended %+v, want one dead lock", res.Repair)
			}
			if adopted := res.Repair != nil && len(res.Repair.Adopted) > 0; adopted != point.fault.After {
				t.Errorf("adopted is %v, want %v: %+v", adopted, point.fault.After, res.Repair)
			}
			r.whole(sampleSize)
			again := r.up(sample("acme", 30))
			wantChanges(t, "the run after", again.Changes, nil)
			if again.Repair != nil {
				t.Errorf("there was still something to mend: %+v", again.Repair)
			}
			b.gone(t, r)
		})
	}
	t.Run("in_a_destroy", func(t *testing.T) {
		b := newBucket(t, emulator, "destroy")
		r := b.rig(t)
		r.up(sample("acme", 30))
		fault := localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "delete", Hang: true, After: true}
		b.killed(t, r, fault, func() error {
			_, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"})
			return err
		})
		b.gone(t, r)
	})
	t.Run("of_another_machine", func(t *testing.T) {
		b := newBucket(t, emulator, "elsewhere")
		r := b.rig(t)
		b.killed(t, r, cutOffPoints[3].fault, func() error { _, err := r.Up(t.Context(), sample("acme", 30)); return err })
		b.lockedElsewhere(t, r)
	})
	t.Run("of_a_stack_that_there_is_not", func(t *testing.T) {
		b := newBucket(t, emulator, "none")
		r := b.rig(t)
		gone := exec.Command("true")
		host, err := os.Hostname()
		if err := errors.Join(err, gone.Run()); err != nil {
			t.Fatal(err)
		}
		b.lock(host, gone.Process.Pid, time.Now())
		_, err = r.Up(t.Context(), sample("acme", 30))
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), "remove s3://none/"+b.locks()[0]) {
			t.Errorf("up: %v, want failed_precondition that names the lock", err)
		}
	})
	t.Run("of_somebody_alive", func(t *testing.T) {
		b := newBucket(t, emulator, "alive")
		r := b.rig(t)
		r.up(sample("acme", 30))
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		b.lock(host, os.Getpid(), time.Now().Add(time.Second))
		_, err = r.Up(t.Context(), sample("acme", 60))
		f, _ := errors.AsType[*automation.Failure](err)
		if tenants.CodeOf(err) != tenants.CodeConflict || f == nil || f.Elsewhere || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
			t.Errorf("up: %v, want a conflict with the process", err)
		}
		if len(b.locks()) != 1 {
			t.Error("a live lock was cleared")
		}
	})
}

// gone destroys the stack, and sees that nothing of it is left.
func (b bucket) gone(t *testing.T, r rig) {
	t.Helper()
	if _, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"}); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if all, err := r.cloud.Resources(); err != nil || len(all) > 0 {
		t.Errorf("the cloud still has %v, %v", all, err)
	}
	if stacks, err := r.Stacks(t.Context()); err != nil || len(stacks) > 0 {
		t.Errorf("the bucket still has the stacks %v, %v", stacks, err)
	}
	if locks := b.keys(".pulumi/locks/"); len(locks) > 0 {
		t.Errorf("locks are left: %v", locks)
	}
}

// lockedElsewhere is told of an update that was cut off, or is under way, on
// another machine: nothing is touched until somebody does what the error says.
func (b bucket) lockedElsewhere(t *testing.T, r rig) {
	t.Helper()
	b.lock("elsewhere", 4711, time.Now().Add(-time.Hour))
	before, err := r.cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	stack := automation.Stack{Name: "tenant-acme"}
	var said string
	for what, do := range map[string]func() error{
		"up":      func() error { _, err := r.Up(t.Context(), sample("acme", 30)); return err },
		"destroy": func() error { _, err := r.Destroy(t.Context(), stack); return err },
		"refresh": func() error { _, err := r.Refresh(t.Context(), stack); return err },
		"repair":  func() error { _, err := r.Repair(t.Context(), stack); return err },
	} {
		err := do()
		f, ok := errors.AsType[*automation.Failure](err)
		if tenants.CodeOf(err) != tenants.CodeConflict || !ok || !f.Elsewhere {
			t.Fatalf("%s: %v, want a conflict with somebody elsewhere", what, err)
		}
		said = err.Error()
		for _, want := range []string{"tenant-acme", "some@body@elsewhere", "process 4711", time.Now().Add(-time.Hour).Format(time.DateOnly), "pulumi cancel"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q lacks %q", what, said, want)
			}
		}
	}
	if _, err := r.Drift(t.Context(), stack, 0); tenants.CodeOf(err) != tenants.CodeConflict {
		t.Errorf("drift: %v, want a conflict", err)
	}
	after, err := r.cloud.Resources()
	if err != nil || len(after) != len(before) || len(b.locks()) != 1 {
		t.Fatalf("the cloud has %d resources and not %d, and the stack the locks %v: %v", len(after), len(before), b.locks(), err)
	}
	b.lock("elsewhere", 4711, time.Now().Add(-3*time.Hour))
	if _, err := r.Repair(t.Context(), stack); tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), "some@body@elsewhere") {
		t.Errorf("a lock that is older than a run can be: %v, want failed_precondition", err)
	}
	command := regexp.MustCompile(`run "(PULUMI_BACKEND_URL=.*?)" and then`).FindStringSubmatch(said)
	if command == nil {
		t.Fatalf("%q names no command", said)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command[1]) //nolint:gosec // it is what the error says
	cmd.Dir = t.TempDir()
	cmd.Env = slices.Concat(os.Environ(), []string{
		"PATH=" + filepath.Dir(pulumiCLI(t).Path) + string(os.PathListSeparator) + os.Getenv("PATH"), "PULUMI_HOME=" + t.TempDir(), "PULUMI_SKIP_UPDATE_CHECK=true",
	})
	if out, err := cmd.CombinedOutput(); err != nil || len(b.locks()) != 0 {
		t.Fatalf("%s: %v, %s; locks %v", command[1], err, out, b.locks())
	}
	if res := r.up(sample("acme", 30)); res.Repair == nil || len(res.Repair.Adopted) != 1 || res.Repair.Locks != 0 {
		t.Errorf("mended %+v, want the network adopted", res.Repair)
	}
	r.whole(sampleSize)
	b.gone(t, r)
}

// TestStateInABucketWithAKey has secrets in the state under a key of KMS, and no
// file of a run in common with the next one.
func TestStateInABucketWithAKey(t *testing.T) {
	emulator := mototest.Start(t)
	b := newBucket(t, emulator, "secret")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, emulator, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "TrentService.CreateKey")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=testing/20260101/"+mototest.Region+"/kms/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made struct{ KeyMetadata struct{ KeyId string } }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.KeyMetadata.KeyId == "" {
		t.Fatalf("no key: %s, %v", res.Status, err)
	}
	secret := func(text string) automation.Stack {
		return automation.Stack{Name: "tenant-acme", Program: func(ctx *pulumi.Context) error {
			ctx.Export("password", pulumi.ToSecret(pulumi.String(text)))
			return nil
		}}
	}
	for _, text := range []string{"the first", "the second"} {
		r := newRig(t, "", allow{}, func(o *automation.Options) {
			o.BackendURL, o.Pass = b.url, automation.AWSEnvironment()
			o.Secrets = "awskms:///" + made.KeyMetadata.KeyId + "?region=" + mototest.Region
		})
		r.up(secret(text))
		out, err := r.Outputs(t.Context(), "tenant-acme")
		if err != nil || out["password"] != (automation.Output{Value: text, Secret: true}) {
			t.Fatalf("outputs: %v, %v", out, err)
		}
		if state := b.do(http.MethodGet, "/.pulumi/stacks/tenantform/tenant-acme.json", ""); strings.Contains(state, text) || !strings.Contains(state, "awskms") {
			t.Errorf("the state is not under the key: %s", state)
		}
	}
}
