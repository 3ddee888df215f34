package conformance_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// unservedFile names the types that the emulator does not serve, each with a part
// of what it, or the provider on its behalf, says. A run fails when another type is
// refused, and when one of these no longer is.
const unservedFile = "testdata/unserved.json"

type unserved struct {
	mu   sync.Mutex
	want map[string]string // a part of what is said, by type
	seen map[string]bool
}

func readUnserved(t *testing.T) *unserved {
	t.Helper()
	u := &unserved{seen: map[string]bool{}}
	data, err := os.ReadFile(unservedFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &u.want); err != nil {
		t.Fatalf("%s: %v", unservedFile, err)
	}
	return u
}

// knows tells whether a type is known to be refused like this.
func (u *unserved) knows(typ, said string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	part, ok := u.want[typ]
	if !ok || !strings.Contains(said, part) {
		return false
	}
	u.seen[typ] = true
	return true
}

// over gives the types of the file that were not refused.
func (u *unserved) over() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(u.want)), func(typ string) bool { return u.seen[typ] })
}

// notImplementedPattern is how the emulator says that it has no such service,
// operation or parameter.
var notImplementedPattern = regexp.MustCompile(`(?i)not (yet )?(been )?implemented|NotImplemented|StatusCode: 501|UnknownOperation|InternalFailure`)

func notImplemented(said string) bool { return notImplementedPattern.MatchString(said) }

func TestUnservedIsReal(t *testing.T) {
	u := readUnserved(t)
	for typ, part := range u.want {
		if !strings.HasPrefix(typ, "aws:") || len(part) < 10 {
			t.Errorf("%s: %q is no type of AWS with a part of what is said", typ, part)
		}
	}
}
