package controlplane

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"strconv"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

// digest gives what the shared stacks are made from.
func (d *dev) digest(names []string) (string, error) {
	data, err := json.Marshal(struct {
		Version  string
		Names    []string
		Tiers    []tenants.Tier
		Settings any
	}{d.options.Version, names, d.catalogue.Tiers, d.lifecycle.Settings})
	if err != nil {
		return "", tenants.Errorf(tenants.CodeInternal, "the catalogue cannot be written down: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return tenants.Errorf(tenants.CodeInternal, "%s cannot be encoded: %w", path, err)
	}
	return writePrivate(path, append(data, '\n'))
}

// writePrivate replaces a file as a whole; only its owner may read it.
func writePrivate(path string, data []byte) error {
	if err := atomicfile.Replace(path, data, 0o600); err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "%s cannot be written: %w", path, err)
	}
	return nil
}

func joinPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

func portOf(l net.Listener) int {
	_, text, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(text) // a listener's is one
	return n
}
