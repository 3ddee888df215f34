// Package issuer is an OpenID Connect issuer for local use: it publishes its keys
// on this machine, so that internal/auth verifies its tokens as it does those of
// any other provider.
//
// Tokens are made by Issuer.Token, in the process that holds the keys. No
// endpoint gives one, for anybody who reaches it could be anybody.
package issuer

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// The lifetimes.
const (
	DefaultLifetime = time.Hour
	MaxLifetime     = 24 * time.Hour

	// DefaultRotateAfter is the age at which Open replaces the key that signs.
	DefaultRotateAfter = 30 * 24 * time.Hour
)

// Args are what an Issuer cannot do without.
type Args struct {
	Dir      string // where the keys are kept; made, for the user alone, when it is missing
	URL      string // how tokens name the issuer and where Handler is reached: http, on this machine
	Audience string // the API that tokens are for
}

// Options are what may be left out; nil and the zero value are fine.
type Options struct {
	RotateAfter time.Duration    // 0: DefaultRotateAfter; negative: never by age
	Now         func() time.Time // nil: time.Now
}

// Issuer makes tokens. It is safe for concurrent use; one process at a time may
// use its directory.
type Issuer struct {
	args Args
	base string // the URL's path, without a slash at the end
	now  func() time.Time
	file string

	mu   sync.RWMutex
	keys []key // the first signs; the others were replaced, and still verify
}

// Open reads the keys in a directory, or makes the first. A key older than
// RotateAfter is replaced. The error is CodeInvalid for arguments, and
// CodeFailedPrecondition for a file that others may read, or that holds no keys.
func Open(args Args, opts *Options) (*Issuer, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.RotateAfter == 0 {
		o.RotateAfter = DefaultRotateAfter
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	u, err := url.Parse(args.URL)
	var wrong []tenants.FieldError
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		wrong = append(wrong, tenants.FieldError{Field: "url", Value: args.URL, Allowed: "an http URL of this machine, without user, query and fragment"})
	}
	if args.Dir == "" {
		wrong = append(wrong, tenants.FieldError{Field: "dir", Allowed: "a directory"})
	}
	if args.Audience == "" {
		wrong = append(wrong, tenants.FieldError{Field: "audience", Allowed: "the name of the API that tokens are for"})
	}
	if err := tenants.Invalid(wrong...); err != nil {
		return nil, err
	}
	i := &Issuer{args: args, base: strings.TrimSuffix(u.EscapedPath(), "/"), now: o.Now, file: filepath.Join(args.Dir, keysFile)}
	if i.keys, err = open(args.Dir, i.file, o.Now()); err != nil {
		return nil, err
	}
	if o.RotateAfter > 0 && o.Now().Sub(i.keys[0].Created) >= o.RotateAfter {
		if err := i.Rotate(); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// URL gives what tokens name as their issuer.
func (i *Issuer) URL() string { return i.args.URL }

// Audience gives what tokens name as the API that they are for.
func (i *Issuer) Audience() string { return i.args.Audience }

// Rotate makes a new key, which signs from now on. Keys that were replaced stay
// published until the last token that they signed has expired.
func (i *Issuer) Rotate() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	fresh, err := newKey(now)
	if err != nil {
		return err
	}
	keys := []key{fresh}
	for n, k := range i.keys {
		if n == 0 {
			k.Replaced = now
		}
		// The leeway of who verifies comes on top.
		if now.Before(k.Replaced.Add(MaxLifetime + auth.MaxLeeway)) {
			keys = append(keys, k)
		}
	}
	if err := write(i.file, keys, atomicfile.Replace); err != nil {
		return err
	}
	i.keys = keys
	return nil
}

// Grant is what a token says.
type Grant struct {
	Subject  string        // who it is for; required
	Name     string        // for people to read; may be empty
	Roles    []auth.Role   // one at least
	TenantID string        // required for auth.RoleTenantAdmin
	Lifetime time.Duration // 0: DefaultLifetime; a second to MaxLifetime
}

func (g Grant) check() error {
	var wrong []tenants.FieldError
	refuse := func(field, value, allowed string) {
		wrong = append(wrong, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if g.Subject == "" {
		refuse("subject", "", "who the token is for")
	}
	if len(g.Roles) == 0 {
		refuse("roles", "", fmt.Sprint("one or more of ", auth.Roles()))
	}
	for _, role := range g.Roles {
		if !slices.Contains(auth.Roles(), role) {
			refuse("roles", string(role), fmt.Sprint("one or more of ", auth.Roles()))
		}
	}
	if g.TenantID != "" {
		wrong = append(wrong, tenants.ValidateID("tenantID", g.TenantID)...)
	} else if slices.Contains(g.Roles, auth.RoleTenantAdmin) {
		refuse("tenantID", "", "the id of the tenant that a tenant-admin is of")
	}
	if g.Lifetime < time.Second || g.Lifetime > MaxLifetime {
		refuse("lifetime", g.Lifetime.String(), "1s to "+MaxLifetime.String())
	}
	return tenants.Invalid(wrong...)
}

// Token makes a token, signed with ES256. It is a secret: whoever has it is who it
// says, until it expires. The error is CodeInvalid and names the fields.
func (i *Issuer) Token(g Grant) (string, error) {
	if g.Lifetime == 0 {
		g.Lifetime = DefaultLifetime
	}
	if err := g.check(); err != nil {
		return "", err
	}
	now := i.now()
	claims := map[string]any{
		"iss": i.args.URL, "aud": i.args.Audience, "sub": g.Subject, "roles": g.Roles, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(g.Lifetime).Unix(),
	}
	if g.Name != "" {
		claims["name"] = g.Name
	}
	if g.TenantID != "" {
		claims["tenant"] = g.TenantID
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	i.mu.RLock()
	signing := i.keys[0].Private
	i.mu.RUnlock()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: signing}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// loopback says whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
