package conformance_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

const resultsBucket = "acme-results-" + core

// compute is what runs code.
func compute(code string) []life {
	return []life{
		of("function", code, []string{"function.Function"}, func(b blueprint, changed bool) error {
			key, err := b.key("acme-report", "/aws/lambda/acme-report")
			if err != nil {
				return err
			}
			_, err = function.New(b.Context, "report", &function.Args{
				Location: b.where, Tags: b.tags, Name: "acme-report", Runtime: "python3.13", Handler: "index.handler", Archive: b.code,
				MemoryMB: pick(changed, 128, 256), TimeoutSec: 30, Concurrency: 2,
				Environment: map[string]string{"TABLE": "acme-items"}, KeyARN: key, LogKeyARN: key,
				Grants: []tenants.Grant{{Actions: []string{"dynamodb:GetItem"}, Resources: []string{b.where.ARN("dynamodb", "table/acme-items")}}},
			}, b.with)
			return err
		}, lookFunction, func(t *testing.T, r *rig) { r.noFunction(t, core, "acme-report"); r.noRole(t, core, "acme-report") }),
		of("functionhost", code, []string{"functionhost.Host"}, func(b blueprint, changed bool) error {
			_, err := functionhost.New(b.Context, "host", &functionhost.Args{
				Location: b.where, Tags: b.tags, Name: "acme-host", CIDRBlock: "10.30.0.0/20", InvokerRole: "acme-invoker",
				CoreAccountID: functions, RuntimeRole: pick(changed, "runtime", "runtime-2"), ExternalID: "acme-host",
			}, b.with)
			return err
		}, lookFunctionHost, func(t *testing.T, r *rig) { r.noRole(t, core, "acme-invoker"); r.noNetwork(t, core, "acme-host") }),
		of("tenantfunction", code, []string{"tenantfunction.TenantFunction"}, func(b blueprint, changed bool) error {
			net, err := network.New(b.Context, "net", &network.Args{Location: b.where, Tags: b.tags, Name: "acme-closed", CIDRBlock: "10.40.0.0/20"}, b.with)
			if err != nil {
				return err
			}
			_, err = tenantfunction.New(b.Context, "rate", &tenantfunction.Args{
				Location: b.where, Tags: b.tags, Name: "acme-rate", Runtime: "python3.13", Handler: "index.handler", Archive: b.code, Layers: []string{b.code},
				MemoryMB: 128, TimeoutSec: pick(changed, 10, 20), Concurrency: 1, LogRetentionDays: 30,
				VPCID: net.VPCID, SubnetIDs: net.PrivateSubnetIDs,
				InvokerRoleARN: location.Location{Region: region, AccountID: core}.RoleARN("platform-eu-west-1-invoker"),
			}, b.with)
			return err
		}, func(t *testing.T, r *rig) {
			r.in(t, core).lookTenantFunction(isolated{name: "acme-rate", invoker: location.Location{Region: region, AccountID: core}.RoleARN("platform-eu-west-1-invoker"), layers: 1, days: 30})
		}, func(t *testing.T, r *rig) { r.noFunction(t, core, "acme-rate") }),
		of("queueworker", code, []string{"queueworker.Worker", "queueworker.Queue"}, func(b blueprint, changed bool) error {
			key, err := b.key("acme-import", "/aws/lambda/acme-import")
			if err != nil {
				return err
			}
			_, err = queueworker.New(b.Context, "import", &queueworker.Args{
				Location: b.where, Tags: b.tags, Name: "acme-import",
				Runtime: "python3.13", Handler: "index.handler", Archive: b.code, TimeoutSec: 60, MaxReceiveCount: pick(changed, 5, 6),
				Bucket: resultsBucket, Prefix: "imports/", KeyARN: key, LogKeyARN: key,
				AlarmActions: pulumi.ToStringArray([]string{b.where.ARN("sns", "operators")}),
			}, b.with)
			return err
		}, lookQueueWorker, func(t *testing.T, r *rig) {
			r.noQueue(t, core, "acme-import")
			r.noFunction(t, core, "acme-import")
			r.noBucket(t, core, resultsBucket)
		}),
	}
}
