package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/tenants"
)

// The limits, and what holds where Options say nothing.
const (
	MaxTokenLength = 16 << 10 // bytes; longer tokens are not looked at

	DefaultLeeway = 30 * time.Second // by how much clocks may differ
	MaxLeeway     = 5 * time.Minute

	DefaultKeysPause   = 10 * time.Second // least time between two fetches of keys
	DefaultKeysRefresh = 15 * time.Minute // age at which keys are fetched again
	DefaultKeysMaxAge  = 24 * time.Hour   // age from which keys that could not be fetched again are not used
)

// Args are what a Verifier cannot do without.
type Args struct {
	Issuer   string // the provider, as its tokens name it: an https URL, or an http one of this machine
	Audience string // the name of this API at the provider; tokens must be for it
}

// Options are what may be left out; nil and the zero value are fine.
type Options struct {
	KeysURL    string   // where the issuer's keys are; empty: as its discovery document says
	Algorithms []string // the signatures that are accepted, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; empty: all
	Claims     Claims   // which claims are looked at

	// RoleNames are further names of roles, as a provider's groups are called.
	RoleNames map[string]Role

	Leeway      time.Duration // 0: DefaultLeeway; negative: none; MaxLeeway at most
	KeysPause   time.Duration // 0: DefaultKeysPause
	KeysRefresh time.Duration // 0: DefaultKeysRefresh
	KeysMaxAge  time.Duration // 0: DefaultKeysMaxAge; more than KeysRefresh, which is more than KeysPause

	HTTPClient *http.Client     // asks the provider; nil: one that follows no redirects
	Now        func() time.Time // nil: time.Now
}

// Claims name the claims that a Principal is made of. A name that begins with a
// slash is a JSON Pointer (RFC 6901), "/realm_access/roles" for example.
type Claims struct {
	Name   string // a text; empty: "name"
	Roles  string // a list of texts, or one with spaces between them; empty: "roles"
	Tenant string // a text; empty: "tenant"
}

// Verifier verifies tokens of one issuer. It is safe for concurrent use.
type Verifier struct {
	args      Args
	claims    Claims
	roles     map[string]Role
	leeway    time.Duration
	now       func() time.Time
	keys      *keySet
	algs      []jose.SignatureAlgorithm
	supported []string
}

// asymmetric gives the algorithms for which a published key is enough to verify,
// and not to sign: no HMAC, and no "none".
func asymmetric() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

// NewVerifier makes a Verifier. It asks the provider nothing yet, which may start
// later than its users. The error is CodeInvalid and names the fields.
func NewVerifier(args Args, opts *Options) (*Verifier, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	or := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	or(&o.Leeway, DefaultLeeway)
	or(&o.KeysPause, DefaultKeysPause)
	or(&o.KeysRefresh, DefaultKeysRefresh)
	or(&o.KeysMaxAge, DefaultKeysMaxAge)
	if len(o.Algorithms) == 0 {
		o.Algorithms = asymmetric()
	}
	if err := tenants.Invalid(check(args, o)...); err != nil {
		return nil, err
	}
	v := &Verifier{args: args, claims: o.Claims.filled(), leeway: max(o.Leeway, 0), now: o.Now,
		roles: map[string]Role{}, supported: slices.Clone(o.Algorithms)}
	for _, role := range Roles() {
		v.roles[string(role)] = role
	}
	for name, role := range o.RoleNames {
		v.roles[name] = role
	}
	for _, alg := range o.Algorithms {
		v.algs = append(v.algs, jose.SignatureAlgorithm(alg))
	}
	if v.now == nil {
		v.now = time.Now
	}
	client := o.HTTPClient
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	v.keys = &keySet{issuer: args.Issuer, url: o.KeysURL, client: client, now: v.now,
		pause: o.KeysPause, refresh: o.KeysRefresh, maxAge: o.KeysMaxAge}
	return v, nil
}

// check gives what is wrong with arguments and filled options.
func check(args Args, o Options) []tenants.FieldError {
	var found []tenants.FieldError
	refuse := func(field, value, allowed string) {
		found = append(found, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	const urls = "an https URL without user, query and fragment, or an http one of this machine"
	if checkURL(args.Issuer) != nil {
		refuse("issuer", args.Issuer, urls)
	}
	if o.KeysURL != "" && checkURL(o.KeysURL) != nil {
		refuse("keysURL", o.KeysURL, urls)
	}
	if args.Audience == "" {
		refuse("audience", "", "the name of this API at the issuer")
	}
	for _, alg := range o.Algorithms {
		if !slices.Contains(asymmetric(), alg) {
			refuse("algorithms", alg, strings.Join(asymmetric(), ", "))
		}
	}
	for name, role := range o.RoleNames {
		if name == "" || !slices.Contains(Roles(), role) {
			refuse("roleNames."+name, string(role), "delivery, operator, viewer, tenant-admin, under a name")
		}
	}
	if o.Leeway > MaxLeeway {
		refuse("leeway", o.Leeway.String(), "at most "+MaxLeeway.String())
	}
	if o.KeysPause <= 0 || o.KeysRefresh <= o.KeysPause || o.KeysMaxAge <= o.KeysRefresh {
		refuse("keysPause", o.KeysPause.String(), "more than 0, and less than keysRefresh, which is less than keysMaxAge")
	}
	return found
}

func (c Claims) filled() Claims {
	or := func(name *string, value string) {
		if *name == "" {
			*name = value
		}
	}
	or(&c.Name, "name")
	or(&c.Roles, "roles")
	or(&c.Tenant, "tenant")
	return c
}

// Verify makes a Principal of a token: one in the compact form, signed by a key of
// the issuer, from the issuer and for the audience, within its time. It is an
// *UnauthenticatedError for any other text, and CodeUnavailable when the
// issuer's keys are needed and cannot be fetched.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	if err := compact(token); err != nil {
		return Principal{}, err
	}
	kid, alg, err := v.header(token)
	if err != nil {
		return Principal{}, err
	}
	keys, err := v.keys.find(ctx, kid, alg)
	if err != nil {
		return Principal{}, err
	}
	signed := &candidates{keys: keys, algs: v.algs}
	id, err := oidc.NewVerifier(v.args.Issuer, signed, &oidc.Config{
		ClientID: v.args.Audience, SupportedSigningAlgs: v.supported,
		SkipExpiryCheck: true, // times are looked at below, with a leeway for both ends
	}).Verify(ctx, token)
	switch {
	case err != nil && !signed.verified:
		return Principal{}, refuse("its signature is wrong; get a new token")
	case err != nil:
		return Principal{}, refuse(v.notOurs())
	}
	return v.principal(id)
}

func (v *Verifier) notOurs() string {
	return "it is not from the issuer " + v.args.Issuer + " for the audience " + v.args.Audience + "; get one that is"
}

// compact says whether a text has the form of a signed token: three parts in
// base64url, each in the one way there is to write it. The JSON forms, which can
// carry several signatures, have no place in a header, nor has white space.
func compact(token string) error {
	if len(token) > MaxTokenLength {
		return malformed("the token is too long")
	}
	parts := strings.Split(token, ".")
	sound := len(parts) == 3
	for _, part := range parts {
		_, err := base64.RawURLEncoding.Strict().DecodeString(part)
		sound = sound && err == nil && !strings.ContainsAny(part, "\r\n")
	}
	if !sound {
		return malformed(notCompact)
	}
	return nil
}

const notCompact = "the token is no signed JWT in its compact form"

// header reads what says which key is needed. Nothing of it is trusted: the
// algorithm must be an accepted one, and the key of its kind.
func (v *Verifier) header(token string) (kid, alg string, err error) {
	jws, err := jose.ParseSignedCompact(token, v.algs)
	if _, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return "", "", refuse("it is signed with an algorithm that is not accepted; accepted are " + strings.Join(v.supported, ", "))
	}
	if err != nil || len(jws.Signatures) != 1 {
		return "", "", malformed(notCompact)
	}
	header := jws.Signatures[0].Protected
	// RFC 9068, section 2.1, and RFC 7519, section 5.1: other types, a logout token's
	// for example, are signed with the same keys and mean something else.
	kind, _ := header.ExtraHeaders[jose.HeaderType].(string)
	switch strings.TrimPrefix(strings.ToLower(kind), "application/") {
	case "", "jwt", "at+jwt":
	default:
		return "", "", refuse("it is a token of another type")
	}
	return header.KeyID, header.Algorithm, nil
}

// candidates verify a signature with any of some keys.
type candidates struct {
	keys     []jose.JSONWebKey
	algs     []jose.SignatureAlgorithm
	verified bool
}

var _ oidc.KeySet = (*candidates)(nil)

// VerifySignature gives the payload of a token that one of the keys signed.
func (c *candidates) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, c.algs)
	if err != nil {
		return nil, err
	}
	for _, key := range c.keys {
		if payload, err := jws.Verify(key.Key); err == nil {
			c.verified = true
			return payload, nil
		}
	}
	return nil, errors.New("no key verifies the signature")
}

// loopback says whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
