// Package tenantfunction makes an isolated function from code that a tenant
// supplied: a role that denies the code everything, private subnets, a security
// group that lets nothing in or out, layers for vendor code, a log group with
// retention, active tracing, reserved concurrency, no function URL, and a
// resource policy that lets one role of the platform invoke it.
//
// # The role
//
// AWS's advice for untrusted code is a role without permissions and an explicit
// deny of everything. Taken literally, {"Effect": "Deny", "Action": "*",
// "Resource": "*"} and nothing else, no such function can exist: Lambda performs
// three things of its own with the execution role, and an explicit deny stops
// them too.
//
//   - It attaches the function to the VPC. Without ec2:CreateNetworkInterface it
//     refuses to create the function. ("Giving Lambda functions access to
//     resources in an Amazon VPC", Required IAM permissions, Lambda Developer
//     Guide.)
//   - It sends traces. With tracing Active and without xray:PutTraceSegments it
//     refuses to create the function. ("Visualize Lambda function invocations
//     using AWS X-Ray", Execution role permissions.)
//   - It writes the log. Without logs:CreateLogStream and logs:PutLogEvents the
//     function runs and its log group stays empty. ("Sending Lambda function logs
//     to CloudWatch Logs".)
//
// Therefore the role has exactly one policy, inline, called deny-all:
//
//   - a Deny without a condition on every resource of every action except those
//     that Lambda itself performs (NotAction: ten actions);
//   - a Deny of ec2:* for calls made with the credentials that the code has.
//     Lambda puts lambda:SourceFunctionArn into the context of every such call,
//     also when the credentials are taken elsewhere, but not into its own calls
//     to EC2. ("Using source function ARN to control function access behavior".)
//   - an Allow of those ten actions: the log's on the function's own log group,
//     the network's only where lambda:SourceFunctionArn is absent, and the
//     traces', for which AWS has no narrower resource than "*".
//
// What is left to the code is to write to its own log and to send trace
// segments, and from its network it reaches neither service. Nothing is
// attached to the role, and an attached policy would not matter: the deny wins.
//
// With Grants the first Deny is left out and the grants are allowed instead. The
// component does not judge them; the policies do.
package tenantfunction
