package tenants

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of names. Every physical name begins with a tenant's id, so the id has
// to leave room for what follows it in the shortest name that AWS allows:
//
//	bucket  63  "<id>-data-<account>-<region>"  28 + 6 + 12 + 1 + 16 = 63
//	Lambda  64  "<id>-<function>"               28 + 1 + 24          = 53
//	role    64  "<id>-<function>-<suffix>"      53 + 11              = 64
//
// Sources: "General purpose bucket naming rules" (Amazon S3 User Guide),
// "CreateFunction" (AWS Lambda API Reference), "IAM and AWS STS quotas" (IAM
// User Guide). The longest region today, us-isof-south-1, has 15 characters.
const (
	MinIDLength           = 3
	MaxIDLength           = 28
	MaxFunctionNameLength = 24
	MaxRegionLength       = 16
	MaxTierNameLength     = 20
	MaxCellLength         = 20 // "pool-<cell>" stays within MaxIDLength
	MaxNameLength         = 100
)

// Limits that AWS sets on a function. Source: "Lambda quotas" (AWS Lambda
// Developer Guide) for layers, "CreateFunction" (API Reference) for the handler,
// "Tag naming limits and requirements" (Tagging AWS Resources) for tags.
const (
	maxLayers         = 5
	maxHandlerLength  = 128
	maxTags           = 50
	maxTagKeyLength   = 128
	maxTagValueLength = 256
	maxEmailLength    = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
)

var (
	functionPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	regionPattern   = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$`)
	runtimePattern  = regexp.MustCompile(`^[a-z]+[a-z0-9]*(\.[a-z0-9]+)*$`)
	actionPattern   = regexp.MustCompile(`^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`)
	resourcePattern = regexp.MustCompile(`^(\*|arn:[^\s:]+:[^\s:]+:[^\s:]*:[^\s:]*:\S+)$`)
	tagPattern      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// What the patterns mean, for a person.
var functionAllowed = fmt.Sprintf("1 to %d lower-case letters, digits and single underscores, beginning with a letter "+
	"(no hyphen: it separates the tenant's id from the function's name)", MaxFunctionNameLength)

const (
	regionAllowed   = `an AWS region, "eu-west-1" for example`
	tagValueAllowed = "at most 256 letters, digits, spaces and _ . : / = + - @"
)

// RequiredTags gives the keys of the tags that every resource carries.
func RequiredTags() []string {
	return []string{"tenant-id", "tier", "model", "service", "environment", "cost-center", "managed-by"}
}

// ValidateRegion checks that a region has a region's form; whether AWS offers it
// is not checked.
func ValidateRegion(field, region string) []FieldError {
	if len(region) > MaxRegionLength || !regionPattern.MatchString(region) {
		return []FieldError{{Field: field, Value: region, Allowed: regionAllowed}}
	}
	return nil
}

// Validate gives what is wrong with the tenant against a catalogue, nil when
// nothing is. Paths are relative to the tenant: "adminEmail",
// "functions.greeting.handler". Files that functions name are not opened.
func (t Tenant) Validate(c Catalogue) []FieldError {
	fields := ValidateID("id", t.ID)
	fields = append(fields, validateName(t.Name)...)
	fields = append(fields, validateEmail("adminEmail", t.AdminEmail)...)
	tier, known := c.find(t.Tier)
	if !known {
		fields = append(fields, FieldError{Field: "tier", Value: t.Tier, Allowed: "one of " + join(c.Names())})
	}
	fields = append(fields, ValidateRegion("region", t.Region)...)
	if !validTagValue(t.CostCenter) {
		fields = append(fields, FieldError{Field: "costCenter", Value: t.CostCenter, Allowed: tagValueAllowed})
	}
	if t.Status != "" && !slices.Contains(Statuses(), t.Status) {
		fields = append(fields, FieldError{Field: "status", Value: string(t.Status), Allowed: "one of " + join(texts(Statuses()))})
	}
	fields = append(fields, validatePlacements(t.Placements)...)
	if t.NetworkCIDR != "" {
		fields = append(fields, ValidateNetwork("networkCidr", t.NetworkCIDR)...)
	}
	fields = append(fields, t.ValidateApplication()...)
	if known && len(t.Functions) > tier.FunctionCount {
		fields = append(fields, FieldError{Field: "functions", Value: fmt.Sprintf("%d functions", len(t.Functions)),
			Allowed: fmt.Sprintf("at most %d in tier %s", tier.FunctionCount, tier.Name)})
	}
	return append(fields, validateFunctions(t.Functions)...)
}

func validateName(name string) []FieldError {
	n := utf8.RuneCountInString(name)
	ok := n >= 1 && n <= MaxNameLength && utf8.ValidString(name) && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, unicode.IsControl)
	if ok {
		return nil
	}
	return []FieldError{{Field: "name", Value: name,
		Allowed: fmt.Sprintf("1 to %d characters on one line, without spaces around it", MaxNameLength)}}
}

func validateEmail(field, email string) []FieldError {
	addr, err := mail.ParseAddress(email)
	if err == nil && addr.Name == "" && addr.Address == email && len(email) <= maxEmailLength {
		if _, domain, _ := strings.Cut(email, "@"); strings.Contains(strings.Trim(domain, "."), ".") {
			return nil
		}
	}
	return []FieldError{{Field: field, Value: email, Allowed: `an e-mail address, "admin@example.com" for example`}}
}

func validTagValue(value string) bool {
	return utf8.RuneCountInString(value) <= maxTagValueLength && utf8.ValidString(value) && tagPattern.MatchString(value)
}

// Validate gives what is wrong with the placement; prefix is its path.
func (p Placement) Validate(prefix string) []FieldError {
	switch p.Model {
	case ModelPool:
		return ValidateCell(prefix+".cell", p.Cell)
	case ModelSilo:
		if p.Cell != "" {
			return []FieldError{{Field: prefix + ".cell", Value: p.Cell, Allowed: "nothing: a silo has no cell"}}
		}
		return nil
	}
	return []FieldError{{Field: prefix + ".model", Value: string(p.Model), Allowed: "pool or silo"}}
}

func validatePlacements(placements []Placement) []FieldError {
	var fields []FieldError
	if len(placements) > 2 {
		fields = append(fields, FieldError{Field: "placements", Value: fmt.Sprintf("%d placements", len(placements)), Allowed: "at most 2"})
	}
	for i, p := range placements {
		path := fmt.Sprintf("placements[%d]", i)
		fields = append(fields, p.Validate(path)...)
		if slices.Contains(placements[:i], p) {
			fields = append(fields, FieldError{Field: path, Value: p.String(), Allowed: "each placement once"})
		}
	}
	return fields
}

func validateFunctions(functions []Function) []FieldError {
	var fields []FieldError
	seen := make(map[string]bool, len(functions))
	for i, f := range functions {
		unique := functionPattern.MatchString(f.Name) && !seen[f.Name]
		path := element("functions", f.Name, i, unique)
		if seen[f.Name] && f.Name != "" {
			fields = append(fields, FieldError{Field: path + ".name", Value: f.Name, Allowed: "a name that no other function of the tenant has"})
		}
		seen[f.Name] = true
		fields = append(fields, f.Validate(path)...)
	}
	return fields
}

// Validate gives what is wrong with the function; prefix is its path. It checks
// the form of values only: whether the archive holds the handler, and whether
// the runtime is still supported, is seen where the archive is read.
func (f Function) Validate(prefix string) []FieldError {
	var fields []FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, FieldError{Field: prefix + "." + field, Value: value, Allowed: allowed})
	}
	if len(f.Name) > MaxFunctionNameLength || !functionPattern.MatchString(f.Name) {
		refuse("name", f.Name, functionAllowed)
	}
	if len(f.Runtime) > 32 || !runtimePattern.MatchString(f.Runtime) {
		refuse("runtime", f.Runtime, `a Lambda runtime identifier, "python3.13" for example`)
	}
	if f.Handler == "" || len(f.Handler) > maxHandlerLength || !utf8.ValidString(f.Handler) || strings.ContainsFunc(f.Handler, notGraphic) {
		refuse("handler", f.Handler, fmt.Sprintf(`1 to %d characters without spaces, "index.handler" for example`, maxHandlerLength))
	}
	if f.Archive == "" || strings.ContainsRune(f.Archive, 0) {
		refuse("archive", f.Archive, "the path of a zip file or of a directory")
	}
	if len(f.Layers) > maxLayers {
		refuse("layers", fmt.Sprintf("%d layers", len(f.Layers)), fmt.Sprintf("at most %d", maxLayers))
	}
	for i, layer := range f.Layers {
		if layer == "" || strings.ContainsRune(layer, 0) {
			refuse(fmt.Sprintf("layers[%d]", i), layer, "the path of a zip file or of a directory")
		}
	}
	for i, g := range f.Grants {
		fields = append(fields, g.validate(fmt.Sprintf("%s.grants[%d]", prefix, i))...)
	}
	return append(fields, validateTags(prefix+".tags", f.Tags)...)
}

func notGraphic(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

func (g Grant) validate(prefix string) []FieldError {
	var fields []FieldError
	check := func(field string, values []string, pattern *regexp.Regexp, allowed string) {
		if len(values) == 0 {
			fields = append(fields, FieldError{Field: prefix + "." + field, Allowed: "a list of at least one; each " + allowed})
		}
		for i, v := range values {
			if !pattern.MatchString(v) {
				fields = append(fields, FieldError{Field: fmt.Sprintf("%s.%s[%d]", prefix, field, i), Value: v, Allowed: allowed})
			}
		}
	}
	check("actions", g.Actions, actionPattern, `an IAM action, "s3:GetObject" for example`)
	check("resources", g.Resources, resourcePattern, `an ARN, or "*"`)
	return fields
}

func validateTags(prefix string, tags map[string]string) []FieldError {
	var fields []FieldError
	if most := maxTags - len(RequiredTags()); len(tags) > most {
		fields = append(fields, FieldError{Field: prefix, Value: strconv.Itoa(len(tags)) + " tags", Allowed: fmt.Sprintf("at most %d", most)})
	}
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxTagKeyLength || !utf8.ValidString(key) || !tagPattern.MatchString(key):
			fields = append(fields, FieldError{Field: prefix, Value: key, Allowed: "keys of 1 to 128 letters, digits, spaces and _ . : / = + - @"})
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			fields = append(fields, FieldError{Field: prefix, Value: key, Allowed: "keys without the prefix aws:, which AWS keeps for itself"})
		case slices.Contains(RequiredTags(), strings.ToLower(key)):
			fields = append(fields, FieldError{Field: prefix, Value: key, Allowed: "keys other than " + join(RequiredTags())})
		case !validTagValue(tags[key]):
			fields = append(fields, FieldError{Field: prefix + "." + key, Value: tags[key], Allowed: tagValueAllowed})
		}
	}
	return fields
}

// texts gives the strings behind values of a string type.
func texts[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
