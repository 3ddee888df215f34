package automation

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

// keys are what a passphrase secrets provider needs. The salt is one for all
// stacks of a directory, so that a stack whose settings file went with the
// run's directory is still opened with the same key; it is empty until the
// first stack was made.
type keys struct {
	passphraseFile string
	salt           string
}

// keys reads them, and makes the passphrase when there is none yet.
func (e *Engine) keys() (keys, error) {
	k := keys{passphraseFile: filepath.Join(e.dir, "passphrase")}
	if err := writeOnce(k.passphraseFile, rand.Text()+rand.Text()); err != nil {
		return k, tenants.Errorf(tenants.CodeFailedPrecondition, "cannot make the passphrase of the stacks' secrets: %w", err)
	}
	salt, err := os.ReadFile(e.saltFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return k, tenants.Errorf(tenants.CodeFailedPrecondition, "cannot read the salt of the stacks' secrets: %w", err)
	}
	k.salt = strings.TrimSpace(string(salt))
	return k, nil
}

func (e *Engine) saltFile() string { return filepath.Join(e.dir, "salt") }

// rememberSalt keeps the salt that the CLI made with the first stack.
func (e *Engine) rememberSalt(ctx context.Context, ws auto.Workspace, stack string) error {
	if e.opts.Secrets != "" {
		return nil
	}
	settings, err := ws.StackSettings(ctx, stack)
	if err == nil && settings.EncryptionSalt != "" {
		err = writeOnce(e.saltFile(), settings.EncryptionSalt)
	}
	if err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "cannot keep the salt of the stacks' secrets: %w", err)
	}
	return nil
}

// writeOnce makes a file with the content unless there is one; of several
// processes at it at once one wins, and no one sees half a file.
func writeOnce(path, content string) error {
	if err := atomicfile.Create(path, []byte(content), 0o600); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
