package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/tenants"
)

const (
	readTimeout = 10 * time.Second // a request, and the answer to it
	stopTimeout = 5 * time.Second  // what runs when Serve is to end
)

// Listen listens on an address of this machine, "127.0.0.1:0" for example, where 0
// is any free port. It is CodeInvalid for an address that others reach.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !loopback(host) {
		return nil, tenants.Invalid(tenants.FieldError{Field: "address", Value: address, Allowed: "127.0.0.1:PORT, [::1]:PORT or localhost:PORT"})
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "listening for the local issuer: %w", err)
	}
	if !isLocal(l.Addr()) {
		return nil, errors.Join(tenants.Errorf(tenants.CodeInvalid, "%s is no address of this machine alone", address), l.Close())
	}
	return l, nil
}

// Handler answers, under the path of the issuer's URL,
// /.well-known/openid-configuration and /keys. It refuses requests that do not
// come from this machine, or name another host: a page of the web whose name
// was pointed at this machine, for example.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+i.base+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		// There is no authorization endpoint: nobody logs in here.
		answer(w, map[string]any{
			"issuer": i.args.URL, "jwks_uri": i.keysURL(),
			"response_types_supported": []string{"none"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
		})
	})
	mux.HandleFunc("GET "+i.base+"/keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.public()) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if err != nil || !loopback(from) || !loopback(host) {
			http.Error(w, "the local issuer answers this machine only", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Serve answers requests until the context ends, then those that have begun. It
// closes the listener, which must be one of this machine alone, as Listen makes it.
func (i *Issuer) Serve(ctx context.Context, l net.Listener) error {
	if !isLocal(l.Addr()) {
		return errors.Join(tenants.Errorf(tenants.CodeInvalid, "the local issuer does not listen on %s, which others reach", l.Addr()), l.Close())
	}
	server := &http.Server{Handler: i.Handler(), ReadTimeout: readTimeout, WriteTimeout: readTimeout, MaxHeaderBytes: 16 << 10}
	stopped := make(chan error, 1)
	release := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(end)
	})
	err := server.Serve(l)
	if release() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func (i *Issuer) keysURL() string {
	if n := len(i.args.URL); i.args.URL[n-1] == '/' {
		return i.args.URL + "keys"
	}
	return i.args.URL + "/keys"
}

// public gives the public halves of the keys that tokens in use are signed with.
func (i *Issuer) public() jose.JSONWebKeySet {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Private.Public())
	}
	return set
}

func answer(w http.ResponseWriter, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// Whoever went away needs no answer.
	_, _ = w.Write(append(body, '\n'))
}

func isLocal(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
