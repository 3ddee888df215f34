package conformance_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/topic"
)

// messaging is what tells of events, and of trouble.
func messaging(code string) []life {
	return []life{
		of("topic", code, []string{"topic.Topic"}, func(b blueprint, changed bool) error {
			_, err := topic.New(b.Context, "news", &topic.Args{
				Location: b.where, Tags: b.tags, Name: "acme-news", Subscribers: pick(changed, nil, []string{functions}), Alarms: true,
			}, b.with)
			return err
		}, lookTopic, func(t *testing.T, r *rig) { r.noTopic(t, core, "acme-news") }),
		of("topic fanout", code, []string{"topic.Fanout", "topic.Subscription"}, func(b blueprint, changed bool) error {
			services := []topic.Service{{Name: "billing", Filter: topic.Filter{"type": {"tenant.created", "tenant.deleted"}}}}
			if changed {
				services[0].Queue.MaxReceiveCount = 7
			}
			_, err := topic.NewFanout(b.Context, "events", &topic.FanoutArgs{Location: b.where, Tags: b.tags, Name: "lifecycle", Services: services}, b.with)
			return err
		}, lookFanout, func(t *testing.T, r *rig) {
			r.noTopic(t, core, "lifecycle")
			r.noQueue(t, core, "lifecycle-billing")
		}),
		of("dashboard", code, []string{"dashboard.Dashboard"}, func(b blueprint, changed bool) error {
			_, err := dashboard.New(b.Context, "board", &dashboard.Args{
				Location: b.where, Tags: b.tags, Name: "acme-board", TenantID: "acme", API: "acme-front", Functions: []string{"acme-score"},
				Alarms: pick(changed, nil, []string{"acme-errors"}),
			}, b.with)
			return err
		}, func(t *testing.T, r *rig) { lookDashboard(t, r, "acme-board") }, func(t *testing.T, r *rig) { r.noDashboard(t, core, "acme-board") }),
		of("observability", code, []string{"observability.Signals"}, func(b blueprint, changed bool) error {
			_, err := observability.New(b.Context, "signals", &observability.Args{
				Location: b.where, Tags: b.tags, TenantID: "acme", Name: "acme-signals", LogRetentionDays: pick(changed, 30, 60),
			}, b.with)
			return err
		}, lookObservability, func(t *testing.T, r *rig) { r.noLogGroup(t, core, "acme-signals/application") }),
	}
}
