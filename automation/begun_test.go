package automation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

const secretOf = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"`

// writeState writes a file backend's state with these lists.
func writeState(t *testing.T, path, resources, pending string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text := `{"version":3,"checkpoint":{"latest":{"resources":[` + resources + `],"pending_operations":[` + pending + `]}}}`
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLostCreations(t *testing.T) {
	const creating = `{"type":"creating","resource":{"urn":"u","type":"aws:t","inputs":{"name":"n","key":` + secretOf + `one"}}}}`
	old := `{"urn":"u","type":"aws:t","id":"1","inputs":{"name":"old"}}`
	done := `{"urn":"u","type":"aws:t","id":"2","inputs":{"name":"n","key":` + secretOf + `two"}}}`
	for _, tt := range []struct {
		name, begun, resources, pending string
		lost                            bool
	}{
		{"it is nowhere", creating, "", "", true},
		{"it is done", creating, done, "", false},
		{"it is done and marked for deletion", creating, strings.Replace(done, `"id"`, `"delete":true,"id"`, 1), "", true},
		{"it is still under way", creating, "", creating, false},
		{"what it replaces is there", creating, old, "", true},
		{"what it replaces was deleted", creating, strings.Replace(done, `"id"`, `"pendingReplacement":true,"id"`, 1), "", true},
		{"it was an update", strings.Replace(creating, "creating", "updating", 1), "", "", false},
		{"nothing was under way", "", "", "", false},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			dir := t.TempDir()
			s := &fileState{root: dir}
			begun := filepath.Join(dir, "begun")
			writeState(t, begun, "", tt.begun)
			writeState(t, s.stackFile("tenant-acme"), tt.resources, tt.pending)
			now, err := readState(s.stackFile("tenant-acme"))
			if err != nil {
				t.Fatal(err)
			}
			lost, err := now.lost(begun)
			if err != nil || len(lost) > 0 != tt.lost {
				t.Errorf("lost are %v, %v, want one: %v", lost, err, tt.lost)
			}
		})
	}
	if lost, err := (stateFile{}).lost(filepath.Join(t.TempDir(), "none")); err != nil || len(lost) > 0 {
		t.Errorf("without a kept state: %v, %v", lost, err)
	}
}

// What another stack has is not taken from it, whatever the Locator finds.
func TestWhatAnotherStackHasIsNotAdopted(t *testing.T) {
	s := &fileState{root: t.TempDir()}
	writeState(t, s.stackFile("tenant-other"), `{"urn":"v","type":"aws:t","id":"1","inputs":{"name":"n","key":`+secretOf+`one"}}}`, "")
	var hidden map[string]any
	if err := json.Unmarshal([]byte(secretOf+`two"}`), &hidden); err != nil {
		t.Fatal(err)
	}
	e := &Engine{state: s, opts: Options{Locator: finds("1")}}
	r := e.newRun(Stack{Name: "tenant-acme"})
	for _, tt := range []struct {
		inputs map[string]any
		found  bool
	}{
		{map[string]any{"name": "n", "key": hidden}, false},
		{map[string]any{"name": "n"}, true}, // of the same id, in another account
	} {
		var p pendingOperation
		p.Resource.URN, p.Resource.Type, p.Resource.Custom, p.Resource.Inputs = "u", "aws:t", true, tt.inputs
		if _, found, err := r.locate(t.Context(), p); err != nil || found != tt.found {
			t.Errorf("%v: found %v, %v, want %v", tt.inputs, found, err, tt.found)
		}
	}
}

// finds is a Locator that finds one resource, whatever is looked for.
type finds string

func (f finds) Locate(context.Context, string, map[string]any) (string, bool, error) {
	return string(f), true, nil
}

func TestAdopt(t *testing.T) {
	made := func() entry { return entry{"urn": json.RawMessage(`"u"`), "inputs": json.RawMessage(`{"a":1}`)} }
	other := json.RawMessage(`{"urn":"w","id":"9"}`)
	for _, tt := range []struct{ name, old, want string }{
		{"nothing of its name", "", `[{"urn":"w","id":"9"},{"id":"2","inputs":{"a":1},"outputs":{"a":1},"urn":"u"}]`},
		{"an old one that is there", `{"urn":"u","id":"1"}`, `[{"delete":true,"id":"1","urn":"u"},{"urn":"w","id":"9"},{"id":"2","inputs":{"a":1},"outputs":{"a":1},"urn":"u"}]`},
		{"an old one that was deleted", `{"urn":"u","id":"1","pendingReplacement":true}`, `[{"id":"2","inputs":{"a":1},"outputs":{"a":1},"urn":"u"},{"urn":"w","id":"9"}]`},
	} {
		list := []json.RawMessage{other}
		if tt.old != "" {
			list = []json.RawMessage{json.RawMessage(tt.old), other}
		}
		got, err := adopt(list, made(), "2")
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := json.Marshal(got); string(text) != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, text, tt.want)
		}
	}
}

// The relay does its part before a byte comes to the provider, and ends both
// sides together.
func TestRelay(t *testing.T) {
	provider, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Close() }()
	var told atomic.Bool
	came := make(chan string, 1)
	go func() {
		c, err := provider.Accept()
		if err != nil {
			return
		}
		buffer := make([]byte, 16)
		n, _ := c.Read(buffer)
		if !told.Load() {
			came <- "too early"
			return
		}
		_, _ = c.Write([]byte("answer"))
		_, err = c.Read(buffer) // until the CLI goes
		if !errors.Is(err, io.EOF) {
			came <- "no end: " + err.Error()
			return
		}
		came <- string(buffer[:n])
	}()
	_, port, _ := net.SplitHostPort(provider.Addr().String())
	relay, env, err := newRelay(t.Context(), "aws:"+port, func() { told.Store(true) })
	if err != nil {
		t.Fatal(err)
	}
	defer relay.close()
	name, at, _ := strings.Cut(env, ":")
	if name != "aws" || at == port {
		t.Errorf("the CLI is told %s", env)
	}
	cli, err := net.Dial("tcp", "127.0.0.1:"+at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cli.Write([]byte("request")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 6)
	if _, err := io.ReadFull(cli, answer); err != nil || string(answer) != "answer" {
		t.Errorf("the answer is %q, %v", answer, err)
	}
	_ = cli.Close()
	if got := <-came; got != "request" {
		t.Errorf("the provider got %q", got)
	}
	for _, bad := range []string{"", "aws", "aws:x", "aws:1,other"} {
		if _, _, err := newRelay(t.Context(), bad, func() {}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// An adopted resource has no outputs before it was read; a repair that is killed
// before that leaves a note for the next one.
func TestUnreadIsNoted(t *testing.T) {
	dir := t.TempDir()
	e := &Engine{leases: leases{dir: dir}}
	if urns, err := e.unread("s"); err != nil || len(urns) > 0 {
		t.Errorf("nothing was noted: %v, %v", urns, err)
	}
	if err := e.noteUnread("s", []string{"b", "a", "b"}); err != nil {
		t.Fatal(err)
	}
	if urns, err := e.unread("s"); err != nil || !slices.Equal(urns, []string{"a", "b"}) {
		t.Errorf("noted: %v, %v", urns, err)
	}
	if err := e.noteUnread("s", nil); err != nil {
		t.Fatal(err)
	}
	if urns, err := e.unread("s"); err != nil || len(urns) > 0 {
		t.Errorf("after it was read: %v, %v", urns, err)
	}
	if err := os.WriteFile(e.unreadPath("s"), []byte("[torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.unread("s"); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("a note that cannot be read: %v", err)
	}
}
