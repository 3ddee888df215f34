package localcloud

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tenantform/tenantform/tenants"
)

func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault Fault
		says  string // empty: the queue is made
		made  bool   // whether it is there afterwards
	}{
		{"any", Fault{}, "creating SQS Queue: InternalError", false},
		{"by token", Fault{Type: "aws:sqs/queue:Queue", Error: "Throttling: Rate exceeded"}, "Throttling: Rate exceeded", false},
		{"by short name", Fault{Type: "sqs.Queue"}, "InternalError", false},
		{"of another type", Fault{Type: "sns.Topic"}, "", true},
		{"by physical name", Fault{Name: "acme-*"}, "InternalError", false},
		{"by name in the program", Fault{Name: "thing"}, "InternalError", false},
		{"of another name", Fault{Name: "acme"}, "", true},
		{"of another operation", Fault{Operation: "delete"}, "", true},
		{"by id, after", Fault{Name: "https://sqs.eu-west-1.amazonaws.com/111111111111/acme-q", After: true}, "InternalError", true},
		{"the answer lost", Fault{Operation: "create", After: true, Error: "RequestTimeout"}, "RequestTimeout", true},
		{"only slow", Fault{Delay: time.Millisecond}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t)
			e := connect(t, c, nil)
			remove := c.Inject(tt.fault)
			_, _, err := e.create("sqs.Queue", object{"name": "acme-q"})
			if tt.says == "" && err != nil {
				t.Error(err)
			}
			if tt.says != "" {
				refused(t, err, tt.says)
			}
			found, err := c.Find("sqs.Queue", object{"name": "acme-q"})
			if err != nil || (len(found) == 1) != tt.made {
				t.Errorf("there are %d: %v", len(found), err)
			}
			remove()
			if !tt.made {
				e.must("sqs.Queue", object{"name": "acme-q"})
			}
		})
	}
}

func TestFaultStrikesSoOften(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	c.Inject(Fault{Operation: "create", Times: 2})
	for i := range 3 {
		if _, _, err := e.create("sqs.Queue", object{"name": "q"}); (err == nil) != (i == 2) {
			t.Errorf("try %d: %v", i, err)
		}
	}
}

// A hang ends when the caller goes, when the engine cancels, and when the cloud closes.
func TestHangEnds(t *testing.T) {
	for _, how := range []string{"context", "cancel", "close"} {
		t.Run(how, func(t *testing.T) {
			c := start(t)
			c.Inject(Fault{Hang: true})
			e := connect(t, c, nil)
			ctx, leave := context.WithCancel(e.ctx)
			defer leave()
			e.ctx = ctx
			done := make(chan error, 1)
			go func() {
				_, _, err := e.create("sqs.Queue", object{"name": "q"})
				done <- err
			}()
			select {
			case err := <-done:
				t.Fatalf("it did not hang: %v", err)
			case <-time.After(30 * time.Millisecond):
			}
			switch how {
			case "context":
				leave()
			case "cancel":
				if _, err := e.p.Cancel(e.ctx, &emptypb.Empty{}); err != nil {
					t.Fatal(err)
				}
			case "close":
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err := <-done:
				if err == nil {
					t.Error("the hanging creation succeeded")
				}
			case <-time.After(5 * time.Second):
				t.Fatal("it still hangs")
			}
		})
	}
}

func TestFaultsFile(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(c.store.dir, faultsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"type": "sqs.Queue", "operation": "create", "error": "Throttling", "delay": "1ms"}]`)
	_, _, err := e.create("sqs.Queue", object{"name": "q"})
	refused(t, err, "creating SQS Queue: Throttling")
	write(`[{"type": "sqs.Queue", "opperation": "create"}]`)
	_, _, err = e.create("sqs.Queue", object{"name": "q"})
	refused(t, err, "opperation")
	write(`[]`)
	e.must("sqs.Queue", object{"name": "q"})
	if err := os.Remove(filepath.Join(c.store.dir, faultsFile)); err != nil {
		t.Fatal(err)
	}
	e.must("sqs.Queue", object{"name": "q2"})
}

// A preview makes nothing, fails for no fault, and leaves out what is not known.
func TestPreview(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	c.Inject(Fault{Operation: "create"})
	r, err := e.p.Create(e.ctx, &pulumirpc.CreateRequest{Urn: urnOf(c, "sqs.Queue"), Properties: e.props(object{"name": "q", "tags": object{"a": "b"}}), Preview: true})
	if err != nil || r.Id != "" {
		t.Fatal(r, err)
	}
	state := r.Properties.AsMap()
	if state["arn"] != nil || state["name"] != "q" || state["visibilityTimeoutSeconds"] != 30.0 || state["tagsAll"] == nil {
		t.Errorf("the preview gives %v", state)
	}
	if all, err := c.Resources(); err != nil || len(all) != 0 {
		t.Errorf("the preview made %v %v", all, err)
	}
	u, err := e.p.Update(e.ctx, &pulumirpc.UpdateRequest{Urn: urnOf(c, "lambda.Function"), Id: "f", Preview: true,
		Olds: e.props(object{"name": "f", "arn": "arn:x", "version": "1"}), News: e.props(object{"name": "f", "timeout": 9})})
	if err != nil {
		t.Fatal(err)
	}
	if state := u.Properties.AsMap(); state["arn"] != "arn:x" || state["version"] != nil || state["timeout"] != 9.0 {
		t.Errorf("the preview of an update gives %v", state)
	}
}

func TestFaultsFileIsReadAtTheStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, faultsFile)
	if err := os.WriteFile(path, []byte("{bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Start(t.Context(), dir, nil); tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), path) {
		t.Errorf("a broken faults.json: %v, %v; want invalid, naming it", c, err)
	}
}
