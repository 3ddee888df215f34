package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/artifacts"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/database"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/network"
)

func storage() []Blueprint {
	return []Blueprint{
		{Package: "bucket", Type: "Bucket", Minimal: newBucket(false), Full: newBucket(true)},
		{Package: "bucket", Type: "Logs", Minimal: bucketLogs(false), Full: bucketLogs(true)},
		{Package: "data", Type: "Table", Minimal: table(false), Full: table(true)},
		{Package: "data", Type: "TenantAccess", Minimal: tenantAccess(false), Full: tenantAccess(true)},
		{Package: "encryption", Type: "Key", Minimal: key(false), Full: key(true)},
		{Package: "database", Type: "Database", Minimal: newDatabase(false), Full: newDatabase(true)},
		{Package: "artifacts", Type: "Artifacts", Minimal: newArtifacts(false), Full: newArtifacts(true)},
	}
}

func newBucket(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-bucket")
		if err != nil {
			return err
		}
		args := &bucket.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-files-" + at.Location.AccountID, KeyARN: key.ARN}
		if full {
			logs, err := newLogs(ctx, at)
			if err != nil {
				return err
			}
			args.AccessLogs = &bucket.AccessLogs{BucketName: logs.Name}
			args.ObjectLock = &bucket.ObjectLock{Mode: bucket.Governance, Days: 30}
			args.InfrequentAccessDays, args.ExpireDays = 30, other(at, 365, 400)
			args.Discard = true
		}
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
		if full {
			args.DeletionProtection, args.TTLAttribute = true, "expires"
			args.Stream = other(at, data.StreamNewAndOldImages, data.StreamNone)
			args.Indexes = []data.Index{{Name: "by-time", SortKey: "created", Type: data.Number}}
		}
		_, err = data.NewTable(ctx, "table", args)
		return err
	}
}

// poolKey is the ARN of the key of a pool that is another stack's: it is known
// before the run, and so is the role's document, which names it.
func poolKey(at Site) pulumi.StringOutput {
	return text(at.Location.ARN("kms", "key/11111111-2222-3333-4444-555555555555"))
}

func tenantAccess(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &data.AccessArgs{
			Location: at.Location, Tags: at.Tags(), TenantID: "acme", RoleName: "sample-access-data", Table: "pool-a-data", KeyARN: poolKey(at),
			RuntimeRole: other(at, "tenantform-runtime", "tenantform-runtime-2"),
		}
		if full {
			args.Indexes = []string{"by-time"}
		}
		_, err := data.NewTenantAccess(ctx, "access", args)
		return err
	}
}

func key(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &encryption.Args{Location: at.Location, Tags: at.Tags(), Alias: "sample-key", Description: other(at, "A sample", "Another sample")}
		if full {
			args.LogGroups = []string{"sample/*"}
		}
		_, err := encryption.New(ctx, "key", args)
		return err
	}
}

func bucketLogs(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &bucket.LogsArgs{Location: at.Location, Tags: at.SharedTags(), Name: "sample-logs-" + at.Location.AccountID}
		if full {
			args.Sources, args.InfrequentAccessDays, args.ExpireDays = []string{"sample-files-" + at.Location.AccountID}, 30, other(at, 400, 500)
		}
		_, err := bucket.NewLogs(ctx, "logs", args)
		return err
	}
}

func newDatabase(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-orders", "/aws/rds/cluster/sample-orders/*", "sample-orders/*")
		if err != nil {
			return err
		}
		net, err := network.New(ctx, "orders-network", &network.Args{
			Location: at.Location, Tags: at.Tags(), Name: "sample-orders", CIDRBlock: "10.64.0.0/20", InterfaceEndpoints: network.SessionManager(),
			LogKeyARN: key.ARN,
		})
		if err != nil {
			return err
		}
		args := &database.Args{
			Location: at.Location, Tags: at.Tags(), Name: "sample-orders", KeyARN: key.ARN,
			Network: database.Network{VPCID: net.VPCID, SubnetIDs: net.PrivateSubnetIDs},
		}
		if full {
			args.Network.EndpointSecurityGroupID, args.Bastion = net.EndpointSecurityGroupID, &database.Bastion{}
			args.Clients = []database.Client{{Name: "orders", SecurityGroupID: net.EndpointSecurityGroupID}}
			args.LogKeyARN, args.DeletionProtection, args.MaxACU = key.ARN, true, other(at, 0.0, 12.0)
		}
		_, err = database.New(ctx, "orders", args)
		return err
	}
}

func newArtifacts(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &artifacts.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample-artifacts", Bucket: "sample-artifacts-" + at.Location.AccountID,
			Profile: "sample_functions",
		}
		if full {
			logs, err := newLogs(ctx, at)
			if err != nil {
				return err
			}
			args.AccessLogs = &bucket.AccessLogs{BucketName: logs.Name, Prefix: other(at, "", "code/")}
			args.Publishers = []string{at.Location.RoleARN("sample-publisher")}
			args.Signers = []string{at.In(FunctionsAccount).RoleARN("sample-signer")}
			args.Readers = []string{at.In(FunctionsAccount).RoleARN("sample-deployer")}
		}
		_, err := artifacts.New(ctx, "artifacts", args)
		return err
	}
}
