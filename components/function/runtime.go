package function

import "github.com/tenantform/tenantform/components/internal/code"

// Lambda's limits; see "Lambda quotas" in the Developer Guide.
const (
	MinMemoryMB   = 128
	MaxMemoryMB   = 10240
	MaxTimeoutSec = 900
	MaxLayers     = 5
	maxName       = 64
)

// Runtimes gives the runtimes that a function may have: those that Lambda
// patches today.
func Runtimes() []string { return code.Runtimes() }
