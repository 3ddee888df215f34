package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// What holds where Options say nothing.
const (
	DefaultAttempts = 4
	DefaultTimeout  = 30 * time.Second
	DefaultMaxPause = 30 * time.Second
	DefaultPatience = 2 * time.Minute
)

// MaxAttempts is how often a request may be tried at most.
const MaxAttempts = 20

// maxAnswer is how many bytes of an answer are read. A page of 500 tenants, each
// with all the origins and products that it may have, takes half of it.
const maxAnswer = 16 << 20

// Args are what a client cannot do without.
type Args struct {
	// URL is where the control plane is, "https://tenants.example" for example:
	// https, or http on this machine. It may have a path, and nothing after it.
	URL string
	// Token gives the bearer token. It is asked before each try, so that a token
	// that has been replaced is taken up; its errors are given to the caller.
	Token func(ctx context.Context) (string, error)
}

// Options are what may be left out; nil and the zero value are fine.
type Options struct {
	Attempts int           // how often a request is tried, up to MaxAttempts; 0: DefaultAttempts
	Timeout  time.Duration // for one try, answer and all; 0: DefaultTimeout
	// MaxPause is the longest pause between two tries. Where the control plane asks
	// for a longer one the request fails, and says so. 0: DefaultMaxPause.
	MaxPause  time.Duration
	Patience  time.Duration     // how long Watch tries to be connected again; 0: DefaultPatience
	Transport http.RoundTripper // nil: one like the standard library's; it must not follow redirects
	UserAgent string            // empty: "tenantform"
}

// Client speaks to one control plane as one user. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token func(ctx context.Context) (string, error)
	opts  Options
	http  *http.Client
	sleep func(ctx context.Context, d time.Duration) error
	idle  time.Duration // after which a watch that hears nothing is connected again
}

// New makes a client. It sends nothing yet. CodeInvalid names what is wrong with
// the arguments.
func New(args Args, opts *Options) (*Client, error) {
	base, err := parseURL(args.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, token: args.Token, sleep: sleep, idle: heartbeats}
	if opts != nil {
		c.opts = *opts
	}
	if c.token == nil {
		return nil, invalid("token", "", "a function that gives the token")
	}
	if c.opts.Attempts < 0 || c.opts.Attempts > MaxAttempts || c.opts.Timeout < 0 || c.opts.MaxPause < 0 || c.opts.Patience < 0 {
		return nil, tenants.Errorf(tenants.CodeInvalid, "a client's options are negative, or ask for more than %d attempts", MaxAttempts)
	}
	c.opts.Attempts = or(c.opts.Attempts, DefaultAttempts)
	c.opts.Timeout = or(c.opts.Timeout, DefaultTimeout)
	c.opts.MaxPause = or(c.opts.MaxPause, DefaultMaxPause)
	c.opts.Patience = or(c.opts.Patience, DefaultPatience)
	c.opts.UserAgent = or(c.opts.UserAgent, "tenantform")
	transport := c.opts.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func invalid(field, value, allowed string) error {
	return tenants.Invalid(tenants.FieldError{Field: field, Value: value, Allowed: allowed})
}

// parseURL checks where a token would be sent.
func parseURL(text string) (*url.URL, error) {
	const allowed = `the control plane's address: "https://tenants.example" for example, or "http://127.0.0.1:8080" on this machine`
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, invalid("url", text, allowed)
	}
	if u.User != nil {
		return nil, invalid("url", u.Redacted(), "an address without a user and a password: the token says who you are")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, invalid("url", text, "an address with nothing after its path")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, invalid("url", text, "https: without TLS a token goes no further than this machine")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// loopback tells whether a host is this machine by its name alone.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// URL gives the address of the control plane.
func (c *Client) URL() string { return c.base.String() }

// NewKey makes an idempotency key that nobody else makes.
func NewKey() string { return rand.Text() }

// call is a request before it is sent.
type call struct {
	method string
	path   []string // its parts, not escaped
	query  url.Values
	body   any // encoded as JSON; nil for none
	header map[string]string
	write  *Write // of a request that changes something
}

// Write is what goes with a request that changes something. The zero value is
// fine, and nil.
type Write struct {
	// Key is the idempotency key: the same request with the same key is carried
	// out once, and gets the same answer again. Empty: the client makes one for
	// the tries of this call.
	Key string
	// DryRun asks for what the request would do, checked as the request would be.
	// Nothing is changed.
	DryRun bool
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// prepare makes what every try of a call sends alike, but for the token.
func (c *Client) prepare(k call) (target string, header http.Header, body []byte, err error) {
	header = http.Header{"Accept": {"application/json, " + wire.ContentProblem}, "User-Agent": {c.opts.UserAgent}}
	query := maps.Clone(k.query)
	if k.method != http.MethodGet {
		w := Write{}
		if k.write != nil {
			w = *k.write
		}
		header.Set(wire.HeaderIdempotencyKey, or(w.Key, NewKey()))
		if w.DryRun {
			if query == nil {
				query = url.Values{}
			}
			query.Set("dryRun", "true")
		}
	}
	if k.body != nil {
		if body, err = json.Marshal(k.body); err != nil {
			return "", nil, nil, tenants.Errorf(tenants.CodeInvalid, "the request cannot be written as JSON: %w", err)
		}
		header.Set("Content-Type", "application/json")
	}
	for name, value := range k.header {
		header.Set(name, value)
	}
	for name, values := range header {
		for _, v := range values {
			if !printable(v) {
				return "", nil, nil, invalid(name, v, "printable ASCII characters")
			}
		}
	}
	return c.target(k.path, query), header, body, nil
}

// target gives the URL of a path whose parts may hold anything.
func (c *Client) target(parts []string, query url.Values) string {
	u := *c.base
	var raw strings.Builder
	raw.WriteString(u.EscapedPath())
	for _, p := range parts {
		raw.WriteString("/" + url.PathEscape(p))
	}
	u.RawPath = raw.String()
	u.Path, _ = url.PathUnescape(u.RawPath)
	u.RawQuery = query.Encode()
	return u.String()
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// send makes one try.
func (c *Client) send(ctx context.Context, method, target string, header http.Header, body []byte) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the request cannot be made: %w", err)
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, &tokenError{err}
	}
	if token == "" || strings.Contains(token, " ") || !printable(token) {
		return nil, &tokenError{tenants.Errorf(tenants.CodeInvalid, "the token is empty, or holds characters that no token has")}
	}
	req.Header = header.Clone()
	req.Header.Set("Authorization", "Bearer "+token)
	return c.http.Do(req)
}

// do makes a call, as often as it takes, and decodes the answer into out, which
// may be nil. It gives the answer's status and headers.
func (c *Client) do(ctx context.Context, k call, out any) (answer, error) {
	target, header, body, err := c.prepare(k)
	if err != nil {
		return answer{}, err
	}
	for attempt := 1; ; attempt++ {
		a, err := c.try(ctx, k.method, target, header, body)
		if err == nil {
			return a, decode(a, out)
		}
		pause, again := c.again(ctx, err, attempt)
		if !again || attempt >= c.opts.Attempts {
			return a, c.public(ctx, err)
		}
		if c.sleep(ctx, pause) != nil {
			return a, c.public(ctx, err)
		}
	}
}

// try makes one try, and reads the answer to its end.
func (c *Client) try(ctx context.Context, method, target string, header http.Header, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	res, err := c.send(ctx, method, target, header, body)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return a, err
	}
	if len(a.body) > maxAnswer {
		return a, tenants.Errorf(tenants.CodeInternal, "the control plane's answer has more than %d MB", maxAnswer>>20)
	}
	if a.status < 200 || a.status > 299 && a.status != http.StatusNotModified {
		return a, c.refusal(a)
	}
	return a, nil
}

// decode reads the JSON of an answer.
func decode(a answer, out any) error {
	if out == nil || a.status == http.StatusNotModified {
		return nil
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return tenants.Errorf(tenants.CodeInternal, "the control plane's answer is not in the form that this version knows: %w", err)
	}
	return nil
}
