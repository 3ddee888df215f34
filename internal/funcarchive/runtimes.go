package funcarchive

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// language gives the part of a runtime's name that decides what a handler looks
// like: "python", "nodejs", "java", "dotnet", "ruby" or "provided".
func language(runtime string) string {
	if _, known := tenants.RuntimeDeprecations()[runtime]; !known {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(handlers())) {
		if strings.HasPrefix(runtime, name) {
			return name
		}
	}
	return ""
}
