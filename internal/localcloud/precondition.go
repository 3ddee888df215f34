package localcloud

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/tenants"
)

// naming gives where a value points: the place and the key there. ok is false
// for what cannot be looked up here: another account's, AWS's own.
type naming func(c *Cloud, at place, value string) (in place, key string, ok bool)

func asID(_ *Cloud, at place, value string) (place, string, bool) { return at, value, value != "" }

// asARN takes a resource whose id is its ARN.
func asARN(_ *Cloud, at place, value string) (place, string, bool) {
	in, _, ok := arnParts(at, value)
	return in, value, ok
}

// asLast takes a name, or an ARN that ends in the name: a role's, a queue's. The
// roles that AWS's services keep for themselves are not looked up.
func asLast(_ *Cloud, at place, value string) (place, string, bool) {
	if !strings.HasPrefix(value, "arn:") {
		return at, value, value != ""
	}
	in, rest, ok := arnParts(at, value)
	return in, rest[strings.LastIndexAny(rest, ":/")+1:], ok && !strings.HasPrefix(rest, "role/aws-service-role/")
}

// asFunction takes a function's name or ARN, with or without a qualifier.
func asFunction(_ *Cloud, at place, value string) (place, string, bool) {
	if !strings.HasPrefix(value, "arn:") {
		name, _, _ := strings.Cut(value, ":")
		return at, name, name != ""
	}
	in, rest, ok := arnParts(at, value)
	name, _, _ := strings.Cut(strings.TrimPrefix(rest, "function:"), ":")
	return in, name, ok && strings.HasPrefix(rest, "function:")
}

// asLogGroup takes the name or the ARN of a log group.
func asLogGroup(_ *Cloud, at place, value string) (place, string, bool) {
	if !strings.HasPrefix(value, "arn:") {
		return at, value, value != ""
	}
	in, rest, ok := arnParts(at, value)
	name, isGroup := strings.CutPrefix(rest, "log-group:")
	return in, strings.TrimSuffix(name, ":*"), ok && isGroup
}

// asQueue takes the URL or the ARN of a queue, whose id is the URL.
func asQueue(_ *Cloud, at place, value string) (place, string, bool) {
	if !strings.HasPrefix(value, "arn:") {
		return at, value, value != ""
	}
	in, name, ok := arnParts(at, value)
	if parts := strings.Split(value, ":"); len(parts) > 2 && parts[2] != "sqs" {
		return in, "", false
	}
	return in, "https://sqs." + in.region + ".amazonaws.com/" + in.account + "/" + name, ok
}

// asKey takes a key's id or ARN, an alias's name or ARN.
func asKey(c *Cloud, at place, value string) (place, string, bool) {
	in, rest := at, value
	if strings.HasPrefix(value, "arn:") {
		var ok bool
		if in, rest, ok = arnParts(at, value); !ok {
			return in, "", false
		}
	}
	if strings.HasPrefix(rest, "alias/aws/") {
		return in, "", false
	}
	if strings.HasPrefix(rest, "alias/") {
		return in, rest, true
	}
	return in, strings.TrimPrefix(rest, "key/"), rest != ""
}

// asBucket takes a bucket's name or ARN. Names are unique in the world: the
// bucket may be in another region or account.
func asBucket(c *Cloud, at place, value string) (place, string, bool) {
	if i := strings.LastIndex(value, ":::"); i >= 0 {
		value, _, _ = strings.Cut(value[i+3:], "/")
	}
	if held, ok := c.store.holder("s3.BucketV2", value); ok {
		return place{held.Account, held.Region}, held.Key, true
	}
	return at, value, value != ""
}

// asPrincipal takes the ARN of a role; other principals are not looked up.
func asPrincipal(c *Cloud, at place, value string) (place, string, bool) {
	if !strings.Contains(value, ":role/") {
		return at, "", false
	}
	return asLast(c, at, value)
}

// arnParts gives the place of an ARN and what comes after it. ok is false for
// an ARN of AWS's own, or of an account other than the caller's: nothing is
// known of the latter, so it is taken at its word.
func arnParts(at place, value string) (in place, rest string, ok bool) {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) != 6 {
		return at, value, false
	}
	in = place{account: parts[4], region: parts[3]}
	if in.region == "" {
		in.region = at.region
	}
	return in, parts[5], parts[4] == at.account
}

// references refuses inputs that name what does not exist. Unknown values do
// not get here; secret ones are passed over.
func (c *Cloud) references(k *kind, made *creation) error {
	at := place{account: made.at.account, region: made.region}
	for _, r := range k.refs {
		for _, v := range valuesAt(made.inputs, r.prop) {
			value, ok := v.(string)
			if !ok {
				continue
			}
			found, err := c.refers(r, at, value)
			if err != nil {
				return err
			}
			if !found {
				return &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: strings.ReplaceAll(r.missing, "{value}", value)}
			}
		}
	}
	return nil
}

// refers tells whether what a reference names exists.
func (c *Cloud) refers(r ref, at place, value string) (bool, error) {
	in, key, ok := r.by(c, at, value)
	if !ok {
		return true, nil
	}
	for _, to := range r.to {
		k := c.kinds.shorts[to]
		rec, err := c.lookup(k, in, key)
		if err != nil || rec != nil {
			return rec != nil, err
		}
	}
	if r.of == "" {
		return false, nil
	}
	makers, err := c.store.list(in.account, in.region, r.of)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(makers, func(m *record) bool { return m.Computed[r.output] == key }), nil
}

// whole gives a record, or nil when what it is a part of is gone and it with it.
func (c *Cloud) whole(k *kind, rec *record) (*record, error) {
	for _, r := range k.refs {
		if !r.part {
			continue
		}
		for _, v := range valuesAt(rec.Inputs, r.prop) {
			value, ok := v.(string)
			if !ok {
				continue
			}
			if found, err := c.refers(r, place{rec.Account, rec.Region}, value); err != nil || !found {
				return nil, err
			}
		}
	}
	return rec, nil
}

// deletable refuses to delete what AWS would not let go.
func (c *Cloud) deletable(k *kind, rec *record) error {
	for _, g := range k.guards {
		if v, ok := rec.Inputs[g.prop]; ok && reflect.DeepEqual(v, g.equals) {
			return says(g.says, rec)
		}
	}
	if k.keeps != nil {
		if err := k.keeps(c, rec); err != nil {
			return err
		}
	}
	for _, u := range k.inUse {
		if u.unless != "" && rec.Inputs[u.unless] == true {
			continue
		}
		by := c.kinds.shorts[u.by]
		at := by.placeOf(place{rec.Account, rec.Region})
		users, err := c.store.list(at.account, at.region, by.short)
		if err != nil {
			return err
		}
		for _, user := range users {
			if user.mentions(u.prop, rec) {
				return says(u.says, rec)
			}
		}
	}
	return nil
}

// mentions tells whether an input of the record is another's id, ARN or name.
func (r *record) mentions(prop string, other *record) bool {
	for _, v := range valuesAt(r.Inputs, prop) {
		if text, ok := v.(string); ok && text != "" &&
			(text == other.ID || text == other.Name || text == other.Computed["arn"]) {
			return true
		}
	}
	return false
}

// refusal is AWS's answer to what cannot be done as things are.
func refusal(format string, args ...any) error {
	return &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: fmt.Sprintf(format, args...)}
}

// siblings gives the resources of another kind where this one is.
func (c *creation) siblings(short string) ([]*record, error) {
	k := c.cloud.kinds.shorts[short]
	at := k.placeOf(place{c.at.account, c.region})
	return c.cloud.store.list(at.account, at.region, short)
}

// differs tells whether an update changes one of these inputs.
func (c *creation) differs(inputs []string) bool {
	was := resource.NewPropertyMapFromMap(c.old.Inputs)
	changed := topLevels(c.kind.diff(was, resource.NewPropertyMapFromMap(c.inputs)))
	return slices.ContainsFunc(inputs, func(in string) bool { return slices.Contains(changed, in) })
}

func says(form string, rec *record) error {
	text := strings.NewReplacer("{id}", rec.ID, "{name}", rec.Name).Replace(form)
	return &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: text}
}

// valuesAt gives the values at a path, "a.b[*].c".
func valuesAt(v any, path string) []any {
	if path == "" {
		if v == nil {
			return nil
		}
		return []any{v}
	}
	if rest, ok := strings.CutPrefix(path, "[*]"); ok {
		list, _ := v.([]any)
		var out []any
		for _, e := range list {
			out = append(out, valuesAt(e, strings.TrimPrefix(rest, "."))...)
		}
		return out
	}
	m, _ := v.(map[string]any)
	if m == nil {
		return nil
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	return valuesAt(m[path[:end]], strings.TrimPrefix(path[end:], "."))
}
