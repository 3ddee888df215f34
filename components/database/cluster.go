package database

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
)

const (
	engine        = "aurora-postgresql"
	instanceClass = "db.serverless"
	// insightsDays is the retention of performance insights that comes without a
	// charge; see "Pricing and data retention for Performance Insights" in the Aurora
	// User Guide.
	insightsDays = 7
)

// cluster makes the log group, so that RDS does not make one that keeps the log
// for ever, then the cluster and its instances.
func (d *Database) cluster(ctx *pulumi.Context, name string, args *Args, group *ec2.SecurityGroup) (*rds.Cluster, error) {
	log, err := cloudwatch.NewLogGroup(ctx, name+"-log", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/rds/cluster/" + args.Name + "/postgresql"),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, err
	}
	d.LogGroup = log.Name
	subnets, err := rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String("Private subnets of " + args.Name),
		SubnetIds:   args.Network.SubnetIDs,
		Tags:        args.Tags.Map(),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, err
	}
	parameters, err := d.parameters(ctx, name, args)
	if err != nil {
		return nil, err
	}
	settings := &rds.ClusterArgs{
		ClusterIdentifier:                pulumi.String(args.Name),
		Engine:                           pulumi.String(engine),
		EngineMode:                       pulumi.String("provisioned"), // Serverless v2 is a class of instances
		EngineVersion:                    pulumi.String(args.EngineVersion),
		DatabaseName:                     pulumi.String(args.DatabaseName),
		Port:                             pulumi.Int(Port),
		MasterUsername:                   pulumi.String(AdminUser),
		ManageMasterUserPassword:         pulumi.Bool(true),
		MasterUserSecretKmsKeyId:         args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		StorageEncrypted:                 pulumi.Bool(true),
		KmsKeyId:                         args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		DbSubnetGroupName:                subnets.Name,
		VpcSecurityGroupIds:              pulumi.StringArray{group.ID()},
		DbClusterParameterGroupName:      parameters.Name,
		Serverlessv2ScalingConfiguration: args.scaling(),
		EnabledCloudwatchLogsExports:     pulumi.ToStringArray([]string{"postgresql"}),
		BackupRetentionPeriod:            pulumi.Int(args.BackupDays),
		CopyTagsToSnapshot:               pulumi.Bool(true),
		DeletionProtection:               pulumi.Bool(args.protected()),
		SkipFinalSnapshot:                pulumi.Bool(args.Released),
		DeleteAutomatedBackups:           pulumi.Bool(args.Released),
		ApplyImmediately:                 pulumi.Bool(!args.Location.Production()),
		Tags:                             args.Tags.Map(),
	}
	if args.MajorUpgrade {
		settings.AllowMajorVersionUpgrade = pulumi.Bool(true)
	}
	if !args.Released {
		settings.FinalSnapshotIdentifier = pulumi.String(args.finalSnapshot())
	}
	cluster, err := rds.NewCluster(ctx, name+"-cluster", settings, pulumi.Parent(d), depend.On(log))
	if err != nil {
		return nil, err
	}
	return cluster, d.instances(ctx, name, args, cluster, subnets)
}

func (a *Args) finalSnapshot() string {
	if a.FinalSnapshot == "" {
		return a.Name + "-final"
	}
	return a.FinalSnapshot
}

func (a *Args) scaling() rds.ClusterServerlessv2ScalingConfigurationArgs {
	scaling := rds.ClusterServerlessv2ScalingConfigurationArgs{MinCapacity: pulumi.Float64(a.MinACU), MaxCapacity: pulumi.Float64(a.MaxACU)}
	if a.PauseAfterSec > 0 {
		scaling.SecondsUntilAutoPause = pulumi.Int(a.PauseAfterSec)
	}
	return scaling
}

// parameters makes the parameter group: TLS only, and a log of who connected
// and who waited. It logs no statements, in which there is tenants' data. See
// "Aurora PostgreSQL cluster parameters" in the Aurora User Guide.
func (d *Database) parameters(ctx *pulumi.Context, name string, args *Args) (*rds.ClusterParameterGroup, error) {
	var parameters rds.ClusterParameterGroupParameterArray
	for _, p := range [][2]string{{"log_connections", "1"}, {"log_disconnections", "1"}, {"log_lock_waits", "1"}, {"rds.force_ssl", "1"}} {
		parameters = append(parameters, rds.ClusterParameterGroupParameterArgs{Name: pulumi.String(p[0]), Value: pulumi.String(p[1])})
	}
	family := engine + major(args.EngineVersion)
	return rds.NewClusterParameterGroup(ctx, name+"-parameters", &rds.ClusterParameterGroupArgs{
		// The family is in the name: a group of another family stands beside the one
		// that the cluster leaves in an upgrade.
		Name:        pulumi.String(args.Name + "-" + family),
		Family:      pulumi.String(family),
		Description: pulumi.String("TLS and logging of " + args.Name),
		Parameters:  parameters,
		Tags:        args.Tags.Map(),
	}, pulumi.Parent(d))
}

// instances makes the instances. The second stands by in the first tiers of a
// failover, and therefore scales with the one that writes; see "Choosing the
// promotion tier for an Aurora Serverless v2 reader" in the Aurora User Guide.
func (d *Database) instances(ctx *pulumi.Context, name string, args *Args, cluster *rds.Cluster, subnets *rds.SubnetGroup) error {
	for i := range args.Instances {
		if _, err := rds.NewClusterInstance(ctx, fmt.Sprintf("%s-%d", name, i+1), &rds.ClusterInstanceArgs{
			Identifier:                         pulumi.String(fmt.Sprintf("%s-%d", args.Name, i+1)),
			ClusterIdentifier:                  cluster.ID(),
			Engine:                             pulumi.String(engine),
			EngineVersion:                      cluster.EngineVersion,
			InstanceClass:                      pulumi.String(instanceClass),
			DbSubnetGroupName:                  subnets.Name,
			PubliclyAccessible:                 pulumi.Bool(false),
			AutoMinorVersionUpgrade:            pulumi.Bool(false),
			PromotionTier:                      pulumi.Int(min(i, lastTier)),
			PerformanceInsightsEnabled:         pulumi.Bool(true),
			PerformanceInsightsKmsKeyId:        args.KeyARN.ToStringOutput().ToStringPtrOutput(),
			PerformanceInsightsRetentionPeriod: pulumi.Int(insightsDays),
			CopyTagsToSnapshot:                 pulumi.Bool(true),
			ApplyImmediately:                   pulumi.Bool(!args.Location.Production()),
			Tags:                               args.Tags.Map(),
		}, pulumi.Parent(d)); err != nil {
			return err
		}
	}
	return nil
}
