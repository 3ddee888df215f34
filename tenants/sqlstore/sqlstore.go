package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Store is a tenants.Ledger on a SQL database. It is made by OpenSQLite or
// OpenPostgres, closed by Close, and may be used by several goroutines at once.
type Store struct {
	dialect dialect
	read    *sql.DB // answers queries; the same as write where the database lets several write at once
	write   *sql.DB
	now     func() time.Time
}

var _ tenants.Ledger = (*Store)(nil)

// Options are what need not be said to open a store; nil is fine.
type Options struct {
	// Conns is how many connections are held at most, at least 2: those that read
	// in SQLite, where one more writes; all of them in PostgreSQL. 0 means DefaultConns.
	Conns int
	// Now is the clock; nil means time.Now. Idempotency keys and orders that rest
	// depend on it.
	Now func() time.Time
}

// DefaultConns is how many connections a store holds at most where nothing is
// said: a tenth of what PostgreSQL allows all its clients together ("Connection
// Settings", max_connections, PostgreSQL documentation).
const DefaultConns = 10

func (o *Options) orDefault() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Conns == 0 {
		out.Conns = DefaultConns
	}
	out.Conns = max(out.Conns, 2)
	if out.Now == nil {
		out.Now = time.Now
	}
	return out
}

// Close ends the store's connections; calls that are under way end first.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(s.read.Close(), err)
	}
	return err
}

// Ping tells whether the database answers; if not, the error is CodeUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	return s.classified(ctx, s.read.PingContext(ctx))
}

// dialect is what the databases do differently.
type dialect struct {
	name      string                  // for people
	forUpdate string                  // ends a statement whose row is to be locked
	unindexed string                  // before a column that no index is to be used for; empty where the planner knows how values are spread
	classify  func(err error) outcome // says what a driver's error means
}

// attempts is how often a transaction is tried that others were in the way of.
const attempts = 5

// change runs f in a transaction that writes, again where another transaction
// was in its way, so f must not have effects of its own. An error of f that has a
// code is given as it is.
func (s *Store) change(ctx context.Context, f func(q querier) error) error {
	for try := 1; ; try++ {
		err := s.once(ctx, f)
		if err == nil {
			return nil
		}
		if _, own := errors.AsType[*tenants.Error](err); own {
			return err
		}
		if s.meaning(err) != raced || try == attempts || ctx.Err() != nil {
			return s.classified(ctx, err)
		}
	}
}

func (s *Store) once(ctx context.Context, f func(q querier) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(querier{ctx: ctx, on: tx}); err != nil {
		// A rollback that fails has lost its connection, and with it the transaction.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// reading gives what queries without a transaction run on.
func (s *Store) reading(ctx context.Context) querier { return querier{ctx: ctx, on: s.read} }

// querier runs the statements of one call, in a transaction or outside one.
type querier struct {
	ctx context.Context
	on  interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	}
}

func (q querier) exec(statement string, args ...any) (int64, error) {
	result, err := q.on.ExecContext(q.ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row reads one row into values; false: there is none.
func (q querier) row(values []any, statement string, args ...any) (bool, error) {
	err := q.on.QueryRowContext(q.ctx, statement, args...).Scan(values...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each reads all rows; scan reads the row that it is given.
func (q querier) each(scan func(rows *sql.Rows) error, statement string, args ...any) error {
	rows, err := q.on.QueryContext(q.ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err tells of what went wrong
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// documents reads rows of one column that holds a record.
func documents[T any](q querier, statement string, args ...any) ([]T, error) {
	all := []T{}
	err := q.each(func(rows *sql.Rows) error {
		var document []byte
		if err := rows.Scan(&document); err != nil {
			return err
		}
		v, err := decode[T](document)
		all = append(all, v)
		return err
	}, statement, args...)
	return all, err
}

// document reads the record in the one column of one row; false: there is none.
func document[T any](q querier, statement string, args ...any) (T, bool, error) {
	var data []byte
	var none T
	found, err := q.row([]any{&data}, statement, args...)
	if err != nil || !found {
		return none, false, err
	}
	v, err := decode[T](data)
	return v, err == nil, err
}

func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "a record cannot be kept: %w", err)
	}
	return data, nil
}

func decode[T any](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, tenants.Errorf(tenants.CodeInternal, "a record in the database is damaged: %w; restore it from a backup", err)
	}
	return v, nil
}

// time gives now in the precision that every store keeps.
func (s *Store) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// fromMicros is the time that a column stands for.
func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
