package auth

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
)

// maxText is how long, in bytes, a text of a Principal may be; OpenID Connect
// Core 1.0, section 2, gives a subject 255.
const maxText = 255

// maxRoles is how many names of roles, known or not, are looked at.
const maxRoles = 1000

// principal makes a Principal of verified claims. They are read by their exact
// names: encoding/json also takes other cases of a struct's.
func (v *Verifier) principal(id *oidc.IDToken) (Principal, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return Principal{}, refuse("its claims are no JSON object")
	}
	if !v.ours(claims) {
		return Principal{}, refuse(v.notOurs())
	}
	until, err := v.inTime(claims)
	if err != nil {
		return Principal{}, err
	}
	subject, ok := text(claims["sub"])
	if !ok || subject == "" {
		return Principal{}, refuse("its claim sub is missing, too long or no plain text")
	}
	roles, ok := v.rolesOf(lookup(claims, v.claims.Roles))
	if !ok {
		return Principal{}, refuse("its claim " + v.claims.Roles + " is no list of texts")
	}
	tenant := lookup(claims, v.claims.Tenant)
	tenantID, ok := text(tenant)
	if !ok && tenant != nil {
		return Principal{}, refuse("its claim " + v.claims.Tenant + " is no plain text")
	}
	name, _ := text(lookup(claims, v.claims.Name)) // for people only: a strange one is left out
	return Principal{Subject: subject, Name: name, Roles: roles, TenantID: tenantID, Issuer: v.args.Issuer, Until: until}, nil
}

// ours says whether the token is from the issuer and for the audience.
func (v *Verifier) ours(claims map[string]any) bool {
	if claims["iss"] != v.args.Issuer {
		return false
	}
	switch audience := claims["aud"].(type) {
	case string:
		return audience == v.args.Audience
	case []any:
		return slices.Contains(audience, any(v.args.Audience))
	}
	return false
}

// inTime says whether the token may be used now: RFC 7519, sections 4.1.4 to
// 4.1.6, with the leeway in favour of the token, and from when on it may not. One
// that never expires is refused.
func (v *Verifier) inTime(claims map[string]any) (until time.Time, err error) {
	now := v.now()
	expires, ok := moment(claims["exp"])
	if !ok {
		return until, refuse("its claim exp is missing or no time")
	}
	if until = expires.Add(v.leeway); !now.Before(until) {
		return until, refuse("it has expired; get a new token")
	}
	for _, name := range []string{"nbf", "iat"} {
		value, given := claims[name]
		if !given {
			continue
		}
		from, ok := moment(value)
		if !ok {
			return until, refuse("its claim " + name + " is no time")
		}
		if now.Add(v.leeway).Before(from) {
			return until, refuse("it is not valid yet; if it is new, compare the clocks of this server and of the issuer")
		}
	}
	return until, nil
}

// moment reads a NumericDate: seconds since 1970, of years up to 9999.
func moment(value any) (time.Time, bool) {
	const end = 253402300800
	seconds, ok := value.(float64)
	if !ok || math.IsNaN(seconds) || seconds < 0 || seconds >= end {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// rolesOf gives the known ones among the names of roles that a claim holds; false
// when it holds something else. A missing claim holds none.
func (v *Verifier) rolesOf(value any) ([]Role, bool) {
	var names []string
	switch value := value.(type) {
	case nil:
	case string:
		names = strings.Fields(value)
	case []any:
		for _, one := range value {
			name, ok := one.(string)
			if !ok {
				return nil, false
			}
			names = append(names, name)
		}
	default:
		return nil, false
	}
	if len(names) > maxRoles {
		return nil, false
	}
	var roles []Role
	for _, role := range Roles() {
		if slices.ContainsFunc(names, func(name string) bool { return v.roles[name] == role }) {
			roles = append(roles, role)
		}
	}
	return roles, true
}

// text gives a claim that is a short text without control characters: it comes
// into logs and the audit journal.
func text(value any) (string, bool) {
	s, ok := value.(string)
	if !ok || len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", false
	}
	return s, true
}

// lookup gives the claim of a name or JSON Pointer; nil when there is none.
func lookup(claims map[string]any, name string) any {
	if !strings.HasPrefix(name, "/") {
		return claims[name]
	}
	var at any = claims
	for step := range strings.SplitSeq(name[1:], "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch in := at.(type) {
		case map[string]any:
			at = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			at = in[i]
		default:
			return nil
		}
	}
	return at
}
