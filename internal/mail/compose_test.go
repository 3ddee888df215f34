package mail_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/tenants"
)

func subjects() (mail.Product, tenants.Operation, tenants.Tenant) {
	at := time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)
	return mail.Product{Name: "Exampleware", Support: "help@exampleware.example"},
		tenants.Operation{ID: "op1", TenantID: "acme", Kind: tenants.OperationMove, Initiator: "dana@example.com", Reason: "grew", ToTier: "premium", CorrelationID: "c-1"},
		tenants.Tenant{ID: "acme", Name: "Acme <b>& Söhne</b>", AdminEmail: "admin@acme.example", Tier: "standard", Region: "eu-west-1", CostCenter: "4711",
			Origins: []string{"https://acme.example"}, Products: []tenants.Product{{Name: "reports", Licences: 25, AddedAt: at}},
			Settings: tenants.Settings{UserPoolID: "eu-west-1_pool", AppClientID: "client7", Endpoint: "https://api.acme.example", IssuerURL: "https://issuer.example"}}
}

var tags = regexp.MustCompile(`(?s)<style.*?</style>|<title>.*?</title>|<[^>]*>`)

// TestCompose holds each mail to what it must say, in both parts, and to what it
// must not.
func TestCompose(t *testing.T) {
	p, o, tenant := subjects()
	when := time.Date(2026, 5, 6, 7, 0, 0, 0, time.FixedZone("", 7200))
	for name, c := range map[string]struct {
		make    func() (mail.Message, error)
		to      string
		id      string
		subject string
		says    []string
		not     []string
	}{
		"welcome": {func() (mail.Message, error) { return p.Welcome(o, tenant) }, "admin@acme.example", "welcome.op1", "Acme <b>& Söhne</b> is ready on Exampleware",
			[]string{"https://acme.example", "https://api.acme.example", "acme", "standard", "eu-west-1", "reports, 25 licences", "help@exampleware.example"}, []string{"4711", "client7"}},
		"move": {func() (mail.Message, error) { return p.MoveDeadline(o, tenant, when) }, "admin@acme.example", "move-deadline.op1",
			"Acme <b>& Söhne</b> moves on Exampleware: sign in by 6 May 2026, 05:00 UTC", []string{"premium", "6 May 2026, 05:00 UTC", "once before"}, nil},
		"deletion": {func() (mail.Message, error) { return p.Deletion(o, tenant) }, "admin@acme.example", "deletion.op1",
			"Acme <b>& Söhne</b> has been deleted from Exampleware", []string{"Nobody can sign in", "dana@example.com", "grew", "help@exampleware.example"}, []string{"mistake"}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			if m.To != c.to || m.ID != c.id || m.Subject != c.subject || m.CorrelationID != "c-1" || m.Validate() != nil {
				t.Errorf("%+v, %v", m, m.Validate())
			}
			if strings.Contains(m.HTML, "<b>") || !strings.Contains(m.HTML, html.EscapeString(c.subject)) {
				t.Errorf("the HTML does not escape: %s", m.HTML)
			}
			for part, text := range map[string]string{"text": m.Text, "html": html.UnescapeString(tags.ReplaceAllString(m.HTML, " "))} {
				text = strings.Join(strings.Fields(text), " ")
				for _, want := range c.says {
					if !strings.Contains(text, want) && !strings.Contains(strings.ReplaceAll(text, " : ", ": "), want) {
						t.Errorf("the %s part does not say %q: %s", part, want, text)
					}
				}
				for _, not := range append(c.not, "<no value>", "{{", "%!") {
					if strings.Contains(text, not) {
						t.Errorf("the %s part says %q: %s", part, not, text)
					}
				}
			}
			for line := range strings.Lines(m.Text) {
				if len([]rune(line)) > 100 || strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
					t.Errorf("a line of the text is long or ends in blanks: %q", line)
				}
			}
		})
	}
}

// TestComposeRefuses gives no mail where a name could end a header, or nobody is
// to get it.
func TestComposeRefuses(t *testing.T) {
	p, o, tenant := subjects()
	for name, change := range map[string]func(*tenants.Tenant, *tenants.Operation){
		"name with a line": func(t *tenants.Tenant, _ *tenants.Operation) { t.Name = "Acme\r\nBcc: eve@evil.example" },
		"two addresses":    func(t *tenants.Tenant, _ *tenants.Operation) { t.AdminEmail = "a@b.example,eve@evil.example" },
		"no address":       func(t *tenants.Tenant, _ *tenants.Operation) { t.AdminEmail = "" },
		"no operation":     func(_ *tenants.Tenant, o *tenants.Operation) { o.ID = "" },
	} {
		changedTenant, changedOperation := tenant, o
		change(&changedTenant, &changedOperation)
		if m, err := p.Welcome(changedOperation, changedTenant); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := p.MoveDeadline(o, tenant, time.Time{}); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("no deadline: %v", err)
	}
	tenant.Name = strings.Repeat("ü", 300)
	if m, err := p.Welcome(o, tenant); err != nil || len([]rune(m.Subject)) != 200 {
		t.Errorf("a long name: %d, %v", len([]rune(m.Subject)), err)
	}
	hostile := tenant
	hostile.Name, hostile.Origins = `"><script>alert(1)</script>`, []string{`javascript:alert(1)`}
	m, err := p.Welcome(o, hostile)
	if err != nil || strings.Contains(m.HTML, "<script>") || strings.Contains(m.HTML, `href="javascript`) {
		t.Errorf("%s, %v", m.HTML, err)
	}
}
