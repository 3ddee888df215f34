package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/tenantform/tenantform/tenants"
)

// What a connection to PostgreSQL has where its connection string says nothing
// else: no call waits for ever behind a client that hangs. Source: "Client
// Connection Defaults" (PostgreSQL documentation).
func sessionDefaults() map[string]string {
	return map[string]string{
		"application_name":                    "tenantform",
		"lock_timeout":                        "10s",
		"statement_timeout":                   "30s",
		"idle_in_transaction_session_timeout": "60s",
	}
}

const connectTimeout = 10 * time.Second

// OpenPostgres opens the store in a PostgreSQL database, version 12 or later,
// that a connection string names: a URL, or keywords and values as libpq takes
// them. A schema that is older than this version's is brought up to date first;
// a newer one is refused with CodeFailedPrecondition. No error repeats the
// connection string, which may hold a password.
func OpenPostgres(ctx context.Context, connection string, options *Options) (*Store, error) {
	o := options.orDefault()
	config, err := pgx.ParseConfig(connection)
	if err != nil {
		return nil, tenants.Invalid(tenants.FieldError{Field: "PostgreSQL connection string", Value: "(not shown)",
			Allowed: `a URL, "postgres://tenantform@db.example/tenantform?sslmode=verify-full" for example, or libpq keywords and values`})
	}
	for name, value := range sessionDefaults() {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s := &Store{
		dialect: dialect{name: "PostgreSQL", forUpdate: " FOR UPDATE", classify: classifyPostgres},
		read:    db, write: db, now: o.Now,
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(tenants.Errorf(tenants.CodeUnavailable, "PostgreSQL cannot be reached: %w; check the connection string, and that the server runs", err), s.Close())
	}
	if err := s.upgradeDatabase(ctx, config); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// upgradeLock is the advisory lock that a process holds while it brings the
// schema up to date; the number means nothing.
const upgradeLock = 7_361_984_402_175_539

// upgradeDatabase brings the schema up to date while no other process does, over
// connections that wait as long as ctx lets them.
func (s *Store) upgradeDatabase(ctx context.Context, config *pgx.ConnConfig) (err error) {
	patient := config.Copy()
	patient.RuntimeParams["lock_timeout"], patient.RuntimeParams["statement_timeout"] = "0", "0"
	db := stdlib.OpenDB(*patient)
	defer func() { err = errors.Join(err, db.Close()) }()
	holder, err := db.Conn(ctx)
	if err != nil {
		return s.notUpgraded(ctx, inPostgres, err)
	}
	// The lock ends with its connection, which the pool ends when it is closed.
	defer func() { err = errors.Join(err, holder.Close()) }()
	if _, err := holder.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(upgradeLock)); err != nil {
		return s.notUpgraded(ctx, inPostgres, err)
	}
	return s.upgrade(ctx, db, goose.DialectPostgres, "migrations/postgres", inPostgres)
}

// inPostgres names the store in errors.
const inPostgres = "in PostgreSQL"

// classifyPostgres says what an error of PostgreSQL means. A constraint that is
// violated was fine when the transaction looked: it looks again. Source:
// "PostgreSQL Error Codes" (PostgreSQL documentation, appendix A).
func classifyPostgres(err error) outcome {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		_, connect := errors.AsType[*pgconn.ConnectError](err)
		if connect || connection(err) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) {
			return passing
		}
		return broken
	}
	switch e.Code {
	case "23505", "23P01", // unique_violation, exclusion_violation
		"40001", "40P01": // serialization_failure, deadlock_detected
		return raced
	case "55P03", // lock_not_available
		"25006", "25P03": // read_only_sql_transaction, idle_in_transaction_session_timeout
		return passing
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58": // connection, resources, operator's intervention, system
		return passing
	}
	return broken
}
