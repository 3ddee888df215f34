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

	"github.com/tenantform/tenantform/automation/plan"
)

// unservedFile names the types that the emulator does not serve, each with a part
// of what it, or the provider on its behalf, says. A run fails when another type is
// refused, and when one of these no longer is.
const unservedFile = "testdata/unserved.json"

type unserved struct {
	mu   sync.Mutex
	want map[string]string // a part of what is said, by type
	seen map[string]bool
	// forgets are the properties that the emulator takes and does not give back, or
	// gives back changed, by type: the provider sees a difference in them every time.
	forgets map[string][]string
	forgot  map[string]map[string]bool
}

// forgetsFile names the properties that the emulator forgets. It is held to the run
// in both directions too.
const forgetsFile = "testdata/forgets.json"

func readUnserved(t *testing.T) *unserved {
	t.Helper()
	u := &unserved{seen: map[string]bool{}, forgot: map[string]map[string]bool{}}
	for name, into := range map[string]any{unservedFile: &u.want, forgetsFile: &u.forgets} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return u
}

// excuses tells whether a change is due to what the emulator is known to forget, and
// to nothing else but tags.
func (u *unserved) excuses(c plan.Resource) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed := slices.DeleteFunc(slices.Clone(c.Changed), func(path string) bool { return strings.HasPrefix(path, "tags") })
	if len(changed) == 0 {
		return false
	}
	for _, path := range changed {
		if !slices.Contains(u.forgets[c.Type], path) {
			return false
		}
	}
	if u.forgot[c.Type] == nil {
		u.forgot[c.Type] = map[string]bool{}
	}
	for _, path := range changed {
		u.forgot[c.Type][path] = true
	}
	return true
}

// remembered gives the properties of forgetsFile that were not forgotten.
func (u *unserved) remembered() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var found []string
	for typ, paths := range u.forgets {
		for _, path := range paths {
			if !u.forgot[typ][path] {
				found = append(found, typ+" "+path)
			}
		}
	}
	slices.Sort(found)
	return found
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
var notImplementedPattern = regexp.MustCompile(`(?i)not (yet )?(been )?implemented|NotImplemented|StatusCode: 50[01]|UnknownOperation|InternalFailure|invalid character '<'`)

func notImplemented(said string) bool { return notImplementedPattern.MatchString(said) }

func TestUnservedIsReal(t *testing.T) {
	u := readUnserved(t)
	for typ, part := range u.want {
		if !strings.HasPrefix(typ, "aws:") || len(part) < 10 {
			t.Errorf("%s: %q is no type of AWS with a part of what is said", typ, part)
		}
	}
}
