package tenants

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AuditEntry is one line of the record of who did what, and why. Entries form a
// chain: each holds the hash of the one before it, so that an entry that is
// changed, left out, put in or moved is found by VerifyAudit.
//
// The chain does not protect against somebody who can write to the database and
// calculates every later hash again. For that, keep the hash of the newest entry
// in another place from time to time, and compare.
type AuditEntry struct {
	Seq           int64           `json:"seq"` // 1 for the first, and one more for each; set by the ledger
	At            time.Time       `json:"at"`  // UTC, to the microsecond; set by the ledger
	Actor         string          `json:"actor"`
	Role          string          `json:"role,omitempty"` // the role in which the actor did it
	Action        string          `json:"action"`         // what was done, "tenant.create" for example
	TenantID      string          `json:"tenantId,omitempty"`
	OperationID   string          `json:"operationId,omitempty"`
	CorrelationID string          `json:"correlationId,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Details       json.RawMessage `json:"details,omitempty"` // more, as JSON without secrets; it may be nil
	PrevHash      string          `json:"prevHash"`          // Hash of the entry before; empty for the first
	Hash          string          `json:"hash"`              // see Sum
}

// auditFormat begins what is hashed, so that a later encoding gives other hashes.
const auditFormat = "tenantform audit entry 1"

// auditTime is a time as it is hashed: UTC, with six digits of the second.
const auditTime = "2006-01-02T15:04:05.000000Z"

// maxAuditText is how long, in bytes, the texts of an audit entry may be.
const maxAuditText = 4096

// Sum gives the hash that the entry should have: the lower-case hexadecimal
// SHA-256 of the fields but for Hash, in the order of the struct, each written
// as its length in bytes, a colon, the bytes and a comma, with the text
// "tenantform audit entry 1" before them. Seq is decimal; At is UTC as
// 2006-01-02T15:04:05.000000Z; Details are the bytes of the JSON as they are.
func (e AuditEntry) Sum() string {
	h := sha256.New()
	writeField(h, auditFormat)
	for _, field := range []string{strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(auditTime), e.Actor, e.Role, e.Action,
		e.TenantID, e.OperationID, e.CorrelationID, e.Reason, string(e.Details), e.PrevHash} {
		writeField(h, field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// writeField writes one field as a netstring; a hash never fails to be written.
func writeField(h hash.Hash, field string) {
	_, _ = io.WriteString(h, strconv.Itoa(len(field))+":"+field+",")
}

// Chained gives the entry as it follows another in the chain, or as the first
// where prev is the zero value: with its Seq, its PrevHash, its Hash, and its
// time in the precision that is kept.
func (e AuditEntry) Chained(prev AuditEntry) AuditEntry {
	e.Seq, e.PrevHash = prev.Seq+1, prev.Hash
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.Hash = e.Sum()
	return e
}

// VerifyAudit checks a chain from its first entry to its last, and gives the
// last that is sound: the zero value where there is none. The error names the
// Seq of the first entry that is not sound and what is wrong with it; it is
// CodeFailedPrecondition, or what the sequence gave when it could not be read.
// A chain that has lost its end is sound as far as it goes: compare the entry
// that is given with what is known of the newest.
func VerifyAudit(entries iter.Seq2[AuditEntry, error]) (AuditEntry, error) {
	var last AuditEntry
	for e, err := range entries {
		if err != nil {
			return last, err
		}
		switch {
		case e.Seq != last.Seq+1:
			return last, brokenAudit(last.Seq+1, fmt.Sprintf("it is missing, and %d follows instead", e.Seq))
		case e.PrevHash != last.Hash:
			return last, brokenAudit(e.Seq, fmt.Sprintf("it does not follow the entry before it: that has hash %q, and it names %q", last.Hash, e.PrevHash))
		case e.Hash != e.Sum():
			return last, brokenAudit(e.Seq, "its content does not have its hash")
		}
		last = e
	}
	return last, nil
}

func brokenAudit(seq int64, why string) error {
	return Errorf(CodeFailedPrecondition, "the audit journal is broken at entry %d: %s; it was changed outside Tenantform: compare it with a backup", seq, why)
}

// Validate gives what is wrong with an entry that is to be recorded, nil when
// nothing is. What the ledger sets is not looked at.
func (e AuditEntry) Validate() []FieldError {
	var fields []FieldError
	text := func(field, value string, required bool) {
		switch {
		case required && strings.TrimSpace(value) == "":
			fields = append(fields, FieldError{Field: field, Value: value, Allowed: "a text"})
		case len(value) > maxAuditText || !utf8.ValidString(value) || strings.ContainsRune(value, 0):
			fields = append(fields, FieldError{Field: field, Value: value, Allowed: fmt.Sprintf("at most %d bytes of UTF-8 without NUL", maxAuditText)})
		}
	}
	text("actor", e.Actor, true)
	text("role", e.Role, false)
	text("action", e.Action, true)
	text("tenantId", e.TenantID, false)
	text("operationId", e.OperationID, false)
	text("reason", e.Reason, false)
	fields = append(fields, validateCorrelation("correlationId", e.CorrelationID)...)
	if e.Details != nil && !(json.Valid(e.Details) && utf8.Valid(e.Details)) {
		fields = append(fields, FieldError{Field: "details", Value: string(e.Details), Allowed: "JSON in UTF-8"})
	}
	return fields
}
