package network

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
)

// The services that have a gateway endpoint.
const (
	S3       = "s3"
	DynamoDB = "dynamodb"
)

// The services that an interface endpoint may lead to, by the last part of the
// endpoint service's name; see "AWS services that integrate with AWS
// PrivateLink" in the AWS PrivateLink Guide. All of them take an endpoint policy.
// There is none for container images: their layers come from buckets of AWS's
// own accounts, which the policy of the gateway endpoint for S3 keeps out.
const (
	CloudWatch     = "monitoring"
	EC2Messages    = "ec2messages"
	Events         = "events"
	Firehose       = "kinesis-firehose"
	KMS            = "kms"
	Lambda         = "lambda"
	Logs           = "logs"
	SecretsManager = "secretsmanager"
	SNS            = "sns"
	SQS            = "sqs"
	SSM            = "ssm"
	SSMMessages    = "ssmmessages"
	STS            = "sts"
	StepFunctions  = "states"
	XRay           = "xray"
)

const httpsPort = 443

// SessionManager gives the interface endpoints that an instance without a way
// to the internet needs to be reached through Session Manager; see "Improve the
// security of EC2 instances by using VPC endpoints for Systems Manager" in the
// Systems Manager User Guide. Agents before version 3.3.40.0 need EC2Messages.
func SessionManager() []string { return []string{SSM, SSMMessages, EC2Messages} }

// interfaceServices gives the prefix of a service's IAM actions by the name of
// its endpoint.
func interfaceServices() map[string]string {
	services := map[string]string{CloudWatch: "cloudwatch", Firehose: "firehose"}
	for _, s := range []string{EC2Messages, Events, KMS, Lambda, Logs, SecretsManager, SNS, SQS, SSM, SSMMessages, STS, StepFunctions, XRay} {
		services[s] = s
	}
	return services
}

// InterfaceServices gives the services that Args.InterfaceEndpoints accepts, in
// the order of their names.
func InterfaceServices() []string { return slices.Sorted(maps.Keys(interfaceServices())) }

// accounts are those whose principals and resources pass an endpoint.
func (a *Args) accounts() []string {
	return append([]string{a.Location.AccountID}, a.Accounts...)
}

// perimeter is the policy of an endpoint: principals of the network's accounts,
// resources of the network's accounts. It grants nothing; it bounds what the
// policies of principals and resources grant. Its actions and resources are
// therefore not listed, but those of one service. Requests to these services say
// whose the resource is, but for events to another account's bus that has been a
// target since before March 2023: those do not pass ("AWS global condition
// context keys", IAM User Guide).
func (a *Args) perimeter(prefix string) iampolicy.Document {
	return iampolicy.Document{{
		Sid:       "ThisAccountOnly",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{AWS: []string{"*"}},
		Actions:   []string{prefix + ":*"},
		Resources: []string{"*"},
		Conditions: iampolicy.Conditions{"StringEquals": {
			"aws:PrincipalAccount": a.accounts(),
			"aws:ResourceAccount":  a.accounts(),
		}},
	}}
}

// publicSystemsManager lets what AWS itself publishes be read: parameters below
// /aws/ and documents, whose ARNs hold no account.
func (a *Args) publicSystemsManager() iampolicy.Statement {
	public := location.Location{Environment: a.Location.Environment, Region: a.Location.Region}
	return iampolicy.Statement{
		Sid:        "WhatAWSPublishes",
		Effect:     iampolicy.Allow,
		Principal:  &iampolicy.Principal{AWS: []string{"*"}},
		Actions:    []string{"ssm:DescribeDocument", "ssm:GetDocument", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"},
		Resources:  []string{public.ARN("ssm", "parameter/aws/*"), public.ARN("ssm", "document/*")},
		Conditions: iampolicy.Conditions{"StringEquals": {"aws:PrincipalAccount": a.accounts()}},
	}
}

// gateways makes the gateway endpoints.
func (n *Network) gateways(ctx *pulumi.Context, name string, args *Args, network *ec2.Vpc, tables pulumi.StringArray) error {
	for _, service := range args.Endpoints {
		if _, err := ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
			VpcId:           network.ID(),
			ServiceName:     pulumi.String(args.endpointService(service)),
			VpcEndpointType: pulumi.String("Gateway"),
			RouteTableIds:   tables,
			Policy:          args.perimeter(service).Input(),
			Tags:            args.Tags.Named(args.Name + "-" + service),
		}, pulumi.Parent(n)); err != nil {
			return err
		}
	}
	return nil
}

// interfaces makes the interface endpoints and the security group that they
// share, and gives its id; "" when there are none.
func (n *Network) interfaces(ctx *pulumi.Context, name string, args *Args, network *ec2.Vpc, subnets pulumi.StringArray) (pulumi.StringOutput, error) {
	if len(args.InterfaceEndpoints) == 0 {
		return pulumi.String("").ToStringOutput(), nil
	}
	group, err := ec2.NewSecurityGroup(ctx, name+"-endpoints", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(args.Name + "-endpoints"),
		Description: pulumi.String("Interface endpoints of " + args.Name),
		VpcId:       network.ID(),
		Tags:        args.Tags.Named(args.Name + "-endpoints"),
	}, pulumi.Parent(n))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	if _, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-endpoints-https", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID(),
		Description:     pulumi.String("HTTPS from the network's own range"),
		IpProtocol:      pulumi.String("tcp"),
		FromPort:        pulumi.Int(httpsPort),
		ToPort:          pulumi.Int(httpsPort),
		CidrIpv4:        pulumi.String(args.CIDRBlock),
		Tags:            args.Tags.Named(args.Name + "-endpoints-https"),
	}, pulumi.Parent(n)); err != nil {
		return pulumi.StringOutput{}, err
	}
	for _, service := range args.InterfaceEndpoints {
		policy := args.perimeter(interfaceServices()[service])
		if service == SSM {
			policy = append(policy, args.publicSystemsManager())
		}
		if _, err := ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
			VpcId:             network.ID(),
			ServiceName:       pulumi.String(args.endpointService(service)),
			VpcEndpointType:   pulumi.String("Interface"),
			PrivateDnsEnabled: pulumi.Bool(true),
			SubnetIds:         subnets,
			SecurityGroupIds:  pulumi.StringArray{group.ID()},
			Policy:            policy.Input(),
			Tags:              args.Tags.Named(args.Name + "-" + service),
		}, pulumi.Parent(n)); err != nil {
			return pulumi.StringOutput{}, err
		}
	}
	return group.ID().ToStringOutput(), nil
}

func (a *Args) endpointService(service string) string {
	return strings.Join([]string{"com.amazonaws", a.Location.Region, service}, ".")
}
