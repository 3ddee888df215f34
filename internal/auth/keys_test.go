package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

func TestKeysRotate(t *testing.T) {
	first, second := esKey(t, "first"), esKey(t, "second")
	p := newProvider(t, first)
	v := p.verifier(t, auth.Options{})
	verify := func(token string) error {
		_, err := v.Verify(t.Context(), token)
		return err
	}
	old, fresh := sign(t, first, p.good(nil), nil), sign(t, second, p.good(nil), nil)
	if err := verify(old); err != nil {
		t.Fatal(err)
	}

	p.publish(first, second)
	if err := verify(fresh); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("within the pause the new key gives %v", err)
	}
	p.Pass(auth.DefaultKeysPause)
	if err := verify(fresh); err != nil {
		t.Errorf("after the pause the new key gives %v", err)
	}
	if err := verify(old); err != nil {
		t.Errorf("the old key, still published, gives %v", err)
	}

	p.publish(second)
	if err := verify(old); err != nil {
		t.Errorf("before a refresh the old key gives %v", err)
	}
	p.Pass(auth.DefaultKeysRefresh)
	if err := verify(old); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("after a refresh the withdrawn key gives %v", err)
	}
	if err := verify(fresh); err != nil {
		t.Error(err)
	}
}

func TestUnknownKeysDoNotFloodTheProvider(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	v := p.verifier(t, auth.Options{})
	var all sync.WaitGroup
	for i := range 50 {
		token := sign(t, esKey(t, fmt.Sprint("stranger-", i)), p.good(nil), nil)
		all.Go(func() {
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("a stranger's token gives %v", err)
			}
		})
	}
	all.Wait()
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("50 unknown keys fetched %d times", n)
	}
	// A wrong signature under a known id asks for nothing at all.
	p.Pass(auth.DefaultKeysPause)
	if _, err := v.Verify(t.Context(), sign(t, esKey(t, "key"), p.good(nil), nil)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Error(err)
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("a wrong signature fetched the keys again: %d times", n)
	}
}

func TestProviderDown(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	v := p.verifier(t, auth.Options{})
	verify := func() error {
		_, err := v.Verify(t.Context(), sign(t, key, p.good(nil), nil))
		return err
	}
	p.down.Store(true)
	for range 2 {
		err := verify()
		if tenants.CodeOf(err) != tenants.CodeUnavailable || errors.Is(err, auth.ErrUnauthenticated) {
			t.Fatalf("without keys: %v", err)
		}
	}
	p.down.Store(false)
	p.Pass(auth.DefaultKeysPause)
	if err := verify(); err != nil {
		t.Fatalf("after it came back: %v", err)
	}

	p.down.Store(true)
	p.Pass(auth.DefaultKeysRefresh)
	if err := verify(); err != nil {
		t.Errorf("with keys that are only old: %v", err)
	}
	if _, err := v.Verify(t.Context(), sign(t, esKey(t, "new"), p.good(nil), nil)); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("a key that may be new: %v", err)
	}
	p.Pass(auth.DefaultKeysMaxAge)
	if err := verify(); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("with keys that are too old: %v", err)
	}
	p.down.Store(false)
	p.Pass(auth.DefaultKeysPause)
	if err := verify(); err != nil {
		t.Errorf("after it came back again: %v", err)
	}
}

func TestProviderThatCannotBeTrusted(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	p.claims = "https://other.example.com"
	if _, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, key, p.good(nil), nil)); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("discovery of another issuer gives %v", err)
	}
	if _, err := p.verifier(t, auth.Options{KeysURL: p.URL + "/keys"}).Verify(t.Context(), sign(t, key, p.good(nil), nil)); err != nil {
		t.Errorf("a given URL of keys needs no discovery: %v", err)
	}
	encrypting := key
	encrypting.Use = "enc"
	p.publish(encrypting)
	if _, err := p.verifier(t, auth.Options{KeysURL: p.URL + "/keys"}).Verify(t.Context(), sign(t, key, p.good(nil), nil)); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("keys that are not for signatures give %v", err)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	key := esKey(t, "key")
	for name, change := range map[string]func(*provider){
		"another machine without TLS": func(p *provider) { p.keysAt = "http://id.example.com/keys" },
		"no URL":                      func(p *provider) { p.keysAt = "keys" },
		"a redirection":               func(p *provider) { p.keysAt = p.URL + "/moved" },
		"endless":                     func(p *provider) { p.more = strings.Repeat("x", 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, key)
			change(p)
			_, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, key, p.good(nil), nil))
			if tenants.CodeOf(err) != tenants.CodeUnavailable || p.keysAt == "http://id.example.com/keys" && !strings.Contains(errors.Unwrap(err).Error(), "https") {
				t.Errorf("got %v, of %v", err, errors.Unwrap(err))
			}
		})
	}
}

func TestKeysThatAreNotUsed(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := esKey(t, "good")
	weak := jose.JSONWebKey{Key: private, KeyID: "weak", Algorithm: "RS256", Use: "sig"}
	p := newProvider(t, good, weak)
	if _, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, weak, p.good(nil), nil)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a key of 1024 bits gives %v", err)
	}
	other := esKey(t, "other")
	p.publish(good, other)
	other.KeyID = ""
	if _, err := p.verifier(t, auth.Options{}).Verify(t.Context(), sign(t, other, p.good(nil), nil)); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("without a key id, one of two keys gives %v", err)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	v := p.verifier(t, auth.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	token := sign(t, key, p.good(nil), nil)
	cancel()
	if _, err := v.Verify(ctx, token); tenants.CodeOf(err) != tenants.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("a request that ended gives %v", err)
	}
	// The fetch that it began goes on for the others.
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}
