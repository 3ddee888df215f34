package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/tenants"
)

// pair writes a certificate of a name and its key.
func pair(t *testing.T, dir, name string) (chain, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	chain, key = filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{chain: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: bytes}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return chain, key
}

func TestCertificatesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	chain, key := pair(t, dir, "one")
	get, err := certificate(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		c, err := get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.Subject.CommonName
	}
	if got := name(); got != "one" {
		t.Errorf("the certificate is of %s", got)
	}
	later := time.Now().Add(time.Minute)
	if err := os.WriteFile(chain, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "one" {
		t.Errorf("in the middle of a change it is of %s", got)
	}
	pair(t, dir, "two")
	_ = os.Chtimes(chain, later, later)
	if got := name(); got != "two" {
		t.Errorf("after the change it is of %s", got)
	}
	if _, err := certificate(chain, chain); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestServeWithTLS(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.env["TENANTFORM_SERVER_TLS_CERTIFICATE"], h.env["TENANTFORM_SERVER_TLS_KEY"] = pair(t, h.dir, "one")
	serve := h.start(settings.Serve)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}} //nolint:gosec // its own certificate
	res, err := client.Get(serve.API + "/v1/tenants")
	if err != nil || !strings.HasPrefix(serve.API, "https://") || res.StatusCode != http.StatusUnauthorized || res.ProtoMajor != 2 {
		t.Fatalf("%s: %+v, %v", serve.API, res, err)
	}
	_ = res.Body.Close()
	if status, body := h.get(strings.Replace(serve.API, "https", "http", 1) + "/v1/tenants"); status == http.StatusOK {
		t.Errorf("in plain text: %d %s", status, body)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, name := range []string{"server.address", "monitoring.address"} {
		s := h.settings(settings.Serve)
		if name == "server.address" {
			s.Server.Address = l.Addr().String()
		} else {
			s.Monitoring.Address = l.Addr().String()
		}
		if err := Serve(t.Context(), s, nil); tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(fmt.Sprint(err), name+": "+l.Addr().String()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrongSettings are those that only who uses them knows to be wrong.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(*settings.Settings)
		want   string
	}{
		"issuer":   {func(s *settings.Settings) { s.Auth.Issuer = "ftp://x" }, "TENANTFORM_AUTH_ISSUER is \"ftp://x\""},
		"role":     {func(s *settings.Settings) { s.Auth.RoleNames = []string{"a=boss"} }, "auth.roleNames"},
		"dead":     {func(s *settings.Settings) { s.Events.DeadLetters = "spool://host/x" }, "TENANTFORM_EVENTS_DEAD_LETTERS"},
		"answers":  {func(s *settings.Settings) { s.Events.Answers = "spool:///tmp/x" }, "TENANTFORM_EVENTS_ANSWERS"},
		"services": {func(s *settings.Settings) { s.Services = "/nowhere.yaml" }, "/nowhere.yaml"},
		"tiers":    {func(s *settings.Settings) { s.Tiers = "/nowhere.yaml" }, "/nowhere.yaml"},
		"database": {func(s *settings.Settings) {
			s.Store.URL = "postgres://nobody@127.0.0.1:1/x"
			s.Store.Password = settings.NewSecret(canary)
		}, "PostgreSQL"},
		"file": {func(s *settings.Settings) { s.Store.URL = "sqlite:/proc/x/control.db" }, "/proc/x"},
		"ca":   {func(s *settings.Settings) { s.Temporal.TLS, s.Temporal.CA = true, "/dev/null" }, "temporal.ca"},
	} {
		s := h.settings(settings.Serve)
		c.change(s)
		err := Serve(t.Context(), s, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(fmt.Sprintf("%+v", err), canary) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestKeysReachable(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("/good/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"jwks_uri":%q}`, server.URL+"/keys")
	})
	mux.HandleFunc("/lost/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"jwks_uri":%q}`, server.URL+"/nowhere")
	})
	mux.HandleFunc("/silent/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) })
	for _, c := range []struct {
		issuer, keys string
		good         bool
	}{
		{"/good", "", true}, {"/good/", "", true}, {"/nowhere", "/keys", true}, {"/lost", "", false}, {"/silent", "", false}, {"/nowhere", "", false}, {"/good", "/nowhere", false},
	} {
		keys := c.keys
		if keys != "" {
			keys = server.URL + keys
		}
		err := keysReachable(server.URL+c.issuer, keys)(t.Context())
		if (err == nil) != c.good || err != nil && tenants.CodeOf(err) != tenants.CodeUnavailable {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
