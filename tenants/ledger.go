package tenants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Ledger is the store of the control plane: the tenants, their operations, the
// orders to start them (the outbox), the record of who did what, and the answers
// that belong to idempotency keys. What belongs together is changed in one
// transaction: a process that is killed leaves all of it or nothing.
//
// The ids of operations are unique across tenants in a ledger. Times are kept to
// the microsecond. A call with a context that has ended changes nothing and is
// CodeUnavailable, as is every fault of the database that may pass. Where that
// happens in the middle of a change, the caller does not know whether it was
// carried out: an idempotency key, and what Advance says below, make it safe to
// ask again.
type Ledger interface {
	Store
	Journal

	// Begin starts an operation: the tenant is created or updated, the operation
	// recorded as running, and its order put into the outbox. CodeConflict:
	// another operation on the tenant is live (it is named), the tenant was
	// changed meanwhile, its id, a range of addresses or an origin is taken, or the
	// idempotency key was used for another request (ErrKeyUsed). CodeFailedPrecondition: the
	// tenant's status cannot become the one asked for. CodeNotFound: an update of
	// a tenant that there never was.
	Begin(ctx context.Context, c Change) (Begun, error)
	// Write is Begin without an operation and an order: for a change that needs no
	// work. Change.Operation is ignored.
	Write(ctx context.Context, c Change) (Begun, error)
	// Answer gives the answer that Begin or Write gave to a key, with Replayed;
	// false where the key has none. The error is ErrKeyUsed for a key of another request.
	Answer(ctx context.Context, k IdempotencyKey) (Begun, bool, error)
	// Advance records how an operation goes on, as Journal.Record does, and with it
	// the tenant and an audit entry. It gives the tenant as stored, the zero value
	// where none was given. What was carried out before, with the same operation to
	// the last field and a tenant of the same Version, changes nothing and is no
	// error: a caller that does not know whether it was heard may say it again.
	Advance(ctx context.Context, a Advance) (Tenant, error)
	// RequestCancel sets CancelRequested of an operation and gives the operation.
	// CodeNotFound: there is none; CodeFailedPrecondition: it has ended.
	RequestCancel(ctx context.Context, operationID string, entry AuditEntry) (Operation, error)

	// Search gives tenants by id, a page at a time.
	Search(ctx context.Context, q Query) (Page, error)
	// ByOrigin gives the tenant, not a deleted one, that has a web origin; CodeNotFound when none has.
	ByOrigin(ctx context.Context, origin string) (Tenant, error)
	// Operation gives an operation by its id; CodeNotFound when there is none.
	Operation(ctx context.Context, id string) (Operation, error)
	// SearchOperations gives operations, newest first, a page at a time.
	SearchOperations(ctx context.Context, q OperationQuery) (OperationPage, error)

	// Orders gives the orders that are due, oldest first, at most limit, which is
	// positive.
	Orders(ctx context.Context, limit int) ([]Order, error)
	// Backlog gives how many orders the outbox has, whether they are due or rest,
	// and when the oldest was put into it; the zero time when there is none.
	Backlog(ctx context.Context) (orders int, since time.Time, err error)
	// Started takes an order out of the outbox. An order that is not there is no error.
	Started(ctx context.Context, seq int64) error
	// Postponed says that an order could not be carried out: it is due again after
	// OrderDelay, and keeps the cause. An order that is not there is no error.
	Postponed(ctx context.Context, seq int64, cause error) error

	// AddAudit adds an entry that belongs to no change of the ledger's own.
	AddAudit(ctx context.Context, entry AuditEntry) (AuditEntry, error)
	// Audit gives the entries with a Seq above after, in order, at most limit,
	// which is positive: those of one tenant, or all where tenantID is empty.
	Audit(ctx context.Context, after int64, tenantID string, limit int) ([]AuditEntry, error)
	// VerifyAudit checks the whole chain, its end too, and gives the number of
	// entries. Errors are those of the function VerifyAudit.
	VerifyAudit(ctx context.Context) (int64, error)

	// Expire forgets the idempotency keys that are older than IdempotencyTTL, and
	// gives how many these were. Nothing depends on when it is called.
	Expire(ctx context.Context) (int64, error)
}

// IdempotencyTTL is how long the answer that belongs to an idempotency key is kept.
const IdempotencyTTL = 24 * time.Hour

// Change is what Begin and Write are to do.
type Change struct {
	// Tenant is the tenant as it is to be. Its Version is the one that the change
	// is based on; for a new one it does not matter. CreatedAt and UpdatedAt are
	// set by the ledger.
	Tenant Tenant
	Create bool // the tenant is new; otherwise it is updated
	// Operation is what is begun. The ledger sets its TenantID, FromStatus, Progress
	// and, where it is zero, StartedAt.
	Operation Operation
	// Audit is recorded with the change. The ledger sets Seq, At and the hashes,
	// and TenantID, OperationID and CorrelationID where they are empty.
	Audit AuditEntry
	Key   *IdempotencyKey // nil: the change is not repeatable
}

// IdempotencyKey ties a change to the request that asked for it. A key is an
// actor's own: two actors may use the same one.
type IdempotencyKey struct {
	Key         string // 1 to MaxIdempotencyKeyLength printable ASCII characters
	Actor       string // who asked
	RequestHash string // a digest of the request: two requests with one key must have the same
}

// ErrKeyUsed is what errors about an idempotency key are that was used for another
// request; they are CodeConflict.
var ErrKeyUsed = errors.New("the idempotency key was used for another request")

// MaxIdempotencyKeyLength is how many characters a key may have.
const MaxIdempotencyKeyLength = 255

// Validate gives what is wrong with the key, nil when nothing is.
func (k IdempotencyKey) Validate() []FieldError {
	var fields []FieldError
	if k.Key == "" || len(k.Key) > MaxIdempotencyKeyLength || strings.ContainsFunc(k.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		fields = append(fields, FieldError{Field: "idempotencyKey", Value: k.Key, Allowed: fmt.Sprintf("1 to %d printable ASCII characters", MaxIdempotencyKeyLength)})
	}
	if !plainText(k.Actor, true) {
		fields = append(fields, FieldError{Field: "actor", Value: k.Actor, Allowed: plainAllowed})
	}
	if !plainText(k.RequestHash, true) {
		fields = append(fields, FieldError{Field: "requestHash", Value: k.RequestHash, Allowed: plainAllowed})
	}
	return fields
}

// Begun is what Begin and Write have done.
type Begun struct {
	Tenant    Tenant
	Operation Operation // the zero value after Write
	Replayed  bool      // nothing was done: this is the answer that the key got before
}

// Advance is how an operation goes on.
type Advance struct {
	Operation Operation
	Tenant    *Tenant     // nil: it stays as it is; otherwise Version is the one that the change is based on
	Audit     *AuditEntry // nil: none
}

// Order is an operation that is to be started.
type Order struct {
	Seq           int64 // of the outbox; later orders have higher ones
	OperationID   string
	TenantID      string
	Kind          OperationKind
	CorrelationID string
	CreatedAt     time.Time
	Attempts      int    // how often it was postponed
	Cause         string // why it was postponed the last time
}

// OrderDelay gives how long an order rests after it was postponed for the
// attempts-th time: 1 s, twice as long each time, at most 30 s.
func OrderDelay(attempts int) time.Duration {
	const longest = 30 * time.Second
	if attempts < 1 {
		return 0
	}
	return min(time.Second<<min(attempts-1, 5), longest)
}

// Limits of a page.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 500
	MaxQueryWords    = 8
)

// Query says which tenants are asked for. A field that is empty restricts
// nothing; deleted tenants are found only with that status.
type Query struct {
	Tier    string
	Status  Status
	Region  string
	Service string // tenants with a state of this business service
	Product string
	Model   Model // tenants that have a placement of this model
	// Text is words: each has to be the beginning of a word of the tenant's id,
	// name or administrator's address. Case does not matter, and a word ends at
	// everything that is neither letter nor digit. At most MaxQueryWords.
	Text  string
	After string // Page.Next of the page before; empty for the first
	Limit int    // how many at most, up to MaxPageLimit; 0 means DefaultPageLimit
}

// Page is a part of what a query finds.
type Page struct {
	Tenants []Tenant
	// Next is the cursor of the page that follows, empty where none does. It is
	// good for the same query only, and stays good while tenants come and go: no
	// tenant that is there all the while is left out or given twice.
	Next string
}

// Validate gives what is wrong with the query, nil when nothing is; After is
// checked by the ledger that made it.
func (q Query) Validate() []FieldError {
	fields := validateLimit(q.Limit)
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		fields = append(fields, FieldError{Field: "status", Value: string(q.Status), Allowed: "one of " + join(texts(Statuses()))})
	}
	if q.Model != "" && q.Model != ModelPool && q.Model != ModelSilo {
		fields = append(fields, FieldError{Field: "model", Value: string(q.Model), Allowed: "pool or silo"})
	}
	for _, f := range []FieldError{{Field: "tier", Value: q.Tier}, {Field: "region", Value: q.Region}, {Field: "service", Value: q.Service},
		{Field: "product", Value: q.Product}, {Field: "text", Value: q.Text}, {Field: "after", Value: q.After}} {
		if !plainText(f.Value, false) {
			f.Allowed = plainAllowed
			fields = append(fields, f)
		}
	}
	if n := len(Words(q.Text)); strings.TrimSpace(q.Text) != "" && (n == 0 || n > MaxQueryWords) {
		fields = append(fields, FieldError{Field: "text", Value: q.Text, Allowed: fmt.Sprintf("1 to %d words of letters and digits", MaxQueryWords)})
	}
	return fields
}

// maxWordLength is how many characters of a word count.
const maxWordLength = 64

// Words gives the words of a text that Query.Text is compared with: in lower
// case, cut after 64 characters, each once, sorted.
func Words(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(strings.ToValidUTF8(text, " ")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	for i, word := range words {
		if r := []rune(word); len(r) > maxWordLength {
			words[i] = string(r[:maxWordLength])
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// OperationQuery says which operations are asked for. A field that is empty
// restricts nothing.
type OperationQuery struct {
	TenantID string
	Kind     OperationKind
	Progress Progress
	After    string // OperationPage.Next of the page before; empty for the first
	Limit    int    // how many at most, up to MaxPageLimit; 0 means DefaultPageLimit
}

// OperationPage is a part of what an OperationQuery finds.
type OperationPage struct {
	Operations []Operation
	Next       string // as that of Page
}

// Validate gives what is wrong with the query, nil when nothing is; After is
// checked by the ledger that made it.
func (q OperationQuery) Validate() []FieldError {
	fields := validateLimit(q.Limit)
	if q.TenantID != "" {
		fields = append(fields, ValidateID("tenantId", q.TenantID)...)
	}
	if q.Kind != "" && !slices.Contains(OperationKinds(), q.Kind) {
		fields = append(fields, FieldError{Field: "kind", Value: string(q.Kind), Allowed: "one of " + join(texts(OperationKinds()))})
	}
	fields = append(fields, validateProgress("progress", q.Progress)...)
	if !plainText(q.After, false) {
		fields = append(fields, FieldError{Field: "after", Value: q.After, Allowed: plainAllowed})
	}
	return fields
}

func validateLimit(limit int) []FieldError {
	if limit >= 0 && limit <= MaxPageLimit {
		return nil
	}
	return []FieldError{{Field: "limit", Value: strconv.Itoa(limit), Allowed: fmt.Sprintf("a whole number from 1 to %d, or 0 for %d", MaxPageLimit, DefaultPageLimit)}}
}

const (
	maxPlainText = 512
	plainAllowed = "at most 512 bytes of UTF-8 without control characters"
)

// plainText tells whether a text is one that every database can compare with.
func plainText(text string, required bool) bool {
	if required && text == "" {
		return false
	}
	return len(text) <= maxPlainText && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
