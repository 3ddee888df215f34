package iamgrammar

import (
	"slices"
	"strings"
	"testing"
)

// TestRowsAreOfTheVocabulary checks the table of resources against the vocabulary:
// what a person wrote against what AWS uses.
func TestRowsAreOfTheVocabulary(t *testing.T) {
	var types []string
	for _, f := range forms() {
		types = append(types, f[0]+" "+f[1])
	}
	seen := map[string]bool{}
	for _, row := range rows() {
		for _, typ := range strings.Split(row[0], ",") {
			if typ != "" && !slices.Contains(types, typ) {
				t.Errorf("there is no form of %q", typ)
			}
		}
		for action := range strings.FieldsSeq(row[1]) {
			if problem := unknownAction(action); problem != "" {
				t.Error(problem)
			}
			if seen[action] {
				t.Errorf("%s has two rows", action)
			}
			seen[action] = true
		}
	}
	for _, key := range keys() {
		service, _, _ := strings.Cut(key, ":")
		if _, ok := vocabulary().Actions[service]; !ok && service != "aws" {
			t.Errorf("the condition key %s is of no service in the vocabulary", key)
		}
	}
}

func TestVocabularyIsLarge(t *testing.T) {
	w := vocabulary()
	if w.From == "" || len(w.Actions) < 35 || len(w.Actions["s3"]) < 150 || len(w.Actions["ec2"]) < 700 || len(w.ConditionKeys) < 100 {
		t.Errorf("%d services, %d actions of s3, %d of ec2, %d condition keys, from %q",
			len(w.Actions), len(w.Actions["s3"]), len(w.Actions["ec2"]), len(w.ConditionKeys), w.From)
	}
}
