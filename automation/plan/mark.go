package plan

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The engine's forms of unknown and secret values, as sdk/go/common/resource/plugin
// (rpc.go) and sdk/go/common/resource (sig) of the Pulumi SDK define them.
const (
	signatureKey    = "4dabf18193072939515e22adb298388d"
	signatureSecret = "1b47061264138c4ac30d75fd1eb44270"
	signatureOutput = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

	unknownString    = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	maskedSecretText = "[secret]"
)

// unknownOthers stand for an unknown of another kind than a string.
var unknownOthers = []string{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
	"030794c1-ac77-496b-92df-f27374a8bd58", // asset
	"e48ece36-62e2-4504-bad9-02848725956a", // archive
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
}

// Unknown gives the marked value for what is not known before the run.
func Unknown() map[string]any { return map[string]any{UnknownKey: true} }

// Secret gives the marked value for what is known and masked.
func Secret() map[string]any { return map[string]any{SecretKey: true} }

// Raw tells whether v itself, not what is inside of it, is one of the engine's
// forms of an unknown or secret value, and gives what stands for it in a Plan. A text
// that contains the sign of an unknown is unknown as a whole.
func Raw(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		if v == maskedSecretText {
			return Secret(), true
		}
		if len(v) >= len(unknownString) && (strings.Contains(v, unknownString) ||
			len(v) == len(unknownString) && slices.Contains(unknownOthers, v)) {
			return Unknown(), true
		}
	case map[string]any:
		switch v[signatureKey] {
		case signatureSecret:
			return Secret(), true
		case signatureOutput:
			if secret, _ := v["secret"].(bool); secret {
				return Secret(), true
			}
			value, known := v["value"]
			if !known {
				return Unknown(), true
			}
			return Mark(value), true
		}
	}
	return nil, false
}

// Mark gives v with every unknown and secret in it marked. It is made for the
// values of decoded JSON; v itself is not changed.
func Mark(v any) any {
	if marked, ok := Raw(v); ok {
		return marked
	}
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for k, e := range v {
			out[k] = Mark(e)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i, e := range v {
			out[i] = Mark(e)
		}
		return out
	}
	return v
}

// VisibleID gives the id of a resource that was made from some inputs; none where
// one of the inputs is secret, because a provider may have made the id of it.
func VisibleID(id string, inputs ...map[string]any) string {
	for _, in := range inputs {
		for _, v := range in {
			if marked, _ := v.(map[string]any); marked[SecretKey] == true {
				return ""
			}
		}
	}
	return id
}

// refusal is how the engine words that a provider refuses a property: with its
// value, also when that is secret (issueCheckFailures in pkg/resource/deploy of Pulumi).
var refusal = regexp.MustCompile(`(?s)(property \S+) value .*? has a problem`)

// WithoutValues gives a message of the engine without the values of properties.
func WithoutValues(message string) string {
	return refusal.ReplaceAllString(message, "$1 has a problem")
}
