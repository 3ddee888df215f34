package spool

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/driver"
	"gocloud.dev/pubsub/drivertest"

	"github.com/tenantform/tenantform/internal/killtest"
)

// harness lets the driver pass the suite that every driver of gocloud.dev passes.
type harness struct {
	dir string
	n   int
}

func (h *harness) CreateTopic(_ context.Context, name string) (driver.Topic, func(), error) {
	h.n++
	dir := filepath.Join(h.dir, strings.ReplaceAll(name, "/", "-")+strconv.Itoa(h.n))
	t := &topic{dir: dir}
	return t, func() {}, os.MkdirAll(filepath.Join(dir, temporary), 0o700)
}

func (h *harness) MakeNonexistentTopic(context.Context) (driver.Topic, error) {
	return &topic{dir: filepath.Join(h.dir, "missing")}, nil
}

func (h *harness) CreateSubscription(_ context.Context, t driver.Topic, _ string) (driver.Subscription, func(), error) {
	h.n++
	var of *topic
	if !t.As(&of) {
		return nil, nil, errors.New("another driver's topic")
	}
	name := "s" + strconv.Itoa(h.n)
	if err := makeSubscription(of.dir, name); err != nil {
		return nil, nil, err
	}
	s, err := newSubscription(of.dir, name, nil)
	return s, func() {}, err
}

func (h *harness) MakeNonexistentSubscription(context.Context) (driver.Subscription, func(), error) {
	return &subscription{dir: filepath.Join(h.dir, "missing", "s"), holder: newID(), held: map[string]fileName{}}, func() {}, nil
}

func (*harness) Close()                              {}
func (*harness) MaxBatchSizes() (int, int)           { return 0, 0 }
func (*harness) SupportsMultipleSubscriptions() bool { return true }

func TestConformance(t *testing.T) {
	drivertest.RunConformanceTests(t, func(_ context.Context, t *testing.T) (drivertest.Harness, error) {
		return &harness{dir: t.TempDir()}, nil
	}, nil)
}

func open(t *testing.T, dir, name string, opts *Options) *pubsub.Subscription {
	t.Helper()
	s, err := OpenSubscription(dir, name, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, dir string, bodies ...string) {
	t.Helper()
	to, err := OpenTopic(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		if err := to.Send(t.Context(), &pubsub.Message{Body: []byte(b)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, s *pubsub.Subscription) *pubsub.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	m, err := s.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestKilledReceiver takes messages in another process and kills it.
func TestKilledReceiver(t *testing.T) {
	if dir := os.Getenv("SPOOL_TEST_DIR"); dir != "" {
		m := receive(t, open(t, dir, "a", nil))
		fmt.Printf("has %s\n", m.Body)
		time.Sleep(time.Hour)
	}
	dir := t.TempDir()
	s := open(t, dir, "a", nil)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	send(t, dir, "one")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledReceiver$")
	child.Env = append(os.Environ(), "SPOOL_TEST_DIR="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("has one\n"))
	if _, err := out.Read(line); err != nil || string(line) != "has one\n" {
		t.Fatalf("%q, %v", line, err)
	}
	s = open(t, dir, "a", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if m, err := s.Receive(ctx); err == nil {
		t.Fatalf("%s is delivered while its receiver lives", m.Body)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the receiver ended by itself")
	}
	m := receive(t, s)
	if string(m.Body) != "one" {
		t.Errorf("%s", m.Body)
	}
	m.Ack()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "a", 0, 0)
}

func wantFiles(t *testing.T, dir, name string, live, dead int) {
	t.Helper()
	count := func(part string) int {
		entries, err := os.ReadDir(filepath.Join(dir, name, part))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := count(readyDir) + count(leasedDir); n != live || count(deadDir) != dead || count(holdersDir) != 0 {
		t.Errorf("%d live, %d dead, %d holders; want %d, %d, 0", n, count(deadDir), count(holdersDir), live, dead)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, temporary)); err != nil || len(entries) != 0 {
		t.Errorf("temporary files stay: %v, %v", entries, err)
	}
}

func TestMessagesOutliveProcesses(t *testing.T) {
	dir := t.TempDir()
	gone := killtest.Leave(t, filepath.Join(dir, temporary), fileName{id: newID()}.String())
	to, err := OpenTopic(dir, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	gone()
	if err := to.Send(t.Context(), &pubsub.Message{Body: []byte("x"), Metadata: map[string]string{"kind": "create"}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		s := open(t, dir, name, nil)
		m := receive(t, s)
		if string(m.Body) != "x" || m.Metadata["kind"] != "create" {
			t.Errorf("%s got %q %v", name, m.Body, m.Metadata)
		}
		if name == "a" {
			m.Ack()
		} // b does not, and closes
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantFiles(t, dir, "a", 0, 0)
	wantFiles(t, dir, "b", 1, 0)
}

func TestOldestFirstAndSetAside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, "a", &Options{MaxDeliveries: 3})
	var want, got []string
	for i := range 20 {
		want = append(want, strconv.Itoa(i))
	}
	send(t, dir, want...)
	for range want {
		m := receive(t, s)
		got = append(got, string(m.Body))
		m.Ack()
	}
	if !slices.Equal(got, want) {
		t.Errorf("in the order %v", got)
	}
	send(t, dir, "poison")
	for range 3 {
		receive(t, s).Nack()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if m, err := s.Receive(ctx); err == nil {
		t.Errorf("%s is delivered a fourth time", m.Body)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "a", 0, 1)
}

func TestDamagedFileIsSetAside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, "a", nil)
	path := filepath.Join(dir, "a", readyDir, fileName{at: 1e18, id: newID()}.String())
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	send(t, dir, "after")
	m := receive(t, s)
	if string(m.Body) != "after" {
		t.Errorf("%q", m.Body)
	}
	m.Ack()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "a", 0, 1)
}

// TestManyReceivers gives 200 messages to four receivers: each message once.
func TestManyReceivers(t *testing.T) {
	dir := t.TempDir()
	var receivers []*pubsub.Subscription
	for range 4 {
		receivers = append(receivers, open(t, dir, "a", nil))
	}
	const n = 200
	to, err := OpenTopic(dir)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := to.Send(t.Context(), &pubsub.Message{Body: []byte(strconv.Itoa(i))}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	for _, s := range receivers {
		group.Go(func() {
			for {
				m, err := s.Receive(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				seen[string(m.Body)]++
				if len(seen) == n {
					cancel()
				}
				mu.Unlock()
				m.Ack()
			}
		})
	}
	group.Wait()
	if len(seen) != n {
		t.Errorf("%d of %d messages arrived", len(seen), n)
	}
	for body, times := range seen {
		if times != 1 {
			t.Errorf("%s came %d times", body, times)
		}
	}
	for _, s := range receivers {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wantFiles(t, dir, "a", 0, 0)
}

func TestNobodyListens(t *testing.T) {
	to, err := OpenTopic(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Send(t.Context(), &pubsub.Message{Body: []byte("x")}); gcerrors.Code(err) != gcerrors.FailedPrecondition {
		t.Errorf("%v", err)
	}
}

func TestURLs(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"spool://" + dir + "/t?subscriptions=a,b": "",
		"spool://host/t": "names no directory",
		"spool:t":        "names no directory",
		"spool://" + dir + "/t?subscriptions=../x":                   "no name of a subscription",
		"spool://" + dir + "/t?color=red":                            "color is not known",
		"spool://" + dir + "/t?subscription=a&lease=1m&deliveries=2": "",
		"spool://" + dir + "/t?subscription=a&lease=-1m":             "lease is",
		"spool://" + dir + "/t?subscription=a&deliveries=none":       "deliveries is",
		"spool://" + dir + "/t?subscription=":                        "names no subscription",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "subscription=") {
			_, err = OpenSubscriptionURL(u)
		} else {
			_, err = OpenTopicURL(u)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, path := range []string{dir + "/t", dir + "/t/a", dir + "/t/b/ready"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}
