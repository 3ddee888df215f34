package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// fetchTimeout ends a look at the provider, discovery and keys together.
	fetchTimeout = 10 * time.Second
	// maxDocument is how long, in bytes, what the provider answers may be.
	maxDocument = 1 << 20
	// maxKeys is how many keys of a provider are kept.
	maxKeys = 100
	// minRSABits is the least that RFC 7518, section 3.3, allows.
	minRSABits = 2048
)

// keySet holds the keys of an issuer. They are fetched when they are needed: the
// first time, when a token names one that is not known, and when they are old;
// but not again within the pause, however many tokens ask for it.
type keySet struct {
	issuer  string
	url     string // of the keys; empty: from discovery
	client  *http.Client
	now     func() time.Time
	pause   time.Duration // least time between two fetches
	refresh time.Duration // age at which keys are fetched again
	maxAge  time.Duration // age from which keys are not used

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time     // when keys were; zero: never
	tried   time.Time     // when a fetch began last
	failure error         // of the last fetch that ended
	running chan struct{} // closed at the end of the fetch that runs; nil: none
}

// find gives the keys that may have signed a token: those with the id and of the
// kind that the algorithm needs, or, for a token without a key id, the only one
// of that kind. It is an *UnauthenticatedError when there is none, and
// CodeUnavailable when that cannot be known.
func (s *keySet) find(ctx context.Context, kid, alg string) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	found, fresh := s.lookup(kid, alg)
	if len(found) > 0 && fresh {
		s.mu.Unlock()
		return found, nil
	}
	done := s.start()
	// Keys that are only old are used at once while the provider is known to be down.
	wait := done != nil && (len(found) == 0 || s.failure == nil)
	s.mu.Unlock()

	if wait {
		select {
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		case <-done:
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	found, _ = s.lookup(kid, alg)
	switch {
	case len(found) > 0:
		return found, nil
	case s.failure != nil:
		return nil, unavailable(s.failure)
	}
	return nil, refuse("it is signed with a key that its issuer does not publish; get a new token")
}

// lookup gives the keys that fit, and whether they are too young to be fetched
// again. The caller holds mu.
func (s *keySet) lookup(kid, alg string) (found []jose.JSONWebKey, fresh bool) {
	age := s.now().Sub(s.fetched)
	if s.fetched.IsZero() || age >= s.maxAge {
		return nil, false
	}
	for _, key := range s.keys {
		if (kid == "" || key.KeyID == kid) && fits(key, alg) {
			found = append(found, key)
		}
	}
	if kid == "" && len(found) > 1 {
		found = nil
	}
	return found, age < s.refresh
}

// start begins a fetch, unless one runs or began within the pause. It gives what
// is closed at the end of the one that runs; nil when none does. The caller holds mu.
func (s *keySet) start() <-chan struct{} {
	if s.running != nil {
		return s.running
	}
	now := s.now()
	if !s.tried.IsZero() && now.Sub(s.tried) < s.pause {
		return nil
	}
	s.tried = now
	done := make(chan struct{})
	s.running = done
	// No request's end may end it: others wait for it too.
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		keys, err := s.fetch(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failure = err
		if err == nil {
			s.keys, s.fetched = keys, now
		}
		s.running = nil
		close(done)
	}()
	return done
}

func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	from := s.url
	if from == "" {
		var err error
		if from, err = s.discover(ctx); err != nil {
			return nil, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.get(ctx, from, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// RFC 7517, section 5: keys that are not understood are passed over.
		if json.Unmarshal(raw, &key) == nil && verifies(key) && len(keys) < maxKeys {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no public key that verifies signatures", from)
	}
	return keys, nil
}

// discover gives the address of the keys; see OpenID Connect Discovery 1.0, section 4.
func (s *keySet) discover(ctx context.Context) (string, error) {
	var provider struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	from := strings.TrimSuffix(s.issuer, "/") + "/.well-known/openid-configuration"
	if err := s.get(ctx, from, &provider); err != nil {
		return "", err
	}
	if provider.Issuer != s.issuer {
		return "", fmt.Errorf("%s is of the issuer %q, not %q: configure the issuer as its provider writes it", from, provider.Issuer, s.issuer)
	}
	if err := checkURL(provider.KeysURL); err != nil {
		return "", fmt.Errorf("jwks_uri of %s: %w", from, err)
	}
	return provider.KeysURL, nil
}

// get reads a JSON document.
func (s *keySet) get(ctx context.Context, from string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", from, res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	if len(body) > maxDocument {
		return fmt.Errorf("%s is longer than %d bytes", from, maxDocument)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s is not the JSON that was expected: %w", from, err)
	}
	return nil
}

// checkURL takes an absolute https URL, or an http one of this machine.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("it is no absolute URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("it is a URL with a user, a query or a fragment")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("it is no https URL, nor an http one of this machine")
}

// verifies says whether a published key is one that signatures are verified with.
func verifies(key jose.JSONWebKey) bool {
	if !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
		return false
	}
	for _, alg := range asymmetric() {
		if fits(key, alg) {
			return true
		}
	}
	return false
}

// fits says whether a key is of the kind that an algorithm needs: it may not be
// chosen by who wrote the token's header.
func fits(key jose.JSONWebKey, alg string) bool {
	if key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")) && public.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		curves := map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}
		return curves[alg] == public.Curve.Params().BitSize
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}
