package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

// keysFile is the name of the file with the keys, for the user alone.
const keysFile = "issuer-keys.json"

// key is a key pair with its times.
type key struct {
	Created  time.Time       `json:"created"`
	Replaced time.Time       `json:"replaced,omitzero"` // zero for the one that signs
	Private  jose.JSONWebKey `json:"private"`
}

// newKey makes a P-256 key, whose id is its thumbprint (RFC 7638).
func newKey(now time.Time) (key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key{}, err
	}
	k := jose.JSONWebKey{Key: private, Algorithm: string(jose.ES256), Use: "sig"}
	thumb, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return key{}, err
	}
	k.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	return key{Created: now.UTC(), Private: k}, nil
}

// open reads the keys, or makes the first.
func open(dir, file string, now time.Time) ([]key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "making the directory of the issuer's keys: %w", err)
	}
	if err := atomicfile.Sweep(dir, nil); err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "sweeping the directory of the issuer's keys: %w", err)
	}
	keys, err := read(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	first, err := newKey(now)
	if err != nil {
		return nil, err
	}
	// Of two who make the first key at once, one finds that of the other.
	err = write(file, []key{first}, atomicfile.Create)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return read(file)
}

func read(file string) ([]key, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition,
			"%s may be read by others (mode %#o): whoever has read it can make tokens; remove it, and a new key is made", file, info.Mode().Perm())
	}
	var kept struct {
		Keys []key `json:"keys"`
	}
	err = json.NewDecoder(f).Decode(&kept)
	sound := err == nil && len(kept.Keys) > 0
	for _, k := range kept.Keys {
		private, ok := k.Private.Key.(*ecdsa.PrivateKey)
		sound = sound && ok && k.Private.Valid() && private.Curve == elliptic.P256() && k.Private.KeyID != ""
	}
	if !sound {
		// The decoder's error could show a part of the file.
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s holds no keys of an issuer; remove it, and a new key is made", file)
	}
	return kept.Keys, nil
}

// write lets place, of package atomicfile, write the keys to the file.
func write(file string, keys []key, place func(string, []byte, fs.FileMode) error) error {
	data, err := json.MarshalIndent(map[string]any{"keys": keys}, "", "\t")
	if err != nil {
		return err
	}
	return place(file, append(data, '\n'), 0o600)
}
