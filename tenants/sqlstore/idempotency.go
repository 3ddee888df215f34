package sqlstore

import (
	"context"
	"fmt"

	"github.com/tenantform/tenantform/tenants"
)

// answer is what is kept of a change for those who ask for it again.
type answer struct {
	Tenant    tenants.Tenant    `json:"tenant"`
	Operation tenants.Operation `json:"operation"`
}

// claim takes a key for the transaction, or gives the answer that it got before.
// A transaction that has claimed the same key is waited for.
func (s *Store) claim(q querier, k tenants.IdempotencyKey) (tenants.Begun, bool, error) {
	now := s.time()
	claimed, err := q.exec(`INSERT INTO idempotency_keys (actor, key, request_hash, created_at, answer) VALUES ($1, $2, $3, $4, '')
		ON CONFLICT (actor, key) DO UPDATE SET request_hash = excluded.request_hash, created_at = excluded.created_at, answer = ''
		WHERE idempotency_keys.created_at <= $5`,
		k.Actor, k.Key, k.RequestHash, now.UnixMicro(), now.Add(-tenants.IdempotencyTTL).UnixMicro())
	if err != nil || claimed == 1 {
		return tenants.Begun{}, false, err
	}
	var hash string
	var data []byte
	found, err := q.row([]any{&hash, &data}, "SELECT request_hash, answer FROM idempotency_keys WHERE actor = $1 AND key = $2", k.Actor, k.Key)
	switch {
	case err != nil:
		return tenants.Begun{}, false, err
	case !found:
		return tenants.Begun{}, false, tenants.Errorf(tenants.CodeUnavailable, "the idempotency key %q has just expired; send the request again", k.Key)
	}
	return replay(k, hash, data)
}

// replay gives the answer that a key got before.
func replay(k tenants.IdempotencyKey, hash string, data []byte) (tenants.Begun, bool, error) {
	if hash != k.RequestHash {
		return tenants.Begun{}, false, &tenants.Error{Code: tenants.CodeConflict, Cause: tenants.ErrKeyUsed,
			Message: fmt.Sprintf("the idempotency key %q was used for another request; use a new one", k.Key)}
	}
	before, err := decode[answer](data)
	if err != nil {
		return tenants.Begun{}, false, err
	}
	return tenants.Begun{Tenant: before.Tenant, Operation: before.Operation, Replayed: true}, true, nil
}

// Answer gives the answer that a key got before.
func (s *Store) Answer(ctx context.Context, k tenants.IdempotencyKey) (tenants.Begun, bool, error) {
	if err := tenants.Invalid(k.Validate()...); err != nil {
		return tenants.Begun{}, false, err
	}
	if err := alive(ctx); err != nil {
		return tenants.Begun{}, false, err
	}
	var hash string
	var data []byte
	found, err := s.reading(ctx).row([]any{&hash, &data}, "SELECT request_hash, answer FROM idempotency_keys WHERE actor = $1 AND key = $2 AND created_at > $3",
		k.Actor, k.Key, s.time().Add(-tenants.IdempotencyTTL).UnixMicro())
	if err != nil || !found {
		return tenants.Begun{}, false, s.classified(ctx, err)
	}
	return replay(k, hash, data)
}

// answered keeps the answer for a key that was claimed.
func answered(q querier, k tenants.IdempotencyKey, b tenants.Begun) error {
	data, err := encode(answer{Tenant: b.Tenant, Operation: b.Operation})
	if err != nil {
		return err
	}
	_, err = q.exec("UPDATE idempotency_keys SET answer = $1 WHERE actor = $2 AND key = $3", string(data), k.Actor, k.Key)
	return err
}

// Expire forgets old keys.
func (s *Store) Expire(ctx context.Context) (int64, error) {
	if err := alive(ctx); err != nil {
		return 0, err
	}
	var gone int64
	err := s.change(ctx, func(q querier) error {
		var err error
		gone, err = q.exec("DELETE FROM idempotency_keys WHERE created_at <= $1", s.time().Add(-tenants.IdempotencyTTL).UnixMicro())
		return err
	})
	return gone, err
}
