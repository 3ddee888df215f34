package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
	gomail "github.com/wneessen/go-mail"
)

// SMTPServer is a server that takes mails. Host and Port are required.
type SMTPServer struct {
	Host     string
	Port     int            // 587 for STARTTLS, 465 with ImplicitTLS
	Username string         // empty: no authentication, which is never tried without TLS
	Password string         // never told in an error
	Implicit bool           // TLS from the first byte, rather than by STARTTLS
	RootCAs  *x509.CertPool // nil: the system's
	Timeout  time.Duration  // for the whole of a mail; 0: 15 seconds
}

// SMTP sends through a server, over a connection a mail. The connection is
// encrypted, and the server's certificate checked: a server that does not offer
// STARTTLS gets no mail, unless it is on the loopback. Make it with NewSMTP.
type SMTP struct {
	server  SMTPServer
	from    From
	tls     *tls.Config
	options []gomail.Option
}

var _ Sender = (*SMTP)(nil)

// defaultTimeout leaves a caller who has 30 seconds the time to record what became
// of a mail.
const defaultTimeout = 15 * time.Second

// NewSMTP makes a sender. It does not connect. The error is CodeInvalid.
func NewSMTP(server SMTPServer, from From) (*SMTP, error) {
	if err := from.validate(); err != nil {
		return nil, err
	}
	if server.Timeout <= 0 {
		server.Timeout = defaultTimeout
	}
	settings := &tls.Config{ServerName: server.Host, RootCAs: server.RootCAs, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{gomail.WithPort(server.Port), gomail.WithTimeout(server.Timeout), gomail.WithTLSConfig(settings)}
	switch {
	case server.Implicit:
		options = append(options, gomail.WithSSL())
	case loopback(server.Host):
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if server.Username != "" {
		how := gomail.SMTPAuthAutoDiscover
		if server.Implicit {
			how = gomail.SMTPAuthPlain // go-mail does not discover over a connection that it has not encrypted itself
		}
		options = append(options, gomail.WithSMTPAuth(how), gomail.WithUsername(server.Username), gomail.WithPassword(server.Password))
	}
	s := &SMTP{server: server, from: from, tls: settings, options: options}
	if _, err := gomail.NewClient(server.Host, options...); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the SMTP server %q cannot be used: %w", server.Host, err)
	}
	return s, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Send hands the mail to the server; see Sender.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := compose(m, s.from, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.server.Timeout)
	defer cancel()
	client, err := gomail.NewClient(s.server.Host, append(slices.Clone(s.options), gomail.WithDialContextFunc(s.dial(ctx)))...)
	if err != nil {
		return tenants.Errorf(tenants.CodeInternal, "the SMTP server %s cannot be used: %w", s.server.Host, err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		err = client.SendWithSMTPClient(connection, msg)
		// Once the server has the mail, how the connection ends does not matter.
		closing := client.CloseWithSMTPClient(connection)
		if msg.IsDelivered() {
			return nil
		}
		err = errors.Join(err, closing)
	}
	if !received(err) {
		err = &untaken{err}
	}
	return tenants.Errorf(classifySMTP(err), "the mail %s was not taken by the SMTP server %s: %w", m.ID, s.server.Host, err)
}

// Once is false: a server takes what it is given.
func (s *SMTP) Once() bool { return false }

// received tells whether the server may have the message in spite of the error:
// its end may have been sent, and there is no answer to it.
func received(err error) bool {
	sent, ok := errors.AsType[*gomail.SendError](err)
	return ok && sent.ErrorCode() < 400 && (sent.Reason == gomail.ErrWriteContent || sent.Reason == gomail.ErrSMTPDataClose)
}

// dial gives a way to the server whose connections end with the mail's context:
// go-mail waits for the server's greeting without any limit of its own.
func (s *SMTP) dial(mail context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(mail, func() { _ = conn.Close() })
		if !s.server.Implicit {
			return conn, nil
		}
		encrypted := tls.Client(conn, s.tls)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return encrypted, nil
	}
}

// classifySMTP tells a refusal for good, a code from 500 on, from what may pass.
// Source: "SMTP", RFC 5321, section 4.2.1.
func classifySMTP(err error) tenants.Code {
	if sent, ok := errors.AsType[*gomail.SendError](err); ok && !sent.IsTemp() && sent.ErrorCode() >= 500 {
		return tenants.CodeFailedPrecondition
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(certificate.UnverifiedCertificates) > 0 {
		return tenants.CodeFailedPrecondition
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok && answer.Code >= 500 {
		return tenants.CodeFailedPrecondition
	}
	return tenants.CodeUnavailable
}
