package plan

import (
	"encoding/json"
	"strings"
)

// resolve fills in region and account from the inputs of the provider resources,
// by URN. A default provider is not among them; its settings are the stack's
// config, under the package's name.
func (p *Provider) resolve(providers map[string]map[string]any, config map[string]string) {
	if p.URN == "" {
		return
	}
	inputs, found := providers[p.URN]
	if !found {
		inputs = fromConfig(p.URN, config)
	}
	p.Region, p.Account = ProviderSettings(inputs)
}

// fromConfig gives what config sets for a default provider, nil for another.
func fromConfig(urn string, config map[string]string) map[string]any {
	_, rest, _ := strings.Cut(urn, "pulumi:providers:")
	pkg, name, _ := strings.Cut(rest, "::")
	if name != "default" && !strings.HasPrefix(name, "default_") {
		return nil
	}
	inputs := map[string]any{}
	for k, v := range config {
		if key, ok := strings.CutPrefix(k, pkg+":"); ok {
			inputs[key] = Mark(v)
		}
	}
	return inputs
}

// ProviderSettings reads region and account from the inputs of an AWS provider:
// the one account it allows, or that of the last role it assumes. Each is empty
// where the inputs do not tell. Nested inputs may be values or, as the engine
// passes them to providers, JSON in a string.
func ProviderSettings(inputs map[string]any) (region, account string) {
	region, _ = inputs["region"].(string)
	if ids := list(inputs["allowedAccountIds"]); len(ids) == 1 {
		if id, ok := ids[0].(string); ok && isAccount(id) {
			return region, id
		}
	}
	for _, key := range []string{"assumeRoles", "assumeRole"} {
		roles := list(inputs[key])
		if len(roles) == 0 {
			continue
		}
		role, _ := roles[len(roles)-1].(map[string]any)
		arn, _ := role["roleArn"].(string)
		if parts := strings.Split(arn, ":"); len(parts) > 5 && isAccount(parts[4]) {
			return region, parts[4]
		}
	}
	return region, ""
}

// list gives a list, or one value as a list, whether plain or as JSON text.
func list(v any) []any {
	if text, ok := v.(string); ok {
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) == nil {
			v = decoded
		}
		// An account's digits are JSON of their own.
		if _, isNumber := v.(float64); isNumber {
			v = text
		}
	}
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func isAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}
