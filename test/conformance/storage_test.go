package conformance_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/encryption"
)

const dataBucket = "acme-files-" + core

// storage is what keeps data, and its keys.
func storage(code string) []life {
	return []life{
		of("encryption", code, []string{"encryption.Key"}, func(b blueprint, changed bool) error {
			_, err := encryption.New(b.Context, "own", &encryption.Args{
				Location: b.where, Tags: b.tags, Alias: "acme-own", Description: "What acme keeps",
				LogGroups: pick(changed, nil, []string{"acme/*"}),
			}, b.with)
			return err
		}, lookEncryption, func(t *testing.T, r *rig) { r.noAlias(t, core, "alias/acme-own") }),
		of("bucket", code, []string{"bucket.Bucket"}, func(b blueprint, changed bool) error {
			key, err := b.key("acme-files")
			if err != nil {
				return err
			}
			_, err = bucket.New(b.Context, "files", &bucket.Args{Location: b.where, Tags: b.tags, Name: dataBucket, KeyARN: key, Discard: changed}, b.with)
			return err
		}, lookBucket, func(t *testing.T, r *rig) { r.noBucket(t, core, dataBucket) }),
		of("data", code, []string{"data.Table", "data.TenantAccess"}, func(b blueprint, changed bool) error {
			key, err := b.key("acme-items")
			if err != nil {
				return err
			}
			if _, err := data.NewTable(b.Context, "items", &data.TableArgs{Location: b.where, Tags: b.tags, Name: "acme-items", KeyARN: key}, b.with); err != nil {
				return err
			}
			_, err = data.NewTenantAccess(b.Context, "access", &data.AccessArgs{
				Location: b.where, Tags: b.tags, TenantID: "acme", RoleName: "acme-items-access", Table: "acme-items", KeyARN: key,
				RuntimeRole: pick(changed, "application", "application-2"),
			}, b.with)
			return err
		}, lookData, func(t *testing.T, r *rig) {
			r.noTable(t, core, "acme-items")
			r.noRole(t, core, "acme-items-access")
		}),
	}
}
