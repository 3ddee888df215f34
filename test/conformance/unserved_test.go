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

// unservedFile names the types that the emulator does not serve. A run fails when
// another type is refused, when one of these no longer is, and when one is refused
// in another way: a call that is answered is one that the emulator knows.
const unservedFile = "testdata/unserved.json"

// refused says which call the emulator does not know, and how it shows: both are
// parts of what the provider says.
type refused struct {
	Call   string `json:"call"`   // "operation error", service and operation
	Answer string `json:"answer"` // of notImplementedPattern
}

type unserved struct {
	mu   sync.Mutex
	want map[string]refused // by type
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
	want, ok := u.want[typ]
	if !ok || !strings.Contains(said, want.Call) || !strings.Contains(said, want.Answer) || !notImplemented(said) {
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
	for typ, r := range u.want {
		if !strings.HasPrefix(typ, "aws:") || !strings.HasPrefix(r.Call, "operation error ") || !notImplemented(r.Answer) {
			t.Errorf("%s: %+v is no type of AWS with a call and an answer that says that it is not implemented", typ, r)
		}
		const mistake = "https response error StatusCode: 400, RequestID: 1, api error ValidationException: no such thing"
		if u.knows(typ, r.Call+", "+mistake) || u.knows(typ, "operation error S3: PutObject, "+r.Answer) || !u.knows(typ, r.Call+", "+r.Answer) {
			t.Errorf("%s: the wrong answers are excused", typ)
		}
	}
}
