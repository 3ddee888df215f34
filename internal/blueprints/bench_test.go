package blueprints_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/internal/blueprints"
)

// BenchmarkConstruction measures how long a component takes to register all that
// it makes, in production, without an engine or a provider.
func BenchmarkConstruction(b *testing.B) {
	for _, c := range blueprints.All() {
		b.Run(c.Name(), func(b *testing.B) {
			at := blueprints.NewSite(location.Production, b.TempDir())
			var n int
			for b.Loop() {
				r, err := c.Record(c.Full, at)
				if err != nil {
					b.Fatal(err)
				}
				n = len(r.Own)
			}
			b.ReportMetric(float64(n), "resources")
		})
	}
}
