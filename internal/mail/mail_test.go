package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/tenants"
)

func message(id string) mail.Message {
	return mail.Message{ID: id, To: "admin@acme.example", Subject: "Söhne & Co is ready — 50 % of it", CorrelationID: "c-1",
		Text: "line\n.\n..\nFrom here\n" + strings.Repeat("ü", 2000) + "\n", HTML: "<p>line</p>\n.\n<p>" + strings.Repeat("x", 3000) + "</p>\n"}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if string(tenants.CodeOf(err)) != code {
		t.Errorf("code %q of %v, want %q", tenants.CodeOf(err), err, code)
	}
}

// parsed is a mail as a mail program sees it.
type parsed struct {
	header netmail.Header
	parts  map[string]string // by media type
}

func parse(t *testing.T, raw string) parsed {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q, %v", kind, err)
	}
	p := parsed{m.Header, map[string]string{}}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		var content io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			content = quotedprintable.NewReader(part)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		p.parts[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

func TestSend(t *testing.T) {
	onEach(t, func(t *testing.T, d driver) {
		m := message("welcome.op1")
		if err := d.sender.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := d.received()
		if len(got) != 1 {
			t.Fatalf("%d mails arrived", len(got))
		}
		p := parse(t, got[0])
		var words mime.WordDecoder
		subject, err := words.DecodeHeader(p.header.Get("Subject"))
		if err != nil || subject != m.Subject {
			t.Errorf("subject %q, %v", subject, err)
		}
		from, err := netmail.ParseAddress(p.header.Get("From"))
		if err != nil || from.Name != sender().Name || from.Address != sender().Address {
			t.Errorf("from %v, %v", from, err)
		}
		for name, want := range map[string]string{"To": "<admin@acme.example>", "Message-Id": "<welcome.op1@exampleware.example>", mail.HeaderID: "welcome.op1",
			mail.HeaderCorrelation: "c-1", "Auto-Submitted": "auto-generated"} {
			if all := p.header[textproto.CanonicalMIMEHeaderKey(name)]; len(all) != 1 || all[0] != want {
				t.Errorf("%s is %q, want %q", name, all, want)
			}
		}
		if at, err := p.header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("date %v, %v", at, err)
		}
		if p.parts["text/plain"] != m.Text || p.parts["text/html"] != m.HTML || len(p.parts) != 2 {
			t.Errorf("parts %q", p.parts)
		}
	})
}

// TestTwice sends one mail again, from several callers: once where the driver can
// tell, and under the same name everywhere.
func TestTwice(t *testing.T) {
	onEach(t, func(t *testing.T, d driver) {
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if err := d.sender.Send(t.Context(), message("welcome.op1")); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if err := d.sender.Send(t.Context(), message("welcome.op2")); err != nil {
			t.Fatal(err)
		}
		if d.once {
			other := message("welcome.op2")
			other.Text = "another text"
			if err := d.sender.Send(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}
		if d.sender.Once() != d.once {
			t.Errorf("it says of itself that mails come once: %t", d.sender.Once())
		}
		ids := map[string]int{}
		for _, raw := range d.received() {
			if strings.Contains(raw, "another text") {
				t.Error("what was sent is written over")
			}
			ids[parse(t, raw).header.Get("Message-Id")]++
		}
		first, second := ids["<welcome.op1@exampleware.example>"], ids["<welcome.op2@exampleware.example>"]
		if second != 1 || len(ids) != 2 || (d.once && first != 1) || (!d.once && first != 3) {
			t.Errorf("%v", ids)
		}
	})
}

// TestInjection refuses whatever could end a header, name another recipient or
// leave the directory, and sends nothing then.
func TestInjection(t *testing.T) {
	onEach(t, func(t *testing.T, d driver) {
		for name, change := range map[string]func(*mail.Message){
			"subject with a header":   func(m *mail.Message) { m.Subject = "x\r\nBcc: eve@evil.example" },
			"subject with a line":     func(m *mail.Message) { m.Subject = "x\nBcc: eve@evil.example" },
			"subject with a return":   func(m *mail.Message) { m.Subject = "x\rBcc: eve@evil.example" },
			"subject with a U+2028":   func(m *mail.Message) { m.Subject = "x\u2028y" },
			"subject with a NUL":      func(m *mail.Message) { m.Subject = "x\x00y" },
			"subject not UTF-8":       func(m *mail.Message) { m.Subject = "x\xff" },
			"empty subject":           func(m *mail.Message) { m.Subject = " " },
			"two recipients":          func(m *mail.Message) { m.To = "a@b.example, eve@evil.example" },
			"recipient with a name":   func(m *mail.Message) { m.To = "Eve <eve@evil.example>" },
			"recipient with a header": func(m *mail.Message) { m.To = "a@b.example>\r\nRCPT TO:<eve@evil.example" },
			"recipient with a line":   func(m *mail.Message) { m.To = "a@b.example\n" },
			"no recipient":            func(m *mail.Message) { m.To = "" },
			"long recipient":          func(m *mail.Message) { m.To = strings.Repeat("a", 250) + "@b.example" },
			"id with a path":          func(m *mail.Message) { m.ID = "../welcome" },
			"id with a slash":         func(m *mail.Message) { m.ID = "a/b" },
			"id with dots":            func(m *mail.Message) { m.ID = "a..b" },
			"id with a header":        func(m *mail.Message) { m.ID = "a>\r\nBcc: eve@evil.example" },
			"no id":                   func(m *mail.Message) { m.ID = "" },
			"correlation id":          func(m *mail.Message) { m.CorrelationID = "c\r\nBcc: eve@evil.example" },
			"no text":                 func(m *mail.Message) { m.Text = "" },
			"no HTML":                 func(m *mail.Message) { m.HTML = "" },
		} {
			m := message("welcome.op1")
			change(&m)
			if err := d.sender.Send(t.Context(), m); tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := d.received(); len(got) != 0 {
			t.Errorf("%d mails arrived", len(got))
		}
	})
}

func TestCancelled(t *testing.T) {
	onEach(t, func(t *testing.T, d driver) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantCode(t, d.sender.Send(ctx, message("welcome.op1")), "unavailable")
		if got := d.received(); len(got) != 0 {
			t.Errorf("%d mails arrived", len(got))
		}
	})
}

func TestSenderAddress(t *testing.T) {
	for _, from := range []mail.From{{}, {Address: "no address"}, {Address: "a@b.example\r\nBcc: c@d.example"}, {Name: "x\r\nBcc: c@d.example", Address: "a@b.example"}} {
		for name, open := range map[string]func() (mail.Sender, error){
			"directory": func() (mail.Sender, error) { return mail.OpenDirectory(t.TempDir(), from) },
			"smtp":      func() (mail.Sender, error) { return mail.NewSMTP(mail.SMTPServer{Host: "localhost", Port: 25}, from) },
			"ses": func() (mail.Sender, error) {
				return mail.NewSES(t.Context(), mail.SESAccount{Region: "eu-west-1"}, from)
			},
		} {
			if _, err := open(); tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Errorf("%s with %+v: %v", name, from, err)
			}
		}
	}
}
