// Package tenantfunction makes an isolated function from code that a tenant
// supplied: a role that denies the code everything, private subnets, a security
// group that lets nothing in or out, layers for vendor code, a log group with
// retention, active tracing, reserved concurrency, no function URL, and a
// resource policy that lets one role of the platform invoke it. Each change is a
// published version, and the alias live is the one in use.
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
// Grants are the only way to a permission. With them the first Deny is left out,
// the grants are allowed, and a permissions boundary takes the deny's place: a
// managed policy of the function's own, with the same ten actions and the same
// grants and nothing else, which denies what leads out of the role (see
// iampolicy.Escalations) even if it was granted. What is attached to the role
// later adds nothing. The component refuses wildcards; whether a grant may be
// given at all is for the policies to say.
//
// # Signed code
//
// With CodeSigningConfigARN Lambda takes only code and layers that a signing
// profile of the configuration has signed, and the component refuses an archive
// that cannot pass before anything is registered. Production needs it, unless
// Unsigned says otherwise. Signed code comes from S3, where AWS Signer leaves
// it, or from a copy of that file.
//
// # Metrics
//
// Lambda counts invocations, errors and durations by itself. From the lines that
// Lambda writes about each invocation three metrics more are made: errors of the
// code alone, timeouts, and cold starts. Such a line does not name the tenant and
// a metric filter takes the values of dimensions from the line, so that the
// metrics have no dimension and MetricName as their name. That is as well: the
// code can write lines that look like Lambda's, and falsifies no metrics but its
// own. They are custom metrics, which CloudWatch charges for by the hour in which
// they have data.
package tenantfunction
