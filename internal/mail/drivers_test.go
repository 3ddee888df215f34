package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/internal/mototest"
)

// driver is a sender with a way to see what arrived.
type driver struct {
	sender   mail.Sender
	received func() []string // MIME messages
	once     bool            // whether an id is sent once whatever happens
}

func sender() mail.From {
	return mail.From{Name: "Exampleware", Address: "no-reply@exampleware.example"}
}

// onEach runs a test on each driver.
func onEach(t *testing.T, test func(t *testing.T, d driver)) {
	for name, open := range map[string]func(*testing.T) driver{"directory": directoryDriver, "smtp": smtpDriver, "ses": sesDriver} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func directoryDriver(t *testing.T) driver {
	dir := filepath.Join(t.TempDir(), "mails")
	gone := killtest.Leave(t, dir, ".tmp-1")
	s, err := mail.OpenDirectory(dir, sender())
	if err != nil {
		t.Fatal(err)
	}
	gone()
	return driver{sender: s, once: true, received: func() []string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil || filepath.Ext(e.Name()) != ".eml" {
				t.Errorf("%s, %v", e.Name(), err)
			}
			all = append(all, string(content))
		}
		return all
	}}
}

func sesDriver(t *testing.T) driver {
	endpoint := mototest.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sesv2.NewFromConfig(cfg).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(sender().Address)}); err != nil {
		t.Fatal(err)
	}
	s, err := mail.NewSES(t.Context(), mail.SESAccount{}, sender())
	if err != nil {
		t.Fatal(err)
	}
	return driver{sender: s, received: func() []string {
		answer, err := http.Get(endpoint + "/moto-api/data.json")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var data struct {
			SES struct {
				RawMessage []struct {
					Raw string `json:"raw_data"`
				}
			} `json:"ses"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&data); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range data.SES.RawMessage {
			all = append(all, m.Raw)
		}
		return all
	}}
}

// postbox is an SMTP server that keeps what it gets.
type postbox struct {
	mu       sync.Mutex
	mails    []string
	envelope []string // "from>to"
	password string   // empty: nobody has to sign in
	refuse   *smtp.SMTPError
	full     *smtp.SMTPError // what it says once it has a mail, and takes it not
	hangUp   bool            // it takes a mail and does not say so
	slow     time.Duration   // before it says that it has taken a mail
}

func (p *postbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{box: p, conn: c}, nil
}

type session struct {
	box      *postbox
	conn     *smtp.Conn
	from, to string
	signedIn bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if s.box.password == "" || username != "user" || password != s.box.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.box.password != "" && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.box.refuse != nil {
		return s.box.refuse
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.box.full != nil {
		return s.box.full
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	defer time.Sleep(s.box.slow)
	if s.box.hangUp {
		defer func() { _ = s.conn.Conn().Close() }()
	}
	s.box.mails = append(s.box.mails, string(content))
	s.box.envelope = append(s.box.envelope, s.from+">"+s.to)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (p *postbox) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mails)
}

// serve runs the server on a free port of the loopback.
func (p *postbox) serve(t *testing.T, cfg *tls.Config, implicit bool) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	s := smtp.NewServer(p)
	s.Domain = "localhost"
	s.AllowInsecureAuth = true
	s.ErrorLog = quiet{}
	if implicit {
		l = tls.NewListener(l, cfg)
	} else {
		s.TLSConfig = cfg
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		_ = l.Close() // for a server that has not begun yet
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return port
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func smtpDriver(t *testing.T) driver {
	var box postbox
	s, err := mail.NewSMTP(mail.SMTPServer{Host: "127.0.0.1", Port: box.serve(t, nil, false)}, sender())
	if err != nil {
		t.Fatal(err)
	}
	return driver{sender: s, received: box.all}
}

// certificate makes one for an address, and the pool that trusts it.
func certificate(t *testing.T, address string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// elsewhere reaches the loopback, and is an address outside of it.
const elsewhere = "0.0.0.0"

// TestSMTPEncryption sends nothing in clear to a server that is not on the
// loopback, and nothing to one that cannot show that it is itself.
func TestSMTPEncryption(t *testing.T) {
	cfg, pool := certificate(t, elsewhere)
	for name, c := range map[string]struct {
		tls      *tls.Config
		implicit bool
		trust    *x509.CertPool
		code     string
	}{
		"no STARTTLS":           {nil, false, pool, "unavailable"},
		"STARTTLS":              {cfg, false, pool, ""},
		"STARTTLS, not trusted": {cfg, false, nil, "failed_precondition"},
		"implicit":              {cfg, true, pool, ""},
		"implicit, not trusted": {cfg, true, nil, "failed_precondition"},
		"implicit, plain there": {nil, false, pool, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			var box postbox
			server := mail.SMTPServer{Host: elsewhere, Implicit: strings.HasPrefix(name, "implicit"), RootCAs: c.trust, Timeout: 5 * time.Second}
			if c.tls != nil { // a password, too, would keep a mail from going out in clear
				box.password, server.Username, server.Password = "hunter2", "user", "hunter2"
			}
			server.Port = box.serve(t, c.tls, c.implicit && c.tls != nil)
			s, err := mail.NewSMTP(server, sender())
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), message("welcome.op1"))
			wantCode(t, err, c.code)
			if n := len(box.all()); (n == 1) != (c.code == "") {
				t.Errorf("%d mails arrived", n)
			}
		})
	}
}

func TestSMTPRefusals(t *testing.T) {
	cfg, pool := certificate(t, "127.0.0.1")
	for name, c := range map[string]struct {
		box      *postbox
		password string
		code     string
	}{
		"for good":       {&postbox{refuse: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}}, "", "failed_precondition"},
		"for now":        {&postbox{refuse: &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "busy"}}, "", "unavailable"},
		"wrong password": {&postbox{password: "other"}, "hunter2", "failed_precondition"},
	} {
		t.Run(name, func(t *testing.T) {
			server := mail.SMTPServer{Host: "127.0.0.1", Port: c.box.serve(t, cfg, false), Password: c.password, RootCAs: pool, Timeout: 5 * time.Second}
			if c.password != "" {
				server.Username = "user"
			}
			s, err := mail.NewSMTP(server, sender())
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), message("welcome.op1"))
			wantCode(t, err, c.code)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// TestSMTPUnreachable ends in time when nobody answers.
func TestSMTPUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s, err := mail.NewSMTP(mail.SMTPServer{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Timeout: 300 * time.Millisecond}, sender())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantCode(t, s.Send(context.Background(), message("welcome.op1")), "unavailable")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it gave up after %s", took)
	}
}

// TestSMTPUntaken: what may have arrived is told from what has not.
func TestSMTPUntaken(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		box     *postbox // nil: nobody listens
		code    string
		arrived int
	}{
		"nobody there":        {nil, "unavailable", 0},
		"refused for now":     {&postbox{refuse: &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "busy"}}, "unavailable", 0},
		"refused for good":    {&postbox{refuse: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}}, "failed_precondition", 0},
		"refused at its end":  {&postbox{full: &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "full"}}, "unavailable", 0},
		"taken without a say": {&postbox{hangUp: true}, "unavailable", 1},
		"taken too late":      {&postbox{slow: 2 * time.Second}, "unavailable", 1},
	} {
		t.Run(name, func(t *testing.T) {
			port := closed.Addr().(*net.TCPAddr).Port
			if c.box != nil {
				port = c.box.serve(t, nil, false)
			}
			s, err := mail.NewSMTP(mail.SMTPServer{Host: "127.0.0.1", Port: port, Timeout: time.Second}, sender())
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), message("welcome.op1"))
			wantCode(t, err, c.code)
			arrived := 0
			if c.box != nil {
				arrived = len(c.box.all())
			}
			if arrived != c.arrived || mail.Untaken(err) != (c.arrived == 0) {
				t.Errorf("%d mails arrived; untaken: %t: %v", arrived, mail.Untaken(err), err)
			}
		})
	}
}

// TestSESUntaken: what SES has refused, or was not reached with, is told from what
// it may have; none is sent again by the driver.
func TestSESUntaken(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		calls  int32
		taken  bool // perhaps
	}{
		"throttled": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1, false},
		"its fault": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-ErrorType", "InternalFailure")
			w.WriteHeader(http.StatusInternalServerError)
		}, 1, true},
		"hangs up":    {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 1, true},
		"unreachable": {nil, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				c.answer(w)
			}))
			defer server.Close()
			if c.answer == nil {
				server.Close()
			}
			for k, v := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"} {
				t.Setenv(k, v)
			}
			s, err := mail.NewSES(t.Context(), mail.SESAccount{}, sender())
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), message("welcome.op1"))
			wantCode(t, err, "unavailable")
			if calls.Load() != c.calls || mail.Untaken(err) == c.taken {
				t.Errorf("%d calls; untaken: %t: %v", calls.Load(), mail.Untaken(err), err)
			}
		})
	}
}

// TestSESUnverified says for good that the sender is not verified.
func TestSESUnverified(t *testing.T) {
	mototest.Start(t)
	s, err := mail.NewSES(t.Context(), mail.SESAccount{Region: mototest.Region}, mail.From{Address: "somebody@else.example"})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Send(t.Context(), message("welcome.op1")), "failed_precondition")
}
