package database

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// Port is where the database listens.
const Port = 5432

// AdminUser is the administrator that the cluster is made with.
const AdminUser = "clusteradmin"

// What an argument that is not given means.
const (
	DefaultEngineVersion = "17.7"
	DefaultDatabaseName  = "app"
)

// Args are the arguments of a Database.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name is the cluster's identifier and begins every physical name; 1 to 40
	// characters of a-z, 0-9 and "-", the first a letter, no "-" at the end and no
	// two together.
	Name string
	// KeyARN is the customer managed key that encrypts the data, the snapshots, the
	// administrator's password, what performance insights hold, and the bastion's
	// volume; required. Its policy has to leave its use to the account's IAM, as that
	// of encryption.Key does.
	KeyARN  pulumi.StringInput
	Network Network
	// Clients are who may open connections; none by default.
	Clients []Client
	// Bastion asks for a bastion; nil: there is none.
	Bastion *Bastion

	// DatabaseName is the database that the cluster is made with; 1 to 63 letters,
	// digits and "_", the first a letter. DefaultDatabaseName when empty.
	DatabaseName string
	// EngineVersion is a version of Aurora PostgreSQL, major and minor:
	// DefaultEngineVersion when empty, one of EngineMajors, and not older than Aurora
	// still makes clusters of. AWS changes no minor version by itself, so that state
	// and program agree; a new one is given here, and put in place by the next update
	// or, in production, in the maintenance window.
	EngineVersion string
	// MinACU and MaxACU are between which capacities an instance scales, in Aurora
	// capacity units of about 2 GiB of memory each: 0.5 to 256 in steps of 0.5,
	// MaxACU at least 1. 0 means 2 to 16 in production, 0.5 to 4 elsewhere.
	MinACU, MaxACU float64
	// PauseAfterSec lets an instance pause, at a capacity of 0, when nobody was
	// connected for as long; 300 to 86400 seconds, and no MinACU then. The next
	// connection waits for about 15 seconds, or longer. 0: it never pauses.
	PauseAfterSec int
	// Instances is how many there are, in zones of their own where that is possible:
	// one writes, the others read and stand by; 1 to 16. 0 means 2 in production and
	// 1 elsewhere. Production takes no less than 2.
	Instances int

	// BackupDays is for how long the database can be restored to any second; 1 to 35.
	// 0 means 35 in production and 7 elsewhere.
	BackupDays int
	// DeletionProtection refuses the cluster's deletion, as production always does.
	DeletionProtection bool
	// Released lets the cluster be deleted, without a last snapshot and with its
	// backups, also in production. False: a deletion leaves a snapshot, called like
	// the cluster and "-final", and the backups for as long as BackupDays says.
	Released bool
	// FinalSnapshot is what the snapshot is called that a deletion leaves; 1 to 255
	// letters, digits and single "-", the first a letter. Empty: Name and "-final". RDS
	// refuses a deletion whose snapshot exists: a cluster that is made again under its
	// name needs another one, given before it is deleted.
	FinalSnapshot string
	// MajorUpgrade lets EngineVersion be of another major version than the cluster's,
	// which RDS refuses otherwise, and which cannot be taken back.
	MajorUpgrade bool

	// LogRetentionDays is how long PostgreSQL's log is kept; a value that CloudWatch
	// Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	// LogKeyARN is the key that encrypts the log. nil: CloudWatch's own.
	LogKeyARN pulumi.StringPtrInput
}

// Network is where the database is: outputs of a network.Network, for example.
type Network struct {
	VPCID pulumi.StringInput // required
	// SubnetIDs are private subnets in two zones or more; required.
	SubnetIDs pulumi.StringArrayInput
	// EndpointSecurityGroupID is the group of the network's interface endpoints, those
	// of network.SessionManager among them; required with a Bastion.
	EndpointSecurityGroupID pulumi.StringInput
}

// Client is something that connects to the database.
type Client struct {
	Name string // 1 to 40 of a-z, 0-9 and "-"; each once, and not "bastion"
	// SecurityGroupID is the group that it is in; required. The group itself has to let
	// connections out, to Database.SecurityGroupID.
	SecurityGroupID pulumi.StringInput
}

// Database is a cluster with its instances and its logs.
type Database struct {
	pulumi.ResourceState

	ClusterID      pulumi.StringOutput `pulumi:"clusterId"`
	ClusterARN     pulumi.StringOutput `pulumi:"clusterArn"`
	ResourceID     pulumi.StringOutput `pulumi:"resourceId"` // by which IAM knows the cluster; see UserARN
	Endpoint       pulumi.StringOutput `pulumi:"endpoint"`   // of the instance that writes
	ReaderEndpoint pulumi.StringOutput `pulumi:"readerEndpoint"`
	Name           pulumi.StringOutput `pulumi:"name"` // of the database
	// SecretARN is the secret with the administrator's name and password.
	SecretARN       pulumi.StringOutput `pulumi:"secretArn"`
	SecurityGroupID pulumi.StringOutput `pulumi:"securityGroupId"`
	LogGroup        pulumi.StringOutput `pulumi:"logGroup"`
	// BastionID, BastionSecurityGroupID and TunnelCommand are "" without a bastion.
	BastionID              pulumi.StringOutput `pulumi:"bastionId"`
	BastionSecurityGroupID pulumi.StringOutput `pulumi:"bastionSecurityGroupId"`
	// TunnelCommand is the AWS command that makes the database answer on port 5432 of
	// the machine where it runs, for whoever has ssm:StartSession on the bastion.
	TunnelCommand pulumi.StringOutput `pulumi:"tunnelCommand"`

	at location.Location
}

// UserARN gives the resource of the action rds-db:connect for a user of the
// database who is a member of rds_iam.
func (d *Database) UserARN(user string) pulumi.StringOutput {
	return d.ResourceID.ApplyT(func(id string) string {
		return d.at.ARN("rds-db", "dbuser:"+id+"/"+user)
	}).(pulumi.StringOutput)
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Database, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	full := args.withDefaults()
	d := &Database{at: args.Location}
	if err := ctx.RegisterComponentResource("tenantform:database:Database", name, d, opts...); err != nil {
		return nil, err
	}
	group, err := d.admission(ctx, name, full)
	if err != nil {
		return nil, err
	}
	cluster, err := d.cluster(ctx, name, full, group)
	if err != nil {
		return nil, err
	}
	if err := d.bastion(ctx, name, full, group, cluster); err != nil {
		return nil, err
	}
	d.ClusterID, d.ClusterARN, d.ResourceID = cluster.ClusterIdentifier, cluster.Arn, cluster.ClusterResourceId
	d.Endpoint, d.ReaderEndpoint, d.Name = cluster.Endpoint, cluster.ReaderEndpoint, cluster.DatabaseName
	d.SecretARN = cluster.MasterUserSecrets.ApplyT(func(secrets []rds.ClusterMasterUserSecret) string {
		if len(secrets) == 0 || secrets[0].SecretArn == nil {
			return ""
		}
		return *secrets[0].SecretArn
	}).(pulumi.StringOutput)
	d.SecurityGroupID = group.ID().ToStringOutput()
	if err := ctx.RegisterResourceOutputs(d, pulumi.Map{
		"clusterId": d.ClusterID, "clusterArn": d.ClusterARN, "resourceId": d.ResourceID, "endpoint": d.Endpoint, "readerEndpoint": d.ReaderEndpoint,
		"name": d.Name, "secretArn": d.SecretARN, "securityGroupId": d.SecurityGroupID, "logGroup": d.LogGroup,
		"bastionId": d.BastionID, "bastionSecurityGroupId": d.BastionSecurityGroupID, "tunnelCommand": d.TunnelCommand,
	}); err != nil {
		return nil, err
	}
	return d, nil
}

// admission makes the cluster's security group: it admits the clients, each to
// the database's port, and lets nothing out.
func (d *Database) admission(ctx *pulumi.Context, name string, args *Args) (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(ctx, name+"-database", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(args.Name + "-database"),
		Description: pulumi.String("Database " + args.Name),
		VpcId:       args.Network.VPCID,
		Tags:        args.Tags.Named(args.Name + "-database"),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, err
	}
	for _, client := range args.Clients {
		if err := d.admit(ctx, name, args, group, client); err != nil {
			return nil, err
		}
	}
	return group, nil
}

func (d *Database) admit(ctx *pulumi.Context, name string, args *Args, group *ec2.SecurityGroup, client Client) error {
	_, err := vpc.NewSecurityGroupIngressRule(ctx, fmt.Sprintf("%s-from-%s", name, client.Name), &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           group.ID(),
		ReferencedSecurityGroupId: client.SecurityGroupID,
		Description:               pulumi.String("PostgreSQL from " + client.Name),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(Port),
		ToPort:                    pulumi.Int(Port),
		Tags:                      args.Tags.Named(args.Name + "-from-" + client.Name),
	}, pulumi.Parent(d))
	return err
}
