package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/auth"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// provider is an issuer whose key a test has, for tokens that the project's own
// issuer does not make.
type provider struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "openid-configuration") {
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) claims(change map[string]any) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "ada", "roles": []string{"delivery"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

func (p *provider) token(t testing.TB, alg jose.SignatureAlgorithm, key any, change map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(p.claims(change))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// trusting makes the API take tokens of the provider.
func (p *provider) trusting(t testing.TB) func(*api.Args, *api.Options) {
	return func(a *api.Args, _ *api.Options) {
		v, err := auth.NewVerifier(auth.Args{Issuer: p.URL, Audience: audience}, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Verifier = v
	}
}

func TestTokensThatAreNotAccepted(t *testing.T) {
	p, other := newProvider(t), newProvider(t)
	h := newHouse(t, p.trusting(t))
	parts := func(claims map[string]any, header string) string {
		payload, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	public, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	hour := time.Now().Add(time.Hour).Unix()
	good := p.token(t, jose.ES256, p.key, nil)
	tokens := map[string]string{
		"of another issuer":           other.token(t, jose.ES256, other.key, nil),
		"of another issuer's key":     p.token(t, jose.ES256, other.key, nil),
		"that names another issuer":   p.token(t, jose.ES256, p.key, map[string]any{"iss": other.URL}),
		"for another audience":        p.token(t, jose.ES256, p.key, map[string]any{"aud": "another"}),
		"for no audience":             p.token(t, jose.ES256, p.key, map[string]any{"aud": nil}),
		"that has expired":            p.token(t, jose.ES256, p.key, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"that never expires":          p.token(t, jose.ES256, p.key, map[string]any{"exp": nil}),
		"that is not valid yet":       p.token(t, jose.ES256, p.key, map[string]any{"nbf": hour}),
		"from the future":             p.token(t, jose.ES256, p.key, map[string]any{"iat": hour}),
		"of nobody":                   p.token(t, jose.ES256, p.key, map[string]any{"sub": ""}),
		"with algorithm none":         parts(p.claims(nil), `{"alg":"none","typ":"JWT"}`),
		"with algorithm None":         parts(p.claims(nil), `{"alg":"None","typ":"JWT","kid":"k"}`),
		"HS256 with the public key":   p.token(t, jose.HS256, public, nil),
		"HS256 with the public PEM":   p.token(t, jose.HS256, inPEM, nil),
		"with its signature cut off":  good[:strings.LastIndex(good, ".")+1],
		"with another's signature":    good[:strings.LastIndex(good, ".")+1] + strings.Split(other.token(t, jose.ES256, other.key, nil), ".")[2],
		"that is no token":            "token",
		"that is very long":           strings.Repeat("a", 20000),
		"that is good and then isn't": good + "x",
	}
	routes := documented(t).every()
	for name, token := range tokens {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			res := h.do(request{method: method, path: strings.NewReplacer("{id}", "acme", "{name}", "reports").Replace(path), token: token})
			if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Fatalf("a token %s at %s: %d %s", name, route, res.StatusCode, res.body)
			}
			if len(token) > 20 && strings.Contains(string(res.body), token[:20]) {
				t.Errorf("a token %s is in the answer: %s", name, res.body)
			}
		}
		if len(token) > 40 && strings.Contains(h.log.String(), token[10:40]) {
			t.Errorf("a token %s is in the log", name)
		}
	}
	for _, header := range []string{"Basic YTpi", "bearer", "Bearer", good, "Token " + good} {
		h.want(http.StatusUnauthorized, request{method: "GET", path: "/v1/tiers", header: map[string]string{"Authorization": header}})
	}
	h.want(http.StatusUnauthorized, request{method: "GET", path: "/v1/tiers?access_token=" + good})
	h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: good})
	if strings.Contains(h.log.String(), good[20:60]) {
		t.Error("a good token is in the log")
	}
}

// forged makes a token with any claims that the house accepts.
func (h *house) forged(t testing.TB, claims map[string]any) string {
	t.Helper()
	if h.forger == nil {
		t.Fatal("this house takes its own tokens only")
	}
	return h.forger.token(t, jose.ES256, h.forger.key, claims)
}
