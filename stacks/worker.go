package stacks

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/tenants"
)

// Worker is the code that works off the queue of a silo. See queueworker.Args
// for what the code is given and has to answer; a value that is 0 has the
// default that silo.Worker has.
type Worker struct {
	Runtime     string            `json:"runtime"` // a Lambda runtime identifier
	Handler     string            `json:"handler"`
	Archive     string            `json:"archive"`     // path of a zip file or a directory
	MemoryMB    int               `json:"memoryMB"`    // 128 to 10240
	TimeoutSec  int               `json:"timeoutSec"`  // of a batch, 1 to 900
	Concurrency int               `json:"concurrency"` // batches at once, 2 to 1000
	Grants      []tenants.Grant   `json:"grants"`      // further AWS permissions
	Environment map[string]string `json:"environment"` // further variables; no secrets
}

//go:embed worker/index.py
var workerCode []byte

// The built-in worker keeps each message as an object.
const (
	workerRuntime = "python3.13"
	workerHandler = "index.handler"
	workerFile    = "index.py"
)

// worker gives the worker of a silo, whose results go into bucket.
func (s TenantSpec) worker(bucket string) (*silo.Worker, error) {
	if w := s.Worker; w != nil {
		return &silo.Worker{
			Runtime: w.Runtime, Handler: w.Handler, Archive: w.Archive, Bucket: bucket, MemoryMB: w.MemoryMB,
			TimeoutSec: w.TimeoutSec, Concurrency: w.Concurrency, Grants: w.Grants, Environment: w.Environment,
		}, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "the code of the silo's worker has no place to be written to: %w", err)
	}
	archive, err := unpack(filepath.Join(cache, "tenantform"), workerCode)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeUnavailable, "the code of the silo's worker cannot be written: %w", err)
	}
	return &silo.Worker{Runtime: workerRuntime, Handler: workerHandler, Archive: archive, Bucket: bucket}, nil
}

// unpack writes the built-in worker into a directory of its own below dir, and
// gives its path, which follows from the code: a run on the same machine never
// sees another path, and Pulumi compares contents. What is there and differs is
// written anew, in one step, so that another process never sees half of it.
func unpack(dir string, code []byte) (string, error) {
	path := filepath.Join(dir, fmt.Sprintf("worker-%x", sha256.Sum256(code))[:23])
	file := filepath.Join(path, workerFile)
	if have, err := os.ReadFile(file); err == nil && string(have) == string(code) {
		return path, nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	part, err := os.CreateTemp(dir, "worker-part-")
	if err != nil {
		return "", err
	}
	_, err = part.Write(code)
	if cerr := part.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return "", err
	}
	return path, nil
}
