package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/tenantform/tenantform/tenants"
)

// migrations holds a directory a database, with files that are numbered in the
// order in which they run. A file that was released never changes.
//
//go:embed migrations/*/*.sql
var migrations embed.FS

// upgrade brings the schema to the version of this program, and refuses one that
// is newer; where names the store in errors. The caller sees to it that no other
// process does the same.
func (s *Store) upgrade(ctx context.Context, db *sql.DB, d goose.Dialect, dir, where string) error {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return tenants.Errorf(tenants.CodeInternal, "the migrations are not part of the program: %w", err)
	}
	provider, err := goose.NewProvider(d, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return tenants.Errorf(tenants.CodeInternal, "the migrations cannot be read: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return s.notUpgraded(ctx, where, err)
	}
	if current > target {
		return tenants.Errorf(tenants.CodeFailedPrecondition,
			"the store %s has schema %d, and this version of tenantform knows schemas up to %d; use the version that wrote it, or a later one", where, current, target)
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return s.notUpgraded(ctx, where, err)
	}
	return nil
}

func (s *Store) notUpgraded(ctx context.Context, where string, err error) error {
	code := tenants.CodeOf(s.classified(ctx, err))
	return tenants.Errorf(code, "the schema of the store %s cannot be read or brought up to date: %w; it is as it was before the step that failed", where, err)
}
