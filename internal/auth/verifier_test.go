package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

func TestVerifyAccepts(t *testing.T) {
	es, rs, ed := esKey(t, "es"), rsaKey(t, "rs"), edKey(t, "ed")
	p := newProvider(t, es, rs, ed)
	anonymous := es
	anonymous.KeyID = ""
	for name, test := range map[string]struct {
		key     jose.JSONWebKey
		changed map[string]any
		header  map[jose.HeaderKey]any
		want    auth.Principal
	}{
		"ES256":               {key: es, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"RS256":               {key: rs, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"EdDSA":               {key: ed, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"no key id":           {key: anonymous, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"an access token":     {key: es, header: map[jose.HeaderKey]any{"typ": "at+JWT"}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"several audiences":   {key: es, changed: map[string]any{"aud": []string{"other", audience}}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"roles in a text":     {key: es, changed: map[string]any{"roles": "other operator delivery"}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleDelivery, auth.RoleOperator}}},
		"only unknown roles":  {key: es, changed: map[string]any{"roles": []string{"root", "Viewer"}}, want: auth.Principal{Name: "Ada"}},
		"no roles":            {key: es, changed: map[string]any{"roles": nil}, want: auth.Principal{Name: "Ada"}},
		"a tenant":            {key: es, changed: map[string]any{"roles": "tenant-admin", "tenant": "acme"}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleTenantAdmin}, TenantID: "acme"}},
		"a name with a bell":  {key: es, changed: map[string]any{"name": "A\ada"}, want: auth.Principal{Roles: []auth.Role{auth.RoleViewer}}},
		"expired, in leeway":  {key: es, changed: map[string]any{"exp": p.Now().Add(-29 * time.Second).Unix()}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"too early, in lee":   {key: es, changed: map[string]any{"nbf": p.Now().Add(30 * time.Second).Unix()}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
		"neither nbf nor iat": {key: es, changed: map[string]any{"nbf": nil, "iat": nil}, want: auth.Principal{Name: "Ada", Roles: []auth.Role{auth.RoleViewer}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, test.key, p.good(test.changed), test.header))
			test.want.Subject, test.want.Issuer = "ada", p.URL
			if left := got.Until.Sub(p.Now()); left <= 0 || left > 2*time.Hour {
				t.Errorf("it is accepted for %s more", left)
			}
			got.Until = time.Time{}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

// refused gives tokens that must not be accepted, by what is wrong with them.
func refused(t testing.TB, p *provider, key, rs jose.JSONWebKey) map[string]string {
	t.Helper()
	claims := func(name string, value any) string { return sign(t, key, p.good(map[string]any{name: value}), nil) }
	good := sign(t, key, p.good(nil), nil)
	parts := strings.Split(good, ".")
	payload, err := json.Marshal(p.good(map[string]any{"roles": "delivery"}))
	if err != nil {
		t.Fatal(err)
	}
	stranger := esKey(t, "stranger")
	impostor := esKey(t, key.KeyID)
	der, err := x509.MarshalPKIXPublicKey(&rs.Key.(*rsa.PrivateKey).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hmac := func(secret []byte) string {
		return sign(t, jose.JSONWebKey{Key: secret, KeyID: rs.KeyID, Algorithm: "HS256"}, p.good(nil), nil)
	}
	embedded := func() string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: stranger.Key.(*ecdsa.PrivateKey)}, &jose.SignerOptions{EmbedJWK: true})
		if err != nil {
			t.Fatal(err)
		}
		return compact(t, signer, payload)
	}
	full, err := jose.ParseSignedCompact(good, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	now := p.Now()
	return map[string]string{
		"nothing": "", "words": "not a token", "two dots": "..", "one part": parts[0], "four parts": good + ".x",
		"wrong issuer": claims("iss", "https://other.example.com"), "issuer with a slash": claims("iss", p.URL+"/"), "no issuer": claims("iss", nil),
		"issuer in capitals": sign(t, key, p.good(map[string]any{"iss": nil, "ISS": p.URL}), nil),
		"wrong audience":     claims("aud", "other"), "no audience": claims("aud", nil), "audience in capitals": sign(t, key, p.good(map[string]any{"aud": nil, "AUD": audience}), nil),
		"audience in part": claims("aud", audience+"-2"), "audience of another kind": claims("aud", map[string]any{audience: true}),
		"alg none": encode(`{"alg":"none","kid":"key"}`) + "." + parts[1] + ".", "alg None": encode(`{"alg":"None"}`) + "." + parts[1] + ".",
		"alg none with the signature": encode(`{"alg":"none","kid":"key"}`) + "." + parts[1] + "." + parts[2],
		"no alg":                      encode(`{"kid":"key"}`) + "." + parts[1] + "." + parts[2],
		"HS256 with the key's PEM":    hmac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "HS256 with the key's DER": hmac(der),
		"expired": claims("exp", now.Add(-30*time.Second).Unix()), "no expiry": claims("exp", nil), "expiry in words": claims("exp", "tomorrow"),
		"expiry beyond years": claims("exp", 1e300), "expiry below zero": claims("exp", -1), "not yet valid": claims("nbf", now.Add(31*time.Second).Unix()),
		"not before in words": claims("nbf", "now"), "issued later": claims("iat", now.Add(time.Minute).Unix()),
		"tampered payload": parts[0] + "." + encode(string(payload)) + "." + parts[2], "tampered signature": parts[0] + "." + parts[1] + "." + encode(strings.Repeat("x", 64)),
		"no signature": parts[0] + "." + parts[1] + ".", "unknown key": sign(t, stranger, p.good(nil), nil), "known id, another key": sign(t, impostor, p.good(nil), nil),
		"its own key embedded": embedded(), "the JSON form": full.FullSerialize(), "white space": " " + good, "a line in it": parts[0] + "\n." + parts[1] + "." + parts[2],
		"over-long": claims("padding", strings.Repeat("x", auth.MaxTokenLength)), "no subject": claims("sub", nil), "empty subject": claims("sub", ""),
		"subject of another kind": claims("sub", 7), "subject with a line": claims("sub", "ada\nroot"), "long subject": claims("sub", strings.Repeat("a", 256)),
		"roles of another kind": claims("roles", map[string]bool{"delivery": true}), "a role of another kind": claims("roles", []any{"viewer", 1}),
		"tenant of another kind": claims("tenant", []string{"acme"}), "a logout token": sign(t, key, p.good(nil), map[jose.HeaderKey]any{"typ": "logout+jwt"}),
		"another spelling of the signature": good[:len(good)-1] + next(good[len(good)-1]),
		"no object":                         sign(t, key, []string{"ada"}, nil), "null": sign(t, key, nil, nil),
	}
}

// next gives a digit of base64 that differs in bits that are no part of a
// signature of 64 bytes.
func next(digit byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(digits[strings.IndexByte(digits, digit)+1])
}

func TestVerifyRefuses(t *testing.T) {
	key, rs := esKey(t, "key"), rsaKey(t, "rs")
	p := newProvider(t, key, rs)
	v := p.verifier(t, auth.Options{})
	if _, err := v.Verify(t.Context(), sign(t, key, p.good(nil), nil)); err != nil {
		t.Fatal(err)
	}
	for name, token := range refused(t, p, key, rs) {
		t.Run(name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), token)
			var who *auth.UnauthenticatedError
			if !errors.Is(err, auth.ErrUnauthenticated) || !errors.As(err, &who) || who.Code == "" || !reflect.ValueOf(got).IsZero() {
				t.Fatalf("got %+v, %v", got, err)
			}
			for part := range strings.SplitSeq(token, ".") {
				if len(part) > 8 && strings.Contains(err.Error(), part) {
					t.Errorf("the error has a part of the token: %v", err)
				}
			}
		})
	}
}

func TestVerifyTakesConfiguredAlgorithmsOnly(t *testing.T) {
	es, rs := esKey(t, "es"), rsaKey(t, "rs")
	p := newProvider(t, es, rs)
	v := p.verifier(t, auth.Options{Algorithms: []string{"RS256"}})
	if _, err := v.Verify(t.Context(), sign(t, rs, p.good(nil), nil)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), sign(t, es, p.good(nil), nil)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("ES256 gives %v", err)
	}
	ps := rs
	ps.Algorithm = "PS256"
	if _, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, ps, p.good(nil), nil)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("PS256 with a key for RS256 gives %v", err)
	}
}

func TestVerifyReadsConfiguredClaims(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	v := p.verifier(t, auth.Options{
		Claims:    auth.Claims{Name: "email", Roles: "/realm_access/roles", Tenant: "https://example.com/tenant"},
		RoleNames: map[string]auth.Role{"saas-ops": auth.RoleOperator},
	})
	token := sign(t, key, p.good(map[string]any{"email": "ada@example.com", "tenant": "globex", "https://example.com/tenant": "acme",
		"roles": "delivery", "realm_access": map[string]any{"roles": []string{"saas-ops", "offline_access"}}}), nil)
	got, err := v.Verify(t.Context(), token)
	want := auth.Principal{Subject: "ada", Name: "ada@example.com", Roles: []auth.Role{auth.RoleOperator}, TenantID: "acme", Issuer: p.URL}
	got.Until = time.Time{}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	good := auth.Args{Issuer: "https://id.example.com", Audience: audience}
	for field, test := range map[string]struct {
		args auth.Args
		opts auth.Options
	}{
		"issuer":          {args: auth.Args{Issuer: "http://id.example.com", Audience: audience}},
		"audience":        {args: auth.Args{Issuer: good.Issuer}},
		"keysURL":         {args: good, opts: auth.Options{KeysURL: "ftp://id.example.com/keys"}},
		"algorithms":      {args: good, opts: auth.Options{Algorithms: []string{"RS256", "HS256"}}},
		"roleNames.group": {args: good, opts: auth.Options{RoleNames: map[string]auth.Role{"group": "root"}}},
		"leeway":          {args: good, opts: auth.Options{Leeway: time.Hour}},
		"keysPause":       {args: good, opts: auth.Options{KeysPause: time.Hour}},
	} {
		_, err := auth.NewVerifier(test.args, &test.opts)
		wrong, ok := errors.AsType[*tenants.Error](err)
		if !ok || wrong.Code != tenants.CodeInvalid || len(wrong.Fields) != 1 || wrong.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, url := range []string{"", "https://", "https://:443", "id.example.com", "https://ada@id.example.com", "https://id.example.com?x=1", "https://id.example.com#x", "http://10.0.0.1"} {
		if _, err := auth.NewVerifier(auth.Args{Issuer: url, Audience: audience}, nil); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("issuer %q: %v", url, err)
		}
	}
	if _, err := auth.NewVerifier(good, nil); err != nil {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	key, rs := esKey(f, "key"), rsaKey(f, "rs")
	p := newProvider(f, key, rs)
	v := p.verifier(f, auth.Options{})
	good := sign(f, key, p.good(nil), nil)
	f.Add(good)
	for _, token := range refused(f, p, key, rs) {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := v.Verify(context.Background(), token)
		// Nobody but the holder of a key makes a second token that is accepted.
		if token != good && !errors.Is(err, auth.ErrUnauthenticated) {
			t.Fatalf("%q gives %+v, %v", token, got, err)
		}
	})
}
