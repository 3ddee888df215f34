package mail

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

// Directory puts each mail into a file, <id>.eml, that any mail program opens. A
// mail whose file is there is not written again, whoever wrote it. Make it with
// OpenDirectory.
type Directory struct {
	dir  string
	from From
}

var _ Sender = (*Directory)(nil)

// OpenDirectory opens a directory of mails, which is made if it is missing, for its
// owner alone.
func OpenDirectory(dir string, from From) (*Directory, error) {
	if err := from.validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the directory of mails cannot be made: %w", err)
	}
	if err := atomicfile.Sweep(dir, nil); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the directory of mails cannot be swept: %w", err)
	}
	return &Directory{dir, from}, nil
}

// Send writes the mail's file; see Sender.
func (d *Directory) Send(ctx context.Context, m Message) error {
	content, err := raw(m, d.from, time.Now())
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return d.failed(m, err)
	}
	// A mail that is there already is this one, sent again.
	if err := atomicfile.Create(filepath.Join(d.dir, m.ID+".eml"), content, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return d.failed(m, err)
	}
	return nil
}

// Once is true: a file has its ID's name.
func (d *Directory) Once() bool { return true }

func (d *Directory) failed(m Message, err error) error {
	return tenants.Errorf(tenants.CodeUnavailable, "the mail %s cannot be written to %s: %w", m.ID, d.dir, err)
}
