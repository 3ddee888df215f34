package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/testtime"
)

const audience = "tenantform-api"

// provider is an OpenID Connect provider whose keys, answers and clock a test sets.
type provider struct {
	*httptest.Server
	testtime.Clock
	down    atomic.Bool
	fetches atomic.Int64 // of keys

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	keysAt string // what the discovery document names as the place of the keys; empty: the truth
	more   string // of the document with the keys
	claims string // what the discovery document names as its issuer; empty: the truth
}

func newProvider(t testing.TB, keys ...jose.JSONWebKey) *provider {
	p := &provider{keys: keys}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		name := p.claims
		if name == "" {
			name = p.URL
		}
		keysAt := p.keysAt
		if keysAt == "" {
			keysAt = p.URL + "/keys"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": name, "jwks_uri": keysAt})
	})
	mux.Handle("/moved", http.RedirectHandler("/keys", http.StatusFound))
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		var set jose.JSONWebKeySet
		for _, k := range p.keys {
			set.Keys = append(set.Keys, k.Public())
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": set.Keys, "more": p.more})
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) publish(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

func (p *provider) verifier(t testing.TB, opts auth.Options) *auth.Verifier {
	t.Helper()
	opts.Now = p.Now
	v, err := auth.NewVerifier(auth.Args{Issuer: p.URL, Audience: audience}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// good gives the claims of a token that is accepted, with some changed; nil leaves one out.
func (p *provider) good(changed map[string]any) map[string]any {
	now := p.Now()
	claims := map[string]any{"iss": p.URL, "aud": audience, "sub": "ada", "name": "Ada", "roles": []string{"viewer"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	maps.Copy(claims, changed)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func sign(t testing.TB, key jose.JSONWebKey, claims any, header map[jose.HeaderKey]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key},
		&jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	return compact(t, signer, payload)
}

// compact signs a payload, and gives the form that tokens have.
func compact(t testing.TB, signer jose.Signer, payload []byte) string {
	t.Helper()
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

func esKey(t testing.TB, id string) jose.JSONWebKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: private, KeyID: id, Algorithm: "ES256", Use: "sig"}
}

func rsaKey(t testing.TB, id string) jose.JSONWebKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: private, KeyID: id, Algorithm: "RS256", Use: "sig"}
}

func edKey(t testing.TB, id string) jose.JSONWebKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: private, KeyID: id, Algorithm: "EdDSA", Use: "sig"}
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
