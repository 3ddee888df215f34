package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/encryption"
)

func storage() []Blueprint {
	return []Blueprint{
		{Package: "bucket", Type: "Bucket", Minimal: newBucket(false), Full: newBucket(true)},
		{Package: "data", Type: "Table", Minimal: table(false), Full: table(true)},
		{Package: "data", Type: "TenantAccess", Minimal: tenantAccess, Full: tenantAccess},
		{Package: "encryption", Type: "Key", Minimal: key(false), Full: key(true)},
	}
}

func newBucket(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-bucket")
		if err != nil {
			return err
		}
		args := &bucket.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-files-" + at.Location.AccountID, KeyARN: key.ARN}
		args.Discard = full
		_, err = bucket.New(ctx, "bucket", args)
		return err
	}
}

func table(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-table")
		if err != nil {
			return err
		}
		args := &data.TableArgs{Location: at.Location, Tags: at.Tags(), Name: "sample-table", KeyARN: key.ARN}
		args.DeletionProtection = full
		_, err = data.NewTable(ctx, "table", args)
		return err
	}
}

// poolKey is the ARN of the key of a pool that is another stack's: it is known
// before the run, and so is the role's document, which names it.
func poolKey(at Site) pulumi.StringOutput {
	return text(at.Location.ARN("kms", "key/11111111-2222-3333-4444-555555555555"))
}

func tenantAccess(ctx *pulumi.Context, at Site) error {
	_, err := data.NewTenantAccess(ctx, "access", &data.AccessArgs{
		Location: at.Location, Tags: at.Tags(), TenantID: "acme", RoleName: "sample-access-data", Table: "pool-a-data", KeyARN: poolKey(at),
		RuntimeRole: "tenantform-runtime",
	})
	return err
}

func key(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &encryption.Args{Location: at.Location, Tags: at.Tags(), Alias: "sample-key", Description: "A sample"}
		if full {
			args.LogGroups = []string{"sample/*"}
		}
		_, err := encryption.New(ctx, "key", args)
		return err
	}
}
