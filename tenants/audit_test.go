package tenants_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"pgregory.net/rapid"
)

// TestAuditSum holds the encoding to what its documentation says, written down a
// second time.
func TestAuditSum(t *testing.T) {
	e := tenants.AuditEntry{Seq: 12, At: time.Date(2026, 3, 4, 5, 6, 7, 89_012_999, time.FixedZone("", 3600)), Actor: "ann", Role: "operator", Action: "tenant.create", TenantID: "acme",
		OperationID: "op-1", CorrelationID: "c-1", Reason: "gr\u00fcn", Details: json.RawMessage(`{"a": 1}`), PrevHash: "00ff", Hash: "ignored"}
	plain := "24:tenantform audit entry 1,2:12,27:2026-03-04T04:06:07.089012Z,3:ann,8:operator,13:tenant.create,4:acme,4:op-1,3:c-1,5:gr\u00fcn,8:{\"a\": 1},4:00ff,"
	sum := sha256.Sum256([]byte(plain))
	if got, want := e.Sum(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the hash is %s, want that of %q, %s", got, plain, want)
	}
}

func chain(n int) []tenants.AuditEntry {
	var all []tenants.AuditEntry
	var last tenants.AuditEntry
	for i := range n {
		last = tenants.AuditEntry{Actor: "ann", Action: fmt.Sprintf("act-%d", i), At: time.Unix(int64(i), 1).UTC()}.Chained(last)
		all = append(all, last)
	}
	return all
}

func sequence(entries []tenants.AuditEntry, end error) iter.Seq2[tenants.AuditEntry, error] {
	return func(yield func(tenants.AuditEntry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
		if end != nil {
			yield(tenants.AuditEntry{}, end)
		}
	}
}

func TestVerifyAudit(t *testing.T) {
	if last, err := tenants.VerifyAudit(sequence(nil, nil)); err != nil || last.Seq != 0 {
		t.Errorf("no entries: %+v, %v", last, err)
	}
	whole := chain(6)
	if last, err := tenants.VerifyAudit(sequence(whole, nil)); err != nil || last.Hash != whole[5].Hash {
		t.Errorf("a sound chain: %+v, %v", last, err)
	}
	lost := errors.New("disk")
	if last, err := tenants.VerifyAudit(sequence(whole[:2], lost)); !errors.Is(err, lost) || last.Seq != 2 {
		t.Errorf("a chain that cannot be read: %+v, %v", last, err)
	}
	// Cut, doubled, exchanged, put in, or begun in the middle: the first that is wrong is named.
	forged := tenants.AuditEntry{Actor: "eve", Action: "a"}.Chained(whole[2])
	for name, tt := range map[string]struct {
		entries []tenants.AuditEntry
		seq     int64
	}{
		"cut":       {slices.Delete(slices.Clone(whole), 3, 4), 4},
		"doubled":   {slices.Insert(slices.Clone(whole), 3, whole[2]), 4},
		"exchanged": {[]tenants.AuditEntry{whole[0], whole[2], whole[1]}, 2},
		"put in":    {slices.Insert(slices.Clone(whole), 3, forged), 5},
		"replaced":  {append(slices.Clone(whole[:3]), append([]tenants.AuditEntry{forged}, whole[4:]...)...), 5},
		"begun":     {whole[1:], 1},
	} {
		last, err := tenants.VerifyAudit(sequence(tt.entries, nil))
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), fmt.Sprintf("entry %d:", tt.seq)) || last.Seq >= tt.seq {
			t.Errorf("%s: %d entries are sound, %v; want entry %d named", name, last.Seq, err, tt.seq)
		}
	}
}

// TestAuditSumTellsApart looks for two different entries with one hash.
func TestAuditSumTellsApart(t *testing.T) {
	text := rapid.StringMatching(`[a1:,]{0,4}`)
	entry := rapid.Custom(func(t *rapid.T) tenants.AuditEntry {
		return tenants.AuditEntry{Seq: rapid.Int64Range(1, 20).Draw(t, "seq"), Actor: text.Draw(t, "actor"), Role: text.Draw(t, "role"), Action: text.Draw(t, "action"),
			TenantID: text.Draw(t, "tenant"), Reason: text.Draw(t, "reason"), PrevHash: text.Draw(t, "prev")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := entry.Draw(t, "a"), entry.Draw(t, "b")
		if same := fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b); same != (a.Sum() == b.Sum()) {
			t.Fatalf("%+v and %+v have the hashes %s and %s", a, b, a.Sum(), b.Sum())
		}
	})
}

func TestAuditEntryValidate(t *testing.T) {
	good := tenants.AuditEntry{Actor: "ann", Action: "a", Details: json.RawMessage(`{}`), CorrelationID: "c"}
	check(t, good.Validate())
	check(t, tenants.AuditEntry{}.Validate(), "actor=", "action=")
	bad := good
	bad.Reason, bad.CorrelationID, bad.Details = "a\x00", "a b", json.RawMessage("{")
	check(t, bad.Validate(), "reason=a\x00", "correlationId=a b", "details={")
}
