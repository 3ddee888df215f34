package controlplane

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/tenants"
)

// Times of connections. How long a request may take is the API's business.
const (
	headerTime = 10 * time.Second // to send a request's header
	idleTime   = 2 * time.Minute  // between two requests
	closeTime  = 15 * time.Second // for requests under way, when the process stops
)

// maxHeader is how many bytes a request's header may have; a token has up to 16 KiB.
const maxHeader = 64 << 10

// listen listens on an address; name is the setting that has it.
func listen(ctx context.Context, name, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s: %s cannot be listened on: %w; name another, or end what has it", name, address, err)
	}
	return l, nil
}

// server makes an HTTP server.
func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // of connections that broke, and scanners
	}
}

// serveHTTP answers requests until ctx ends, and then those that are under way.
func serveHTTP(ctx context.Context, s *http.Server, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return tenants.Errorf(tenants.CodeUnavailable, "the server on %s ended: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := s.Shutdown(stop); err != nil {
		_ = s.Close() // what has not ended by now is cut off
	}
	return nil
}

// streams ends streams of events when ctx does: their clients open them again, at
// another process.
func streams(ctx context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			next.ServeHTTP(w, r)
			return
		}
		own, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		next.ServeHTTP(w, r.WithContext(own))
	})
}

// monitor serves health, readiness and metrics until ctx ends.
func (p *parts) monitor(ctx context.Context, l net.Listener) error {
	return serveHTTP(ctx, server(telemetry.Handler(p.ready, p.metrics), p.options.Log), l)
}

// certificate gives the server's certificate from its files, read again whenever
// one of them has changed.
func certificate(chain, key string) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	var (
		mu   sync.Mutex
		has  *tls.Certificate
		when [2]time.Time
	)
	load := func() (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		a, err := os.Stat(chain)
		b, err2 := os.Stat(key)
		if err := errors.Join(err, err2); err == nil && has != nil && when == [2]time.Time{a.ModTime(), b.ModTime()} {
			return has, nil
		}
		pair, err3 := tls.LoadX509KeyPair(chain, key)
		if err := errors.Join(err, err2, err3); err != nil {
			if has != nil {
				return has, nil // half of a change: the old one goes on
			}
			return nil, tenants.Errorf(tenants.CodeInvalid, "server.tlsCertificate and server.tlsKey: %w", err)
		}
		has, when = &pair, [2]time.Time{a.ModTime(), b.ModTime()}
		return has, nil
	}
	if _, err := load(); err != nil {
		return nil, err
	}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return load() }, nil
}
