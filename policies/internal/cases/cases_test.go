package cases

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScore(t *testing.T) {
	var s Score
	for _, c := range []struct {
		says    string
		refused bool
	}{{Violates, true}, {Violates, true}, {Violates, false}, {Pass, true}, {Pass, false}} {
		one := Case{Says: c.says}.count(c.refused)
		if agrees := c.refused == (c.says == Violates); one.Violate()+one.Pass() != 1 || (one.Differ() == 0) != agrees {
			t.Errorf("%+v: %+v", c, one)
		}
		s.Add(one)
	}
	if s != (Score{2, 1, 1, 1}) || s.Violate() != 3 || s.Pass() != 2 || s.Differ() != 2 || s.Precision() != "0.667" || s.Recall() != "0.667" {
		t.Errorf("%+v: precision %s, recall %s", s, s.Precision(), s.Recall())
	}
	if none := (Score{TrueNegative: 1}); none.Precision() != "–" || none.Recall() != "–" {
		t.Errorf("of no violation: %s, %s", none.Precision(), none.Recall())
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("no case is no fault")
	}
	for text, want := range map[string]string{
		`{`:     "r.json",
		`[] []`: "follows",
		`[{"id": "A", "says": "pass", "case": "c", "why": "x"}]`:                         "why",
		`[{"id": "A", "says": "refuse", "case": "c"}]`:                                   "not complete",
		`[{"says": "pass", "case": "c"}]`:                                                "not complete",
		`[{"id": "A", "says": "pass"}]`:                                                  "not complete",
		`[{"id": "A", "says": "pass", "case": "c", "resources": [{"type": "aws:a:b"}]}]`: "name",
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "testdata", "independent"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "testdata", "independent", "r.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
