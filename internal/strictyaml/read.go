package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tenantform/tenantform/tenants"
)

// MaxSize is how many bytes a file may have.
const MaxSize = 1 << 20

// Read gives the content of a file of at most MaxSize bytes. Every error is
// CodeInvalid and names the file.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	return &tenants.Error{Code: tenants.CodeInvalid, Message: fmt.Sprintf("%s cannot be read: %v", path, reason), Cause: err}
}
