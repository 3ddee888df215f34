package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
)

const aggregationSeconds = 60 // the shorter of the two intervals that flow logs have

// flowLogs records all traffic of the VPC in a log group of its own, through a
// role that can write to that group and nothing else. What the role needs is in
// "IAM role for publishing flow logs to CloudWatch Logs", VPC User Guide.
func (n *Network) flowLogs(ctx *pulumi.Context, name string, args *Args, vpc *ec2.Vpc) (pulumi.StringOutput, error) {
	groupName := args.Name + "/flow-logs"
	group, err := cloudwatch.NewLogGroup(ctx, name+"-flow-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(groupName),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(n))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	trust := iampolicy.TrustService("vpc-flow-logs.amazonaws.com", iampolicy.Conditions{
		"StringEquals": {"aws:SourceAccount": {args.Location.AccountID}},
		"ArnLike":      {"aws:SourceArn": {args.Location.ARN("ec2", "vpc-flow-log/*")}},
	})
	role, err := iam.NewRole(ctx, name+"-flow-logs", &iam.RoleArgs{
		Name:             pulumi.String(args.Name + "-flow-logs"),
		Description:      pulumi.String("Writes the flow logs of " + args.Name),
		AssumeRolePolicy: trust.Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(n))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	arn := args.Location.LogGroupARN(groupName)
	grant, err := iam.NewRolePolicy(ctx, name+"-flow-logs", &iam.RolePolicyArgs{
		Name: pulumi.String("write-flow-logs"),
		Role: role.Name,
		Policy: iampolicy.Document{{
			Sid:       "WriteThisGroup",
			Effect:    iampolicy.Allow,
			Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
			Resources: []string{arn, arn + ":*"},
		}}.Input(),
	}, pulumi.Parent(n))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = ec2.NewFlowLog(ctx, name+"-flow-log", &ec2.FlowLogArgs{
		VpcId:                  vpc.ID(),
		TrafficType:            pulumi.String("ALL"),
		LogDestinationType:     pulumi.String("cloud-watch-logs"),
		LogDestination:         group.Arn,
		IamRoleArn:             role.Arn,
		MaxAggregationInterval: pulumi.Int(aggregationSeconds),
		Tags:                   args.Tags.Named(args.Name),
	}, pulumi.Parent(n), depend.On(grant))
	return group.Name, err
}
