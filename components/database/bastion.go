package database

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
)

// DefaultInstanceType is the bastion's type when its argument is empty: the
// smallest that there is with a Graviton processor.
const DefaultInstanceType = "t4g.nano"

const (
	maxInstanceType = 32
	httpsPort       = 443
	// image is a public parameter of Systems Manager; see "Reference the latest AMIs
	// using Systems Manager public parameters" in the EC2 User Guide. The minimal
	// images have no SSM Agent.
	image      = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
	rootDevice = "/dev/xvda" // of Amazon Linux 2023
	rootGB     = 8           // the least that its image takes
)

// Bastion asks for an instance through which people reach the database. The zero
// value is valid.
type Bastion struct {
	// InstanceType is a type with a Graviton processor; DefaultInstanceType when empty.
	InstanceType string
}

// bastion makes the instance, when it is asked for. It starts from the latest
// Amazon Linux 2023, to which EC2 resolves the parameter when it launches; so an
// instance that is replaced is a patched one. A launch template holds what it is,
// because an instance's own argument would be compared with the image that the
// parameter resolved to, and the instance be replaced in each update.
func (d *Database) bastion(ctx *pulumi.Context, name string, args *Args, database *ec2.SecurityGroup, cluster *rds.Cluster) error {
	if args.Bastion == nil {
		none := pulumi.String("").ToStringOutput()
		d.BastionID, d.BastionSecurityGroupID, d.TunnelCommand = none, none, none
		return nil
	}
	group, err := d.ways(ctx, name, args, database)
	if err != nil {
		return err
	}
	profile, grant, err := d.role(ctx, name, args)
	if err != nil {
		return err
	}
	template, err := d.template(ctx, name, args, profile)
	if err != nil {
		return err
	}
	instance, err := ec2.NewInstance(ctx, name+"-bastion", &ec2.InstanceArgs{
		LaunchTemplate: ec2.InstanceLaunchTemplateArgs{
			Id: template.ID().ToStringOutput().ToStringPtrOutput(),
			Version: template.LatestVersion.ApplyT(func(v int) *string {
				s := strconv.Itoa(v)
				return &s
			}).(pulumi.StringPtrOutput),
		},
		SubnetId:                 args.Network.SubnetIDs.ToStringArrayOutput().Index(pulumi.Int(0)).ToStringPtrOutput(),
		VpcSecurityGroupIds:      pulumi.StringArray{group.ID()},
		AssociatePublicIpAddress: pulumi.Bool(false),
		Tags:                     args.Tags.Named(args.Name + "-bastion"),
		VolumeTags:               args.Tags.Named(args.Name + "-bastion"), // not in the template: the provider cannot read a root volume's tags from there
	}, pulumi.Parent(d), depend.On(grant))
	if err != nil {
		return err
	}
	d.BastionID, d.BastionSecurityGroupID = instance.ID().ToStringOutput(), group.ID().ToStringOutput()
	d.TunnelCommand = pulumi.Sprintf("aws ssm start-session --region %s --target %s --document-name AWS-StartPortForwardingSessionToRemoteHost"+
		` --parameters '{"host":["%s"],"portNumber":["%d"],"localPortNumber":["%d"]}'`,
		args.Location.Region, instance.ID(), cluster.Endpoint, Port, Port)
	return nil
}

// ways makes the bastion's security group: nothing comes in, and only the
// database and the interface endpoints are reached. The network's own resolver
// and clock need no rule; see "Security groups" in the VPC User Guide.
func (d *Database) ways(ctx *pulumi.Context, name string, args *Args, database *ec2.SecurityGroup) (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(ctx, name+"-bastion", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(args.Name + "-bastion"),
		Description: pulumi.String("Bastion of the database " + args.Name),
		VpcId:       args.Network.VPCID,
		Tags:        args.Tags.Named(args.Name + "-bastion"),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, err
	}
	for _, way := range []struct {
		child, description string
		port               int
		to                 pulumi.StringInput
	}{
		{"-bastion-to-database", "PostgreSQL to the database", Port, database.ID()},
		{"-bastion-to-endpoints", "HTTPS to the interface endpoints, for Session Manager", httpsPort, args.Network.EndpointSecurityGroupID},
	} {
		if _, err := vpc.NewSecurityGroupEgressRule(ctx, name+way.child, &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId:           group.ID(),
			ReferencedSecurityGroupId: way.to,
			Description:               pulumi.String(way.description),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(way.port),
			ToPort:                    pulumi.Int(way.port),
			Tags:                      args.Tags.Named(args.Name + way.child),
		}, pulumi.Parent(d)); err != nil {
			return nil, err
		}
	}
	return group, d.admit(ctx, name, args, database, Client{Name: "bastion", SecurityGroupID: group.ID()})
}

// role makes the bastion's role and its profile. The actions are those of
// "Create an IAM role with minimal Session Manager permissions" in the Systems
// Manager User Guide. Those of ssmmessages apply to no resource that could be
// named, and the instance's own id is not known before it is made.
func (d *Database) role(ctx *pulumi.Context, name string, args *Args) (*iam.InstanceProfile, *iam.RolePolicy, error) {
	role, err := iam.NewRole(ctx, name+"-bastion", &iam.RoleArgs{
		Name:             pulumi.String(args.Name + "-bastion"),
		Description:      pulumi.String("Lets Session Manager reach the bastion of " + args.Name),
		AssumeRolePolicy: iampolicy.TrustService("ec2.amazonaws.com", nil).Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, nil, err
	}
	grant, err := iam.NewRolePolicy(ctx, name+"-bastion", &iam.RolePolicyArgs{
		Name: pulumi.String("session-manager"),
		Role: role.Name,
		Policy: iampolicy.Document{{
			Sid:       "SayThatItIsThere",
			Effect:    iampolicy.Allow,
			Actions:   []string{"ssm:UpdateInstanceInformation"},
			Resources: []string{args.Location.ARN("ec2", "instance/*")},
		}, {
			Sid:    "TakeSessions",
			Effect: iampolicy.Allow,
			Actions: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
			Resources: []string{"*"},
		}}.Input(),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, nil, err
	}
	profile, err := iam.NewInstanceProfile(ctx, name+"-bastion", &iam.InstanceProfileArgs{
		Name: pulumi.String(args.Name + "-bastion"),
		Role: role.Name,
		Tags: args.Tags.Map(),
	}, pulumi.Parent(d))
	return profile, grant, err
}

// template says what the instance is: no key pair, metadata by session tokens
// alone and no further than the instance, an encrypted volume.
func (d *Database) template(ctx *pulumi.Context, name string, args *Args, profile *iam.InstanceProfile) (*ec2.LaunchTemplate, error) {
	return ec2.NewLaunchTemplate(ctx, name+"-bastion", &ec2.LaunchTemplateArgs{
		Name:               pulumi.String(args.Name + "-bastion"),
		Description:        pulumi.String(fmt.Sprintf("Bastion of the database %s, reached through Session Manager", args.Name)),
		ImageId:            pulumi.String(image),
		InstanceType:       pulumi.String(args.Bastion.InstanceType),
		IamInstanceProfile: ec2.LaunchTemplateIamInstanceProfileArgs{Arn: profile.Arn},
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(rootDevice),
			Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeType: pulumi.String("gp3"), VolumeSize: pulumi.Int(rootGB), DeleteOnTermination: pulumi.String("true"),
				Encrypted: pulumi.String("true"), KmsKeyId: args.KeyARN.ToStringOutput().ToStringPtrOutput(),
			},
		}},
		Tags: args.Tags.Named(args.Name + "-bastion"),
	}, pulumi.Parent(d))
}
