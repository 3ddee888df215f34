package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

const audience = "tenantform-api"

// serve opens and serves an issuer until the test ends.
func serve(t *testing.T, dir, path string, c *testtime.Clock) (*issuer.Issuer, *auth.Verifier) {
	t.Helper()
	l, err := issuer.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i, err := issuer.Open(issuer.Args{Dir: dir, URL: "http://" + l.Addr().String() + path, Audience: audience}, &issuer.Options{Now: c.Now})
	if err != nil {
		t.Fatal(errors.Join(err, l.Close()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
	v, err := auth.NewVerifier(auth.Args{Issuer: i.URL(), Audience: i.Audience()}, &auth.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return i, v
}

func token(t *testing.T, i *issuer.Issuer, g issuer.Grant) string {
	t.Helper()
	signed, err := i.Token(g)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestTokensAreAccepted(t *testing.T) {
	for _, path := range []string{"", "/", "/issuer", "/issuer/"} {
		clock := &testtime.Clock{}
		i, v := serve(t, t.TempDir(), path, clock)
		until := clock.Now().Add(issuer.DefaultLifetime + auth.DefaultLeeway)
		for _, role := range auth.Roles() {
			got, err := v.Verify(t.Context(), token(t, i, issuer.Grant{Subject: "ada", Name: "Ada", Roles: []auth.Role{role}, TenantID: "acme"}))
			want := auth.Principal{Subject: "ada", Name: "Ada", Roles: []auth.Role{role}, TenantID: "acme", Issuer: i.URL(), Until: got.Until}
			if err != nil || !got.Until.Equal(until) || !reflect.DeepEqual(got, want) {
				t.Errorf("%q: got %+v, %v", path, got, err)
			}
		}
	}
}

func TestTokensExpire(t *testing.T) {
	c := &testtime.Clock{}
	i, v := serve(t, t.TempDir(), "", c)
	short := token(t, i, issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}, Lifetime: time.Minute})
	long := token(t, i, issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}})
	for _, step := range []struct {
		pass        time.Duration
		short, long bool
	}{{0, true, true}, {time.Minute + auth.DefaultLeeway, false, true}, {issuer.DefaultLifetime, false, false}} {
		c.Pass(step.pass)
		for signed, want := range map[string]bool{short: step.short, long: step.long} {
			if _, err := v.Verify(t.Context(), signed); want != (err == nil) || err != nil && !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("after %v: %v", step.pass, err)
			}
		}
	}
}

func TestAnotherIssuersTokensAreRefused(t *testing.T) {
	c := &testtime.Clock{}
	_, v := serve(t, t.TempDir(), "", c)
	other, _ := serve(t, t.TempDir(), "", c)
	if _, err := v.Verify(t.Context(), token(t, other, issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}})); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("got %v", err)
	}
}

func TestGrantsThatAreRefused(t *testing.T) {
	i, err := issuer.Open(issuer.Args{Dir: t.TempDir(), URL: "http://localhost:1", Audience: audience}, nil)
	if err != nil {
		t.Fatal(err)
	}
	viewer := []auth.Role{auth.RoleViewer}
	for field, grants := range map[string][]issuer.Grant{
		"subject":  {{Roles: viewer}},
		"roles":    {{Subject: "ada"}, {Subject: "ada", Roles: []auth.Role{"root"}}},
		"tenantID": {{Subject: "ada", Roles: []auth.Role{auth.RoleTenantAdmin}}, {Subject: "ada", Roles: viewer, TenantID: "A"}},
		"lifetime": {{Subject: "ada", Roles: viewer, Lifetime: -time.Hour}, {Subject: "ada", Roles: viewer, Lifetime: issuer.MaxLifetime + 1}},
	} {
		for _, g := range grants {
			signed, err := i.Token(g)
			if wrong, ok := errors.AsType[*tenants.Error](err); !ok || signed != "" || len(wrong.Fields) != 1 || wrong.Fields[0].Field != field {
				t.Errorf("%+v gives %q, %v", g, signed, err)
			}
		}
	}
}

func TestKeysAreKept(t *testing.T) {
	c, dir := &testtime.Clock{}, filepath.Join(t.TempDir(), "made", "here")
	i, v := serve(t, dir, "", c)
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "issuer-keys.json"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	gone := killtest.Leave(t, dir, ".tmp-1")
	again, err := issuer.Open(issuer.Args{Dir: dir, URL: i.URL(), Audience: audience}, &issuer.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	gone()
	if _, err := v.Verify(t.Context(), token(t, again, issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}})); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the directory holds %v, %v", left, err)
	}
}

func TestRotate(t *testing.T) {
	c, dir := &testtime.Clock{}, t.TempDir()
	i, v := serve(t, dir, "", c)
	grant := issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}, Lifetime: issuer.MaxLifetime}
	old := token(t, i, grant)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh := token(t, i, grant)
	if kid(t, old) == kid(t, fresh) {
		t.Fatal("the key that signs is the same")
	}
	c.Pass(auth.DefaultKeysPause)
	for name, signed := range map[string]string{"old": old, "fresh": fresh} {
		if _, err := v.Verify(t.Context(), signed); err != nil {
			t.Errorf("the %s token gives %v", name, err)
		}
	}
	if n := published(t, i); n != 2 {
		t.Errorf("%d keys are published", n)
	}
	c.Pass(issuer.MaxLifetime + auth.MaxLeeway)
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	if n := published(t, i); n != 2 {
		t.Errorf("%d keys are published after the first's tokens have expired", n)
	}

	c.Pass(issuer.DefaultRotateAfter)
	later, err := issuer.Open(issuer.Args{Dir: dir, URL: i.URL(), Audience: audience}, &issuer.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	if kid(t, token(t, later, grant)) == kid(t, token(t, i, grant)) {
		t.Error("an old key was not replaced")
	}
}

func kid(t *testing.T, signed string) string {
	t.Helper()
	header, _, _ := strings.Cut(signed, ".")
	return header
}

// published gives the number of keys that the issuer publishes, and fails when a
// private half is among them.
func published(t *testing.T, i *issuer.Issuer) int {
	t.Helper()
	res, err := http.Get(i.URL() + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k["d"] != nil || k["kty"] != "EC" || k["alg"] != "ES256" || k["use"] != "sig" || k["kid"] == "" {
			t.Errorf("published is %v", k)
		}
	}
	return len(set.Keys)
}

func TestFilesThatAreRefused(t *testing.T) {
	made := t.TempDir()
	if _, err := issuer.Open(issuer.Args{Dir: made, URL: "http://127.0.0.1:1", Audience: audience}, nil); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(filepath.Join(made, "issuer-keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"group reads": {string(sound), 0o640}, "all read": {string(sound), 0o604}, "empty": {"", 0o600}, "no keys": {`{"keys":[]}`, 0o600},
		"cut": {string(sound[:len(sound)/2]), 0o600}, "no private half": {strings.Replace(string(sound), `"d":`, `"was":`, 1), 0o600},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "issuer-keys.json")
		if err := errors.Join(os.WriteFile(file, []byte(test.text), 0o600), os.Chmod(file, test.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := issuer.Open(issuer.Args{Dir: dir, URL: "http://127.0.0.1:1", Audience: audience}, nil)
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(file); err != nil || string(left) != test.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for field, args := range map[string]issuer.Args{
		"dir":      {URL: "http://127.0.0.1:1", Audience: audience},
		"audience": {Dir: t.TempDir(), URL: "http://127.0.0.1:1"},
		"url":      {Dir: t.TempDir(), URL: "http://id.example.com", Audience: audience},
	} {
		_, err := issuer.Open(args, nil)
		if wrong, ok := errors.AsType[*tenants.Error](err); !ok || len(wrong.Fields) != 1 || wrong.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestFirstKeyOfSeveralAtOnce(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	var all sync.WaitGroup
	for n := range ids {
		all.Go(func() {
			i, err := issuer.Open(issuer.Args{Dir: dir, URL: "http://127.0.0.1:1", Audience: audience}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			signed, err := i.Token(issuer.Grant{Subject: "ada", Roles: []auth.Role{auth.RoleViewer}})
			if err != nil {
				t.Error(err)
			}
			ids[n], _, _ = strings.Cut(signed, ".")
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("keys differ: %v", ids)
		}
	}
}

func TestOnlyThisMachineIsAnswered(t *testing.T) {
	i, err := issuer.Open(issuer.Args{Dir: t.TempDir(), URL: "http://127.0.0.1:1", Audience: audience}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, host, method, path string
		status                   int
	}{
		{"127.0.0.1:5", "127.0.0.1:1", "GET", "/keys", 200}, {"[::1]:5", "localhost:1", "GET", "/.well-known/openid-configuration", 200},
		{"192.0.2.1:5", "127.0.0.1:1", "GET", "/keys", 403}, {"127.0.0.1:5", "evil.example.com:1", "GET", "/keys", 403}, {"127.0.0.1:5", "evil.example.com", "GET", "/keys", 403},
		{"127.0.0.1:5", "127.0.0.1:1", "POST", "/keys", 405}, {"127.0.0.1:5", "127.0.0.1:1", "GET", "/token", 404}, {"127.0.0.1:5", "127.0.0.1:1", "POST", "/token", 404},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		r.RemoteAddr, r.Host = test.from, test.host
		w := httptest.NewRecorder()
		i.Handler().ServeHTTP(w, r)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil || w.Code != test.status || strings.Contains(string(body), `"d":`) {
			t.Errorf("%+v gives %d %s", test, w.Code, body)
		}
	}
}

func TestListensOnThisMachineOnly(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.0.0.1", ""} {
		l, err := issuer.Listen(address)
		if tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%q gives %v, %v", address, l, err)
		}
	}
	i, err := issuer.Open(issuer.Args{Dir: t.TempDir(), URL: "http://127.0.0.1:1", Audience: audience}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Serve(t.Context(), everywhere{}); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("a listener that others reach gives %v", err)
	}
}

// everywhere is a listener that others reach.
type everywhere struct{ net.Listener }

func (everywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 1} }
func (everywhere) Close() error   { return nil }
