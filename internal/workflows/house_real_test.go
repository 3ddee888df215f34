package workflows

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// TestATenantsLifeOnTheLocalCloud takes a tenant through its life with the real
// engine, the real CLI, the embedded policies and the local cloud; one service
// and one resource fail on the way.
func TestATenantsLifeOnTheLocalCloud(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 60}}}
	h.stackUp("platform")
	h.stackUp("pool-a")
	shared := h.count()
	h.work()

	op := h.done(h.create("acme", "standard"))
	acme, pooled := h.tenant("acme"), h.count()
	if pooled <= shared || acme.Settings.UserPoolID == "" || acme.Settings.AppClientID == "" || acme.Settings.Endpoint == "" || acme.Settings.IssuerURL == "" {
		t.Errorf("after create (%s): %d resources, settings %+v", progress(op), pooled-shared, acme.Settings)
	}

	// A step that fails for good, and the retry.
	remove := h.cloud.Inject(localcloud.Fault{Type: "aws:s3/bucketV2:BucketV2", Operation: "create", Error: "TooManyBuckets: LimitExceeded"})
	op = h.failed(h.move("acme", "premium", ""))
	remove()
	if got := h.tenant("acme"); got.Status != tenants.StatusMoveFailed || progress(op) != "prepare:failed transfer: retire: services: notify: finish:" ||
		!strings.Contains(op.Error, "quota") || !strings.Contains(op.Error, "BucketV2") {
		t.Errorf("the tenant is %s after %q: %s", got.Status, op.Error, progress(op))
	}
	if dead := h.town.deadLetters(1); len(dead) != 1 || dead[0].Step != "prepare" || dead[0].Code != tenants.CodeFailedPrecondition ||
		dead[0].Before == nil || dead[0].Before.Status != tenants.StatusActive || dead[0].Before.Tier != "standard" {
		t.Errorf("dead letters: %+v", dead)
	}
	h.done(h.move("acme", "premium", op.ID))
	moved := h.tenant("acme")
	if moved.Tier != "premium" || !slices.Equal(moved.Placements, []tenants.Placement{{Model: tenants.ModelSilo}}) ||
		moved.Settings.UserPoolID == acme.Settings.UserPoolID || moved.Settings.UserPoolID == "" {
		t.Errorf("after move: %+v", moved)
	}

	op = h.done(h.remove("acme", ""))
	if h.count() != shared || h.tenant("acme").Status != tenants.StatusDeleted {
		t.Errorf("after delete (%s): %d resources, want %d; %s", progress(op), h.count(), shared, h.tenant("acme").Status)
	}
	if got, want := strings.Join(h.town.mails(t, "acme"), " "), "create delete move"; got != want {
		t.Errorf("mails: %s, want %s", got, want)
	}
}
