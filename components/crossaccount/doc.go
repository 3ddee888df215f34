// Package crossaccount shows the metrics, logs and traces of several accounts in
// one, by CloudWatch's Observability Access Manager: a Sink in the account that
// looks, and a Link in each account that is looked at, in the same region.
package crossaccount

import (
	"regexp"
	"slices"

	"github.com/tenantform/tenantform/components/internal/check"
)

// The kinds of data that are shared; see "CreateLink" in the Observability
// Access Manager API Reference.
const (
	Metrics = "AWS::CloudWatch::Metric"
	Logs    = "AWS::Logs::LogGroup"
	Traces  = "AWS::XRay::Trace"
)

// ResourceTypes gives the kinds of data that an argument can name, and that none
// means.
func ResourceTypes() []string { return []string{Metrics, Logs, Traces} }

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

// shared gives the kinds of data, sorted, so that their order changes nothing.
func shared(types []string) []string {
	if len(types) == 0 {
		types = ResourceTypes()
	}
	return slices.Sorted(slices.Values(types))
}

func checkTypes(c *check.Args, types []string) {
	seen := map[string]bool{}
	for _, t := range types {
		c.OneOf("ResourceTypes", t, ResourceTypes()...)
		if seen[t] {
			c.Fault("ResourceTypes", t, "each type once")
		}
		seen[t] = true
	}
}
