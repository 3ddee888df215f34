package blueprints_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/blueprints"
)

// TestEnvironmentsAreAsTheyWere compares what components make in dev and in
// production with the committed comparison; go generate writes it anew.
func TestEnvironmentsAreAsTheyWere(t *testing.T) {
	want, err := os.ReadFile("testdata/environments.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := blueprints.Environments("testdata/code")
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for _, line := range is {
		if !slices.Contains(was, line) {
			t.Errorf("new:  %s", line)
		}
	}
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("gone: %s", line)
		}
	}
	if !t.Failed() && got != string(want) {
		t.Error("the order is another one")
	}
	if t.Failed() {
		t.Log("where it is meant: go generate ./internal/blueprints")
	}
}

// TestProductionIsStricter names what production has to have over dev.
func TestProductionIsStricter(t *testing.T) {
	want := map[string][]string{
		"silo.Silo":         {"table: deletion protection", "users: deletion protection", "log: kept for a year or more", "key: 30 days before it is deleted"},
		"database.Database": {"cluster: deletion protection", "cluster: backups for 30 days or more", "log: kept for a year or more"},
		"function.Function": {"log: kept for a year or more"},
		"network.Network":   {"log: kept for a year or more"},
		"encryption.Key":    {"key: 30 days before it is deleted"},
	}
	for _, b := range blueprints.All() {
		e, err := b.Enforced("testdata/code")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want[b.Name()] {
			if !slices.Contains(e.Production, w) {
				t.Errorf("%s does not show in production alone: %s; it shows %q", b.Name(), w, e.Production)
			}
		}
		delete(want, b.Name())
	}
	if len(want) > 0 {
		t.Errorf("not in the catalogue: %v", want)
	}
}

// TestSecureByDefault names what a minimal sample in dev has to have.
func TestSecureByDefault(t *testing.T) {
	want := map[string][]string{
		"bucket.Bucket":                 {"bucket: public access blocked", "bucket: TLS only", "bucket: encrypted", "bucket: no ACLs", "bucket: versioned"},
		"queueworker.Worker":            {"queue: TLS only", "queue: dead letters", "function: only failed messages are retried", "alarms", "bucket: TLS only"},
		"topic.Topic":                   {"topic: customer managed key", "topic: TLS only"},
		"tenantfunction.TenantFunction": {"role: everything else denied", "security group: lets nothing out", "function: one principal may invoke it"},
		"network.Network":               {"network: flow logs of all traffic", "network: default security group closed", "network: no public addresses"},
		"data.Table":                    {"table: customer managed key", "table: restorable to any second"},
		"database.Database":             {"cluster: customer managed key", "cluster: IAM authentication", "cluster: no public address"},
		"identity.UserPool":             {"users: multi-factor sign-in", "users: no client writes tenant or platform id"},
	}
	for _, b := range blueprints.All() {
		e, err := b.Enforced("testdata/code")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want[b.Name()] {
			if !slices.Contains(e.Always, w) && !slices.Contains(e.Relaxable, w) {
				t.Errorf("the minimal %s does not show: %s; it shows %q, and %q unless they are taken away", b.Name(), w, e.Always, e.Relaxable)
			}
		}
		delete(want, b.Name())
	}
	if len(want) > 0 {
		t.Errorf("not in the catalogue: %v", want)
	}
}
