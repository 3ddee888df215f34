package iamgrammar

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed vocabulary.json
var vocabularyJSON []byte

// words are the vocabulary: what AWS itself uses.
type words struct {
	From          string              `json:"from"`
	Actions       map[string][]string `json:"actions"`
	ConditionKeys []string            `json:"conditionKeys"`
}

var vocabulary = sync.OnceValue(func() words {
	var w words
	if err := json.Unmarshal(vocabularyJSON, &w); err != nil {
		panic("iamgrammar: vocabulary.json: " + err.Error()) // it is embedded and tested
	}
	return w
})

// Source says where the vocabulary comes from.
func Source() string { return vocabulary().From }

// more are actions that the Service Authorization Reference lists and that
// neither AWS's managed policies nor its API models name.
func more() []string {
	return []string{"lambda:InvokeFunctionUrl", "s3:BypassGovernanceRetention", "s3:PutObjectLegalHold"}
}

// unknownAction says what is wrong with an action; "" when it is known. A pattern
// is known when it matches an action.
func unknownAction(action string) string {
	if action == "*" {
		return ""
	}
	service, name, found := strings.Cut(action, ":")
	if !found {
		return fmt.Sprintf("%q is no action; it has the form service:Action", action)
	}
	names, known := vocabulary().Actions[service]
	if !known {
		return fmt.Sprintf("there is no service %q in the vocabulary, of the action %s", service, action)
	}
	if len(names) == 0 && name != "*" {
		return fmt.Sprintf("the vocabulary has no actions of %s, of the action %s", service, action)
	}
	if name == "*" || slices.Contains(names, name) || slices.Contains(more(), action) {
		return ""
	}
	if strings.ContainsAny(name, "*?") && slices.ContainsFunc(names, func(n string) bool { ok, err := path.Match(name, n); return err == nil && ok }) {
		return ""
	}
	return fmt.Sprintf("there is no action %s in the vocabulary", action)
}

func knownKey(key string) bool {
	same := func(k string) bool { return strings.EqualFold(k, key) } // keys are not case-sensitive
	service, name, _ := strings.Cut(key, ":")
	if service == "kms" && strings.HasPrefix(name, "EncryptionContext:") {
		return true // the rest is the caller's own word
	}
	return slices.ContainsFunc(vocabulary().ConditionKeys, same) || slices.ContainsFunc(keys(), same)
}
