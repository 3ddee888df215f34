package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/tenantform/tenantform/tenants"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// busyTimeoutMS is how long, in milliseconds, SQLite waits for another process
// that writes.
const busyTimeoutMS = 10_000

// OpenSQLite opens the store in a file, which is made where there is none, with
// its directory; both are for the user alone. A schema that is older than this
// version's is brought up to date first; a newer one is refused with
// CodeFailedPrecondition. Several processes of one machine may have the file open.
//
// The file is in WAL mode with synchronous=FULL: what was committed survives a
// killed process and a loss of power. The files with -wal and -shm behind the
// name belong to it.
func OpenSQLite(ctx context.Context, path string, options *Options) (*Store, error) {
	o := options.orDefault()
	if err := private(path); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, unopened(path, err)
	}
	s := &Store{
		dialect: dialect{name: "SQLite", unindexed: "+", classify: classifySQLite},
		now:     o.Now,
	}
	if s.write, err = sql.Open("sqlite", sqliteDSN(absolute, "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_txlock=immediate")); err != nil {
		return nil, unopened(path, err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", sqliteDSN(absolute, "_pragma=query_only(1)")); err != nil {
		return nil, errors.Join(unopened(path, err), s.write.Close())
	}
	s.read.SetMaxOpenConns(o.Conns)
	s.read.SetMaxIdleConns(o.Conns)
	if err := s.upgradeFile(ctx, path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// sqliteDSN names a file and what is set on each connection to it. Source: "URI
// Filenames" (SQLite documentation), and the documentation of modernc.org/sqlite.
func sqliteDSN(path string, more ...string) string {
	dsn := (&url.URL{Scheme: "file", Path: path}).String() + fmt.Sprintf("?_pragma=busy_timeout(%d)&_pragma=foreign_keys(1)", busyTimeoutMS)
	for _, m := range more {
		dsn += "&" + m
	}
	return dsn
}

// private makes the file where there is none, and takes it away from others. The
// files that SQLite puts beside it get the same mode.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unopened(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return unopened(path, err)
	}
	err = f.Chmod(0o600)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return unopened(path, err)
	}
	return nil
}

// upgradeFile brings the schema up to date while no other process does.
func (s *Store) upgradeFile(ctx context.Context, path string) error {
	lock, err := os.OpenFile(path+".upgrade", os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return unopened(path, err)
	}
	defer lock.Close() // lets go of the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return unopened(path, err)
	}
	return s.upgrade(ctx, s.write, goose.DialectSQLite3, "migrations/sqlite", path)
}

func unopened(where string, err error) error {
	return tenants.Errorf(tenants.CodeUnavailable, "the store %s cannot be opened: %w; check that it belongs to this user, and that the disk has room", where, err)
}

// classifySQLite says what an error of SQLite means. Source: "Result and Error
// Codes" (SQLite documentation); the low byte is the primary code.
func classifySQLite(err error) outcome {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		if connection(err) {
			return passing
		}
		return broken
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return passing
	}
	return broken
}
