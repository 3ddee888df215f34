package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/filestore"
)

// asCommand makes the test binary be the command, for tests of what only a
// process has: signals.
const asCommand = "TENANTFORM_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv("TENANTFORM_PULUMI") == "" {
		if built, err := filepath.Abs("../../bin/pulumi"); err == nil && exists(built) {
			_ = os.Setenv("TENANTFORM_PULUMI", built)
		}
	}
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// answer is what a command came to.
type answer struct {
	code        int
	out, errors string
}

// command runs the command in this process, in a directory of its own.
func command(t *testing.T, dir string, args ...string) answer {
	t.Helper()
	return commandIn(t, dir, "", nil, args...)
}

func commandIn(t *testing.T, dir, stdin string, env []string, args ...string) answer {
	t.Helper()
	var out, errs bytes.Buffer
	env = append([]string{"TENANTFORM_DIR=" + dir, "TENANTFORM_INITIATOR=tester", "TENANTFORM_DIRECT=true"}, env...)
	code := run(context.Background(), args, strings.NewReader(stdin), &out, &errs, env)
	return answer{code: code, out: out.String(), errors: errs.String()}
}

// must runs a command that has to succeed.
func must(t *testing.T, dir string, args ...string) answer {
	t.Helper()
	a := command(t, dir, args...)
	if a.code != exitDone {
		t.Fatalf("tenantform %s: exit code %d\n%s%s", strings.Join(args, " "), a.code, a.out, a.errors)
	}
	return a
}

// decode reads the one JSON document of an answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(a.out))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("standard output is no JSON: %v\n%s", err, a.out)
	}
	if dec.More() {
		t.Fatalf("standard output holds more than one JSON document:\n%s", a.out)
	}
	return v
}

// tree gives a text that changes with any file below the directories.
func tree(t *testing.T, dirs ...string) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s %s", path, e.Type())
			if e.Type().IsRegular() {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				sum := sha256.Sum256(data)
				b.WriteString(" " + hex.EncodeToString(sum[:]))
			}
			b.WriteByte('\n')
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return b.String()
}

// write makes a file with its directories.
func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// settled puts an active pooled tenant into a directory's store.
func settled(t *testing.T, dir, id string) {
	t.Helper()
	store, err := filestore.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Create(t.Context(), tenants.Tenant{
		ID: id, Name: "Acme Ltd", AdminEmail: "ops@acme.example", Tier: "standard", Region: "eu-west-1", CostCenter: id,
		Status: tenants.StatusActive, Placements: []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
