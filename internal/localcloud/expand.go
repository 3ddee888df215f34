package localcloud

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// creation is a resource in the making, or one that is being changed.
type creation struct {
	cloud    *Cloud
	kind     *kind
	at       place
	region   string // the caller's, also where the kind is global
	now      time.Time
	inputs   map[string]any // plain
	props    resource.PropertyMap
	secret   map[string]bool // top-level inputs that are secret
	old      *record         // what it was; nil in a create
	name     string
	id       string
	arn      string
	number   string
	computed map[string]any
	hidden   map[string]bool // computed outputs that derive from secrets
	versions int             // how many versions it has
}

// Forms are texts with these in braces:
//
//	region account partition     where it is
//	name id arn number           of the resource itself
//	in.prop                      an input, as text
//	digest.prop                  a digest of an input, or of the output that stands in for it
//	hex:n digits:n base36:n upper:n   n random characters of that alphabet
//	uuid                         a random UUID
//	now                          the time, RFC 3339
//	path                         the input path, "/" without one
//
// expand gives the text, and whether a secret is in it.
func (c *creation) expand(form string) (text string, secret bool) {
	if !strings.Contains(form, "{") {
		return form, false
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(form, "{")
		b.WriteString(before)
		if !found {
			return b.String(), secret
		}
		word, after, _ := strings.Cut(rest, "}")
		value, hidden := c.word(word)
		secret = secret || hidden
		b.WriteString(value)
		form = after
	}
}

func (c *creation) word(word string) (text string, secret bool) {
	switch word {
	case "region":
		return c.region, false
	case "account":
		return c.at.account, false
	case "partition":
		return partition(c.region), false
	case "name":
		return c.name, c.secret[c.kind.name]
	case "id":
		return c.id, false
	case "arn":
		return c.arn, false
	case "number":
		return c.number, false
	case "uuid":
		return uuid(), false
	case "path":
		if path := textOf(c.inputs["path"]); path != "" {
			return path, c.secret["path"]
		}
		return "/", false
	case "now":
		return c.now.Format(time.RFC3339), false
	}
	if prop, ok := strings.CutPrefix(word, "in."); ok {
		return textOf(c.inputs[prop]), c.secret[prop]
	}
	if prop, ok := strings.CutPrefix(word, "digest."); ok {
		value, given := c.inputs[prop]
		if !given {
			value = c.computed[prop]
		}
		if hidden, ok := value.(map[string]any); ok && hidden[secretKey] != nil {
			return textOf(hidden), false
		}
		return digest(value), false
	}
	alphabet, n, _ := strings.Cut(word, ":")
	count, _ := strconv.Atoi(n)
	return random(alphabets[alphabet], count), false
}

var alphabets = map[string]string{
	"hex":    "0123456789abcdef",
	"digits": "0123456789",
	"base36": "abcdefghijklmnopqrstuvwxyz0123456789",
	"upper":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"mixed":  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
}

func random(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(b)
}

func uuid() string {
	h := random(alphabets["hex"], 31)
	return h[:8] + "-" + h[8:12] + "-4" + h[12:15] + "-a" + h[15:18] + "-" + h[18:30]
}

// partition gives the AWS partition of a region.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		if s, ok := v[secretKey].(string); ok {
			return s
		}
	}
	return ""
}

// make works out id, ARN and computed outputs. What an old one had stays.
func (c *creation) make() error {
	k := c.kind
	c.computed = map[string]any{}
	c.hidden = map[string]bool{}
	if c.old != nil {
		c.id = c.old.ID
		for name, v := range c.old.Computed {
			c.computed[name] = v
		}
		c.arn = textOf(c.computed["arn"])
		c.number = textOf(c.computed["version"])
	}
	if c.id == "" {
		if strings.Contains(k.id, "{arn}") {
			c.arn, c.hidden["arn"] = c.expand(k.arn)
		}
		c.id, _ = c.expand(k.id)
	}
	if c.arn == "" && k.arn != "" {
		c.arn, c.hidden["arn"] = c.expand(k.arn)
	}
	if c.arn != "" && k.hasOutput("arn") {
		c.computed["arn"] = c.arn
	}
	for name, form := range k.outputs {
		text, hidden := c.expand(form)
		c.hidden[name] = hidden
		if _, kept := c.computed[name]; !kept || slices.Contains(k.changing, name) {
			c.computed[name] = text
		}
	}
	if k.settle != nil {
		return k.settle(c)
	}
	return nil
}

// record gives what is stored.
func (c *creation) record() *record {
	k := c.kind
	rec := &record{Resource: Resource{
		Type: k.token, ID: c.id, Name: c.name, Account: c.at.account, Region: c.at.region,
		Inputs: c.inputs, Computed: c.computed, CreatedAt: c.now, UpdatedAt: c.now,
	}, Versions: c.versions}
	for name, hidden := range c.hidden {
		if hidden {
			rec.Hidden = append(rec.Hidden, name)
		}
	}
	slices.Sort(rec.Hidden)
	if c.old != nil {
		rec.CreatedAt, rec.Key, rec.Unique = c.old.CreatedAt, c.old.Key, c.old.Unique
		return rec
	}
	if k.key != "" {
		rec.Key, _ = c.expand(k.key)
	}
	if k.unique != "" {
		rec.Unique, _ = c.expand(k.unique)
	}
	return rec
}

// keyFor gives what the file of a resource with this id and these inputs is
// called.
func (k *kind) keyFor(at place, id string, inputs resource.PropertyMap) string {
	if k.key == "" {
		return id
	}
	c := creation{kind: k, at: k.placeOf(at), region: at.region, id: id, inputs: plainMap(inputs), name: k.nameOf(inputs)}
	key, _ := c.expand(k.key)
	return key
}
