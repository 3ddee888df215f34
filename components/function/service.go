package function

import (
	"slices"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
)

// What Lambda does with a function's execution role on the function's behalf.
// It refuses to create a function in a VPC, or with active tracing, when the
// role does not allow it ("The provided execution role does not have
// permissions to call CreateNetworkInterface on EC2", "... PutTraceSegments on
// XRAY"). The sources are "Giving Lambda functions access to resources in an
// Amazon VPC", "Visualize Lambda function invocations using AWS X-Ray" and
// "Sending Lambda function logs to CloudWatch Logs" in the Developer Guide.
var (
	networkActions = []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	logActions   = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	traceActions = []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
)

// sourceKey is in the context of every call made with the credentials that the
// function's code has, and of Lambda's own calls to CloudWatch Logs and X-Ray,
// but not of its calls to EC2; see "Using source function ARN to control
// function access behavior" in the Developer Guide.
const sourceKey = "lambda:SourceFunctionArn"

// Service is what Lambda itself needs of an execution role.
type Service struct {
	Location location.Location
	LogGroup string // the function's log group
	VPC      bool   // the function is in a VPC
}

// Actions gives the actions that Allow allows, sorted.
func (s Service) Actions() []string {
	all := slices.Concat(logActions, traceActions)
	if s.VPC {
		all = append(all, networkActions...)
	}
	slices.Sort(all)
	return all
}

// Allow gives the statements that let Lambda write the function's log, send
// its traces and attach it to a VPC. The resource of the last two is "*"
// because AWS offers no narrower one. The code itself cannot use the network
// actions: the condition does not hold for its credentials, and a second
// statement denies them.
func (s Service) Allow() iampolicy.Document {
	doc := iampolicy.Document{
		{Sid: "LambdaWritesTheLog", Effect: iampolicy.Allow, Actions: logActions, Resources: []string{s.Location.LogGroupARN(s.LogGroup) + ":*"}},
		{Sid: "LambdaSendsTraces", Effect: iampolicy.Allow, Actions: traceActions, Resources: []string{"*"}},
	}
	if !s.VPC {
		return doc
	}
	return append(doc,
		iampolicy.Statement{
			Sid: "LambdaAttachesTheNetwork", Effect: iampolicy.Allow, Actions: networkActions, Resources: []string{"*"},
			Conditions: iampolicy.Conditions{"Null": {sourceKey: {"true"}}},
		},
		iampolicy.Statement{
			Sid: "NoNetworkForTheCode", Effect: iampolicy.Deny, Actions: []string{"ec2:*"}, Resources: []string{"*"},
			Conditions: iampolicy.Conditions{"Null": {sourceKey: {"false"}}},
		},
	)
}
