package proxy

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// assets turns archives into files named by the hash of what is in them, so that
// the same archive has the same path in every run.
type assets struct{ dir string }

// path gives where an archive's file is, or will be.
func (a assets) path(ar *archive.Archive) (string, error) {
	if err := ar.EnsureHash(); err != nil {
		return "", fmt.Errorf("the archive cannot be read: %w", err)
	}
	return filepath.Join(a.dir, ar.Hash+".zip"), nil
}

// write makes the archive's file where it is missing.
func (a assets) write(ar *archive.Archive) (string, error) {
	path, err := a.path(ar)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	data, err := ar.Bytes(archive.ZIPArchive)
	if err != nil {
		return "", fmt.Errorf("the archive cannot be read: %w", err)
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(a.dir, ".new-")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		f.Close()
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// hash gives what Terraform calls the source code hash of a file.
func hash(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// age says which archives a property map has.
type age bool

const (
	present age = true  // their contents are there
	past    age = false // what a state remembers: their contents may be gone
)

// toFiles replaces the archives in a map of the bridge's by files' paths, and adds
// their hashes where there are none.
func (a assets) toFiles(o *names.Object, m resource.PropertyMap, when age) error {
	for _, p := range o.Properties() {
		key := resource.PropertyKey(p.Bridge)
		if p.Asset == nil || !m[key].IsArchive() {
			continue
		}
		locate := a.path
		if when == present {
			locate = a.write
		}
		path, err := locate(m[key].ArchiveValue())
		if err != nil {
			return fmt.Errorf("%s: %w", p.AWS, err)
		}
		m[key] = resource.NewProperty(path)
		hashKey := resource.PropertyKey(p.Asset.HashBridge)
		if _, given := m[hashKey]; given {
			continue
		}
		sum, err := hash(path)
		switch {
		case err == nil:
			m[hashKey] = resource.NewProperty(sum)
		case when == present:
			return fmt.Errorf("%s: %w", p.AWS, err)
		}
	}
	return nil
}

// fromFiles puts the archives of given, a map of pulumi-aws's, back into m, and
// takes away the hashes that given does not have where inputs are wanted.
func (a assets) fromFiles(o *names.Object, m, given resource.PropertyMap, inputs bool) {
	for _, p := range o.Properties() {
		if p.Asset == nil {
			continue
		}
		key, hashKey := resource.PropertyKey(p.AWS), resource.PropertyKey(p.Asset.HashBridge)
		if v, ok := given[key]; ok && v.IsArchive() {
			m[key] = v
		} else if m[key].IsString() {
			delete(m, key)
		}
		if _, ok := given[hashKey]; inputs && !ok {
			delete(m, hashKey)
		}
	}
}
