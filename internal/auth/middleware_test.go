package auth_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// house is a server with one page a tenant, and one for all.
func house(v auth.TokenVerifier, writer auth.ErrorWriter) http.Handler {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		_, _ = w.Write([]byte("for " + p.Subject))
	})
	mux := http.NewServeMux()
	mux.Handle("/tenants/{id}", auth.Require(auth.TenantsRead, func(r *http.Request) string { return r.PathValue("id") }, writer)(page))
	mux.Handle("/tenants", auth.Require(auth.TenantsList, nil, writer)(page))
	return auth.Middleware(v, writer)(mux)
}

func TestMiddleware(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	h := house(p.verifier(t, auth.Options{}), nil)
	token := sign(t, key, p.good(map[string]any{"roles": "tenant-admin", "tenant": "acme"}), nil)
	expired := sign(t, key, p.good(map[string]any{"exp": 1}), nil)
	for name, test := range map[string]struct {
		path      string
		headers   []string
		status    int
		challenge string // how WWW-Authenticate goes on behind the realm; "-" for none
		code      string
	}{
		"own tenant":          {"/tenants/acme", []string{"Bearer " + token}, 200, "-", ""},
		"scheme in lower":     {"/tenants/acme", []string{"bearer " + token}, 200, "-", ""},
		"another's tenant":    {"/tenants/globex", []string{"Bearer " + token}, 403, "-", "forbidden"},
		"all tenants":         {"/tenants", []string{"Bearer " + token}, 403, "-", "forbidden"},
		"no header":           {"/tenants/acme", nil, 401, "", "unauthenticated"},
		"token in the query":  {"/tenants/acme?access_token=" + token, nil, 401, "", "unauthenticated"},
		"empty header":        {"/tenants/acme", []string{""}, 401, "", "unauthenticated"},
		"wrong scheme":        {"/tenants/acme", []string{"Basic " + token}, 401, "", "unauthenticated"},
		"no scheme":           {"/tenants/acme", []string{token}, 401, "", "unauthenticated"},
		"no token":            {"/tenants/acme", []string{"Bearer "}, 401, `, error="invalid_request"`, "unauthenticated"},
		"two spaces":          {"/tenants/acme", []string{"Bearer  " + token}, 401, `, error="invalid_request"`, "unauthenticated"},
		"two headers":         {"/tenants/acme", []string{"Bearer " + token, "Bearer " + token}, 401, `, error="invalid_request"`, "unauthenticated"},
		"two tokens in one":   {"/tenants/acme", []string{"Bearer " + token + ", Bearer " + token}, 401, `, error="invalid_request"`, "unauthenticated"},
		"over-long":           {"/tenants/acme", []string{"Bearer " + strings.Repeat("a", auth.MaxTokenLength+1)}, 401, `, error="invalid_request"`, "unauthenticated"},
		"expired":             {"/tenants/acme", []string{"Bearer " + expired}, 401, `, error="invalid_token"`, "unauthenticated"},
		"a word":              {"/tenants/acme", []string{"Bearer acme"}, 401, `, error="invalid_request"`, "unauthenticated"},
		"page that is nobody": {"/elsewhere", nil, 401, "", "unauthenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, test.path, nil)
			for _, value := range test.headers {
				r.Header.Add("Authorization", value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			challenge := w.Header().Get("WWW-Authenticate")
			want := `Bearer realm="tenantform"` + test.challenge
			if w.Code != test.status || test.challenge == "-" && challenge != "" || test.challenge != "-" && !strings.HasPrefix(challenge, want) ||
				test.challenge == "" && challenge != want {
				t.Fatalf("got %d, %q", w.Code, challenge)
			}
			if strings.Contains(w.Body.String()+challenge, token[:20]) {
				t.Errorf("the answer has a part of the token: %s %s", challenge, w.Body)
			}
			if test.status == 200 {
				if w.Body.String() != "for ada" {
					t.Errorf("got %q", w.Body)
				}
				return
			}
			var problem struct {
				Type, Title, Detail, Code string
				Status                    int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" ||
				problem.Status != test.status || problem.Code != test.code || problem.Title != http.StatusText(test.status) || problem.Detail == "" {
				t.Errorf("got %v, %+v", w.Header(), problem)
			}
		})
	}
}

func TestMiddlewareWhenTheProviderIsDown(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	p.down.Store(true)
	r := httptest.NewRequest(http.MethodGet, "/tenants", nil)
	r.Header.Set("Authorization", "Bearer "+sign(t, key, p.good(nil), nil))
	w := httptest.NewRecorder()
	house(p.verifier(t, auth.Options{}), nil).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
	if strings.Contains(w.Body.String(), p.URL) {
		t.Errorf("the answer shows the cause: %s", w.Body)
	}
}

// recorder is an ErrorWriter that keeps what it was given.
type recorder struct{ err error }

func (rec *recorder) WriteError(w http.ResponseWriter, _ *http.Request, err error) {
	rec.err = err
	w.WriteHeader(http.StatusTeapot)
}

func TestErrorsAreShapedByTheWriter(t *testing.T) {
	rec := &recorder{}
	w := httptest.NewRecorder()
	house(nil, rec).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tenants", nil))
	if w.Code != http.StatusTeapot || !errors.Is(rec.err, auth.ErrUnauthenticated) || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("got %d, %v, %v", w.Code, rec.err, w.Header())
	}
	w = httptest.NewRecorder()
	auth.Require(auth.TenantsRead, nil, rec)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusTeapot || !errors.Is(rec.err, auth.ErrUnauthenticated) {
		t.Errorf("without a principal: %d, %v", w.Code, rec.err)
	}
}

func TestStatusOfAnythingElse(t *testing.T) {
	for _, err := range []error{errors.New("secret cause"), tenants.Errorf(tenants.CodeInternal, "broken")} {
		if got := auth.StatusOf(err); got != http.StatusInternalServerError {
			t.Errorf("%v gives %d", err, got)
		}
	}
	w := httptest.NewRecorder()
	auth.Refuse(w, httptest.NewRequest(http.MethodGet, "/", nil), nil, errors.New("secret cause"))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("got %d, %s", w.Code, w.Body)
	}
}

func TestPrincipalAndErrorsShowNoTokenInLogs(t *testing.T) {
	key := esKey(t, "key")
	p := newProvider(t, key)
	token := sign(t, key, p.good(nil), nil)
	who, err := p.verifier(t, auth.Options{}).Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	_, refused := p.verifier(t, auth.Options{}).Verify(t.Context(), token[:len(token)-8])
	p.down.Store(true)
	_, down := p.verifier(t, auth.Options{}).Verify(t.Context(), token)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("seen", "principal", who, "refused", refused, "down", down, "cause", errors.Unwrap(down))
	for part := range strings.SplitSeq(token, ".") {
		if strings.Contains(log.String(), part[:16]) {
			t.Errorf("the log has a part of the token: %s", log.String())
		}
	}
}

func FuzzBearerToken(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer x", "bearer  x", "Basic x", "Bearer x, Bearer y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := auth.BearerToken(http.Header{"Authorization": {value}})
		if err == nil && (token == "" || !strings.EqualFold(value, "Bearer "+token)) || err != nil && (token != "" || !errors.Is(err, auth.ErrUnauthenticated)) {
			t.Errorf("%q gives %q, %v", value, token, err)
		}
	})
}
