package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// condition collects what a statement's WHERE says, with its arguments.
type condition struct {
	parts []string
	args  []any
}

// arg gives the placeholder of an argument.
func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *condition) and(part string) { c.parts = append(c.parts, part) }

// equal restricts a column to a value, unless the value is empty.
func (c *condition) equal(column, value string) {
	if value != "" {
		c.and(column + " = " + c.arg(value))
	}
}

func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// Search gives tenants by id.
func (s *Store) Search(ctx context.Context, query tenants.Query) (tenants.Page, error) {
	if err := alive(ctx); err != nil {
		return tenants.Page{}, err
	}
	if err := tenants.Invalid(query.Validate()...); err != nil {
		return tenants.Page{}, err
	}
	mark := digest("tenants", query.Tier, string(query.Status), query.Region, query.Service, query.Product, string(query.Model), strings.Join(tenants.Words(query.Text), " "))
	after, err := mark.open(query.After)
	if err != nil {
		return tenants.Page{}, err
	}
	limit := cmp.Or(query.Limit, tenants.DefaultPageLimit)
	statement, args := searchStatement(query, after, limit+1)
	found, err := documents[tenants.Tenant](s.reading(ctx), statement, args...)
	if err != nil {
		return tenants.Page{}, s.classified(ctx, err)
	}
	page := tenants.Page{Tenants: found}
	if len(found) > limit {
		page.Tenants = found[:limit]
		page.Next = mark.seal(found[limit-1].ID)
	}
	return page, nil
}

// searchStatement gives the statement for the tenants behind an id. The first
// term that a tenant must have leads: its tenants are in order already, so that
// only as many are read as are asked for. A word is a range of terms, whose
// tenants are not in order, and are collected first.
func searchStatement(query tenants.Query, after string, limit int) (string, []any) {
	var c condition
	from, lead := "tenants", "tenants.id"
	for _, t := range []term{{"service", query.Service}, {"product", query.Product}, {"model", string(query.Model)}} {
		if t.term == "" {
			continue
		}
		// SQLite keeps the order of a CROSS JOIN.
		if lead == "tenants.id" {
			from, lead = "tenant_terms AS "+t.kind+" CROSS JOIN tenants", t.kind+".tenant_id"
			c.and("tenants.id = " + lead)
		} else {
			from += " CROSS JOIN tenant_terms AS " + t.kind
			c.and(t.kind + ".tenant_id = " + lead)
		}
		c.and(t.kind + ".kind = '" + t.kind + "'")
		c.equal(t.kind+".term", t.term)
	}
	afterArg := ""
	if after != "" {
		afterArg = c.arg(after)
		c.and(lead + " > " + afterArg)
	}
	if query.Status == "" {
		c.and("tenants.status <> 'deleted'")
	}
	c.equal("tenants.status", string(query.Status))
	c.equal("tenants.tier", query.Tier)
	c.equal("tenants.region", query.Region)
	for _, word := range tenants.Words(query.Text) {
		// The highest character ends all that begins with the word.
		part := "tenants.id IN (SELECT tenant_id FROM tenant_terms WHERE kind = 'word' AND term >= " + c.arg(word) + " AND term < " + c.arg(word+"\U0010FFFF")
		if after != "" {
			part += " AND tenant_id > " + afterArg
		}
		c.and(part + ")")
	}
	return "SELECT tenants.document FROM " + from + c.where() + " ORDER BY " + lead + " LIMIT " + strconv.Itoa(limit), c.args
}

// ByOrigin gives the tenant that has a web origin.
func (s *Store) ByOrigin(ctx context.Context, origin string) (tenants.Tenant, error) {
	if err := alive(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	none := tenants.Errorf(tenants.CodeNotFound, "no tenant has the origin %q", origin)
	if tenants.ValidateOrigin("origin", origin) != nil {
		return tenants.Tenant{}, none
	}
	t, found, err := document[tenants.Tenant](s.reading(ctx),
		"SELECT document FROM tenants WHERE id = (SELECT tenant_id FROM tenant_origins WHERE origin = $1)", origin)
	if err != nil {
		return tenants.Tenant{}, s.classified(ctx, err)
	}
	if !found {
		return tenants.Tenant{}, none
	}
	return t, nil
}

// SearchOperations gives operations, newest first.
func (s *Store) SearchOperations(ctx context.Context, query tenants.OperationQuery) (tenants.OperationPage, error) {
	if err := alive(ctx); err != nil {
		return tenants.OperationPage{}, err
	}
	if err := tenants.Invalid(query.Validate()...); err != nil {
		return tenants.OperationPage{}, err
	}
	mark := digest("operations", query.TenantID, string(query.Kind), string(query.Progress))
	after, err := mark.open(query.After)
	if err != nil {
		return tenants.OperationPage{}, err
	}
	limit := cmp.Or(query.Limit, tenants.DefaultPageLimit)
	statement, args, err := s.operationsStatement(query, after, limit+1)
	if err != nil {
		return tenants.OperationPage{}, err
	}
	found, err := documents[tenants.Operation](s.reading(ctx), statement, args...)
	if err != nil {
		return tenants.OperationPage{}, s.classified(ctx, err)
	}
	page := tenants.OperationPage{Operations: found}
	if len(found) > limit {
		page.Operations = found[:limit]
		last := found[limit-1]
		page.Next = mark.seal(strconv.FormatInt(last.StartedAt.UnixMicro(), 10) + " " + last.ID)
	}
	return page, nil
}

// operationsStatement gives the statement for the operations behind one, which is
// named by its start in microseconds and its id. Those of one tenant are few, and
// are looked for by nothing else.
func (s *Store) operationsStatement(query tenants.OperationQuery, after string, limit int) (string, []any, error) {
	var c condition
	c.equal("tenant_id", query.TenantID)
	filter := ""
	if query.TenantID != "" {
		filter = s.dialect.unindexed
	}
	c.equal(filter+"kind", string(query.Kind))
	c.equal(filter+"progress", string(query.Progress))
	if after != "" {
		started, id, _ := strings.Cut(after, " ")
		micros, err := strconv.ParseInt(started, 10, 64)
		if err != nil {
			return "", nil, wrongCursor(after)
		}
		c.and("(started_at, id) < (" + c.arg(micros) + ", " + c.arg(id) + ")")
	}
	return "SELECT document FROM operations" + c.where() + " ORDER BY started_at DESC, id DESC LIMIT " + strconv.Itoa(limit), c.args, nil
}

// cursorMark is what the cursors of one query begin with, so that one is not taken
// for another's.
type cursorMark [8]byte

func digest(parts ...string) cursorMark {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return cursorMark(sum[:len(cursorMark{})])
}

// seal makes a cursor of the place at which a page ended.
func (m cursorMark) seal(place string) string {
	return base64.RawURLEncoding.EncodeToString(append(m[:], place...))
}

// open gives the place at which the page before ended; empty for the first page.
func (m cursorMark) open(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(data) <= len(m) || cursorMark(data[:len(m)]) != m {
		return "", wrongCursor(cursor)
	}
	place := string(data[len(m):])
	if !indexable(place) {
		return "", wrongCursor(cursor)
	}
	return place, nil
}

func wrongCursor(cursor string) error {
	return tenants.Invalid(tenants.FieldError{Field: "after", Value: cursor, Allowed: "the cursor of a page that the same query gave, or nothing"})
}
