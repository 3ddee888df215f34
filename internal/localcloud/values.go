package localcloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
)

// The keys that stand for what JSON has no type for, in files.
const (
	secretKey  = "$secret"
	assetKey   = "$asset"
	archiveKey = "$archive"
)

// internal tells whether a property is the provider's own and not the user's.
func internal(name string) bool { return strings.HasPrefix(name, "__") }

// reveal takes secrets and outputs off a value.
func reveal(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput():
			if !v.OutputValue().Known {
				return resource.MakeComputed(resource.NewStringProperty(""))
			}
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}

// isSecret tells whether a value itself is marked as a secret.
func isSecret(v resource.PropertyValue) bool {
	return v.IsSecret() || v.IsOutput() && v.OutputValue().Secret
}

// plainMap turns properties into what a file holds. Secrets become digests,
// assets their hashes, resources their ids; unknown values and nulls are left
// out.
func plainMap(props resource.PropertyMap) map[string]any {
	out := make(map[string]any, len(props))
	for name, v := range props {
		if internal(string(name)) {
			continue
		}
		if p := plain(v); p != nil {
			out[string(name)] = p
		}
	}
	return out
}

func plain(v resource.PropertyValue) any {
	switch {
	case isSecret(v):
		inner := reveal(v)
		if inner.IsComputed() {
			return nil
		}
		return map[string]any{secretKey: digest(plain(inner))}
	case v.IsOutput():
		return plain(reveal(v))
	case v.IsBool():
		return v.BoolValue()
	case v.IsNumber():
		return v.NumberValue()
	case v.IsString():
		return v.StringValue()
	case v.IsArray():
		out := make([]any, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			out[i] = plain(e)
		}
		return out
	case v.IsObject():
		return plainMap(v.ObjectValue())
	case v.IsAsset():
		return map[string]any{assetKey: v.AssetValue().Hash}
	case v.IsArchive():
		return map[string]any{archiveKey: v.ArchiveValue().Hash}
	case v.IsResourceReference():
		id, _ := v.ResourceReferenceValue().IDString()
		return id
	}
	return nil
}

// digest stands for a secret in files, so that a change shows and the value
// does not. It is a plain SHA-256 of the value's JSON: it hides a secret from
// reading eyes, not from somebody who guesses short ones.
func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// restoreMap turns what a file holds back into properties. old is what the
// engine has: secrets, assets and references whose digest, hash or id is still
// the same are taken from there.
func restoreMap(stored map[string]any, old resource.PropertyMap) resource.PropertyMap {
	out := make(resource.PropertyMap, len(stored))
	for name, v := range old {
		if internal(string(name)) {
			out[name] = v
		}
	}
	for name, v := range stored {
		out[resource.PropertyKey(name)] = restore(v, old[resource.PropertyKey(name)])
	}
	return out
}

func restore(stored any, old resource.PropertyValue) resource.PropertyValue {
	if old.IsOutput() {
		element := restore(stored, reveal(old))
		if isSecret(old) && !element.IsSecret() {
			return resource.MakeSecret(element)
		}
		return element
	}
	switch s := stored.(type) {
	case map[string]any:
		return restoreObject(s, old)
	case []any:
		var olds []resource.PropertyValue
		if old.IsArray() {
			olds = old.ArrayValue()
		}
		out := make([]resource.PropertyValue, len(s))
		for i, e := range s {
			var o resource.PropertyValue
			if i < len(olds) {
				o = olds[i]
			}
			out[i] = restore(e, o)
		}
		return resource.NewArrayProperty(out)
	case string:
		if old.IsResourceReference() && plain(old) == s {
			return old
		}
	}
	return resource.NewPropertyValue(stored)
}

func restoreObject(s map[string]any, old resource.PropertyValue) resource.PropertyValue {
	if sum, ok := s[secretKey].(string); ok && len(s) == 1 {
		if isSecret(old) && digest(plain(reveal(old))) == sum {
			return old
		}
		return resource.MakeSecret(resource.NewStringProperty(sum))
	}
	if hash, ok := s[assetKey].(string); ok && len(s) == 1 {
		if old.IsAsset() && old.AssetValue().Hash == hash {
			return old
		}
		return resource.NewAssetProperty(&asset.Asset{Sig: asset.AssetSig, Hash: hash})
	}
	if hash, ok := s[archiveKey].(string); ok && len(s) == 1 {
		if old.IsArchive() && old.ArchiveValue().Hash == hash {
			return old
		}
		return resource.NewArchiveProperty(&archive.Archive{Sig: archive.ArchiveSig, Hash: hash})
	}
	var olds resource.PropertyMap
	if old.IsObject() {
		olds = old.ObjectValue()
	}
	return resource.NewObjectProperty(restoreMap(s, olds))
}

// sameInputs tells whether stored inputs could have come from wanted ones.
func (k *kind) sameInputs(stored, wanted map[string]any) bool {
	for name := range stored {
		if _, ok := wanted[name]; !ok && !empty(stored[name]) {
			return false
		}
	}
	for name, w := range wanted {
		if internal(name) {
			continue
		}
		if !sameValue(stored[name], w) {
			return false
		}
	}
	return true
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func sameValue(stored, wanted any) bool {
	switch w := wanted.(type) {
	case resource.PropertyValue:
		if w.IsComputed() {
			return false
		}
		return sameValue(stored, plain(w))
	case resource.PropertyMap:
		return sameValue(stored, plainMap(w))
	case *asset.Asset:
		return sameValue(stored, map[string]any{assetKey: w.Hash})
	case *archive.Archive:
		return sameValue(stored, map[string]any{archiveKey: w.Hash})
	case map[string]any:
		return sameObject(stored, w)
	}
	if s, ok := stored.(map[string]any); ok {
		if sum, ok := s[secretKey].(string); ok {
			return sum == digest(normal(wanted))
		}
	}
	if list, ok := normal(wanted).([]any); ok {
		have, ok := stored.([]any)
		if !ok || len(have) != len(list) {
			return empty(stored) && len(list) == 0
		}
		for i := range list {
			if !sameValue(have[i], list[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(normal(stored), normal(wanted)) || empty(stored) && empty(normal(wanted))
}

// The shapes in which checkpoints and plans write what JSON has no type for.
func sameObject(stored any, wanted map[string]any) bool {
	s, isObject := stored.(map[string]any)
	if marked, ok := wanted[sig.Key].(string); ok {
		switch marked {
		case sig.Secret:
			return sameSecret(s, wanted)
		case sig.AssetSig:
			return s[assetKey] == wanted["hash"] && s[assetKey] != nil
		case sig.ArchiveSig:
			return s[archiveKey] == wanted["hash"] && s[archiveKey] != nil
		case sig.ResourceReference:
			return stored == wanted["id"] && stored != nil
		}
		return false
	}
	if _, masked := wanted[secretKey]; masked {
		_, isString := wanted[secretKey].(string)
		return !isString && stored != nil || isString && reflect.DeepEqual(s, wanted)
	}
	if _, unknown := wanted["$unknown"]; unknown {
		return false
	}
	if !isObject {
		return stored == nil && len(wanted) == 0
	}
	if sum, ok := s[secretKey].(string); ok {
		return sum == digest(normal(wanted))
	}
	return (*kind)(nil).sameInputs(s, wanted)
}

// sameSecret compares with a checkpoint's secret, whose value may be encrypted.
func sameSecret(stored map[string]any, wanted map[string]any) bool {
	sum, ok := stored[secretKey].(string)
	if !ok {
		return false
	}
	text, ok := wanted["plaintext"].(string)
	if !ok {
		return true
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		value = text
	}
	return sum == digest(value)
}

// normal brings a Go value to JSON's types.
func normal(v any) any {
	switch v := v.(type) {
	case nil, bool, string, float64, []any, map[string]any:
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(data, &out) != nil {
		return v
	}
	return out
}
