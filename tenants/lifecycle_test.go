package tenants_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"pgregory.net/rapid"
)

// allowed is the lifecycle written down a second time, as pairs; every pair that
// is not here is forbidden.
var allowed = []string{
	"->creating",
	"creating->active", "creating->create_failed",
	"create_failed->creating", "create_failed->deleting",
	"active->updating", "active->moving", "active->inactive", "active->deleting",
	"updating->active", "updating->update_failed",
	"update_failed->updating", "update_failed->deleting",
	"moving->active", "moving->move_failed",
	"move_failed->moving", "move_failed->deleting",
	"inactive->active", "inactive->deleting",
	"deleting->deleted", "deleting->delete_failed",
	"deleting->active", "deleting->inactive", "deleting->create_failed", "deleting->update_failed", "deleting->move_failed",
	"delete_failed->deleting",
}

func TestTransitionAllPairs(t *testing.T) {
	all := append([]tenants.Status{""}, tenants.Statuses()...)
	seen := 0
	for _, from := range all {
		for _, to := range append(slices.Clone(all), "nonsense") {
			pair := string(from) + "->" + string(to)
			err := tenants.Transition(from, to)
			if slices.Contains(allowed, pair) {
				seen++
				if err != nil {
					t.Errorf("%s: %v, want it allowed", pair, err)
				}
				if !slices.Contains(from.Next(), to) {
					t.Errorf("%s: Next gives %v without it", pair, from.Next())
				}
				continue
			}
			if tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
				t.Errorf("%s: %v, want %s", pair, err, tenants.CodeFailedPrecondition)
				continue
			}
			for _, next := range from.Next() {
				if !strings.Contains(err.Error(), string(next)) {
					t.Errorf("%s: %q does not name %s, which is allowed", pair, err, next)
				}
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d of %d allowed pairs were met", seen, len(allowed))
	}
}

func TestNextGivesACopy(t *testing.T) {
	tenants.StatusActive.Next()[0] = tenants.StatusDeleted
	if err := tenants.Transition(tenants.StatusActive, tenants.StatusDeleted); err == nil {
		t.Error("changing what Next gave changed the table")
	}
}

func TestStatusFailed(t *testing.T) {
	inProgress := map[tenants.Status]tenants.Status{
		tenants.StatusCreating: tenants.StatusCreateFailed, tenants.StatusUpdating: tenants.StatusUpdateFailed,
		tenants.StatusMoving: tenants.StatusMoveFailed, tenants.StatusDeleting: tenants.StatusDeleteFailed,
	}
	for _, s := range append(tenants.Statuses(), "") {
		want, running := inProgress[s]
		got, ok := s.Failed()
		if got != want || ok != running {
			t.Errorf("%q.Failed() = %q, %v, want %q, %v", s, got, ok, want, running)
		}
		if running && !slices.Contains(s.Next(), want) {
			t.Errorf("%s cannot go to %s", s, want)
		}
	}
}

// TestLifecycleWalks tries random statuses on a tenant, as careless callers
// would, and checks what must hold of any history that Transition let through.
func TestLifecycleWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := []tenants.Status{""}
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now := history[len(history)-1]
			to := rapid.SampledFrom(append(tenants.Statuses(), "")).Draw(t, "to")
			if tenants.Transition(now, to) == nil {
				history = append(history, to)
			}
		}
		for i, s := range history[1:] {
			before := history[i]
			_, wasRunning := before.Failed()
			_, running := s.Failed()
			switch {
			case before == tenants.StatusDeleted:
				t.Fatalf("%v: something follows deleted", history)
			case s == "":
				t.Fatalf("%v: a tenant lost its status", history)
			case wasRunning && running:
				t.Fatalf("%v: a second operation began while one ran", history)
			case strings.HasSuffix(string(s), "_failed") && !wasRunning:
				t.Fatalf("%v: %s without an operation that failed", history, s)
			case strings.HasSuffix(string(before), "_failed") && !running:
				t.Fatalf("%v: %s was left without a new try", history, before)
			case s == tenants.StatusDeleted && before != tenants.StatusDeleting:
				t.Fatalf("%v: deleted without a deletion", history)
			}
		}
		if len(history) > 1 && history[1] != tenants.StatusCreating {
			t.Fatalf("%v: a life that does not begin with creating", history)
		}
		if !reaches(history[len(history)-1], tenants.StatusDeleted) {
			t.Fatalf("%v: a tenant that can never be deleted", history)
		}
	})
}

func reaches(from, to tenants.Status) bool {
	seen := map[tenants.Status]bool{}
	todo := []tenants.Status{from}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		if s == to {
			return true
		}
		if !seen[s] {
			seen[s] = true
			todo = append(todo, s.Next()...)
		}
	}
	return false
}
