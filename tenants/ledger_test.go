package tenants_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " -- ": "", "Acme Corp": "acme corp", "acme-eu acme": "acme eu", "Boss@Acme.example": "acme boss example", "M\u00dcLLER & S\u00f6hne": "m\u00fcller s\u00f6hne",
		"a\xffb": "a b", "x2 \u00b2": "x2 \u00b2", strings.Repeat("\u00e9", 70): strings.Repeat("\u00e9", 64), "b a b": "a b",
	} {
		if got := tenants.Words(text); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

func TestOrderDelay(t *testing.T) {
	var got []time.Duration
	for attempts := -1; attempts < 8; attempts++ {
		got = append(got, tenants.OrderDelay(attempts)/time.Second)
	}
	if want := []time.Duration{0, 0, 1, 2, 4, 8, 16, 30, 30}; !slices.Equal(got, want) {
		t.Errorf("the delays are %v s, want %v", got, want)
	}
	if d := tenants.OrderDelay(1 << 40); d != 30*time.Second {
		t.Errorf("the longest delay is %s", d)
	}
}

func TestQueryValidate(t *testing.T) {
	check(t, tenants.Query{}.Validate())
	check(t, tenants.Query{Tier: "free", Status: tenants.StatusActive, Model: tenants.ModelSilo, Text: " a b c d e f g h ", Limit: tenants.MaxPageLimit}.Validate())
	check(t, tenants.Query{Limit: 501, Status: "x", Model: "y", Tier: "a\x00", Region: "\xff", Service: "\n", Product: strings.Repeat("p", 513), Text: "!", After: "\t"}.Validate(),
		"limit=501", "status=x", "model=y", "tier=a\x00", "region=\xff", "service=\n", "product="+strings.Repeat("p", 513), "after=\t", "text=!")
	check(t, tenants.Query{Text: "a b c d e f g h i", Limit: -1}.Validate(), "limit=-1", "text=a b c d e f g h i")
	check(t, tenants.OperationQuery{TenantID: "acme", Kind: tenants.OperationMove, Progress: tenants.ProgressFailed}.Validate())
	check(t, tenants.OperationQuery{TenantID: "A", Kind: "b", Progress: "c", After: "\x00", Limit: 501}.Validate(), "limit=501", "tenantId=A", "kind=b", "progress=c", "after=\x00")
}

func TestIdempotencyKeyValidate(t *testing.T) {
	check(t, tenants.IdempotencyKey{Key: "a b~", Actor: "\u00e4nn", RequestHash: "00"}.Validate())
	check(t, tenants.IdempotencyKey{}.Validate(), "idempotencyKey=", "actor=", "requestHash=")
	check(t, tenants.IdempotencyKey{Key: "\u00e4", Actor: "a\n", RequestHash: "\x00"}.Validate(), "idempotencyKey=\u00e4", "actor=a\n", "requestHash=\x00")
}
