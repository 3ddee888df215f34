package iamgrammar

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// forms are the resource types of services with the last part of their ARN, from
// the tables "Resource types defined by ..." of the Service Authorization
// Reference. A name may hold wildcards; region and account may only in a document
// that is for all accounts of an organisation.
func forms() [][3]string {
	const name = `[^:/]+`
	return [][3]string{
		{"s3", "object", ""}, {"s3", "bucket", ""}, // global; see typesOf
		{"iam", "role", `role/[^*]+`}, {"iam", "policy", `policy/[^*]+`}, {"iam", "root", `root`},
		{"dynamodb", "table", `table/` + name}, {"dynamodb", "index", `table/` + name + `/index/` + name},
		{"dynamodb", "stream", `table/` + name + `/stream/.+`},
		{"lambda", "function", `function:[^:]+(:[^:]+)?`}, {"lambda", "layer version", `layer:[^:]+:([0-9]+|\*)`},
		{"logs", "log-group", `log-group:[^:]+(:\*)?`}, {"logs", "log-stream", `log-group:[^:]+:(\*|log-stream:.+)`},
		{"sns", "topic", `[A-Za-z0-9_-]{1,256}(\.fifo)?`}, {"sqs", "queue", `[A-Za-z0-9_-]{1,80}(\.fifo)?`},
		{"kms", "key", `key/(mrk-)?([0-9a-f-]+|\*)`}, {"kms", "alias", `alias/.+`},
		{"events", "event-bus", `event-bus/[A-Za-z0-9._/-]+`}, {"events", "rule", `rule/.+`},
		{"ssm", "parameter", `parameter/[A-Za-z0-9_./*-]+`}, {"ssm", "document", `document/.+`}, {"ssm", "session", `session/.+`},
		{"ec2", "instance", `instance/.+`}, {"ec2", "network-interface", `network-interface/.+`}, {"ec2", "subnet", `subnet/.+`},
		{"signer", "signing-profile", `/signing-profiles/[^*]+`}, {"signer", "signing-job", `/signing-jobs/.+`},
		{"firehose", "deliverystream", `deliverystream/[A-Za-z0-9_.-]+`}, {"kinesis", "stream", `stream/.+`},
		{"rds", "cluster", `cluster:.+`}, {"rds-db", "db-user", `dbuser:[A-Za-z0-9-]+/.+`},
		{"secretsmanager", "Secret", `secret:.+`}, {"cognito-idp", "userpool", `userpool/.+`},
		{"execute-api", "execute-api-general", `[a-z0-9*]+/.+`}, {"cloudwatch", "alarm", `alarm:.+`}, {"cloudtrail", "trail", `trail/.+`},
		{"wafv2", "webacl", `(regional|global)/webacl/.+`}, {"oam", "sink", `sink/.+`}, {"states", "stateMachine", `stateMachine:.+`},
	}
}

type shape struct {
	service, name string
	pattern       *regexp.Regexp
}

var shapes = sync.OnceValue(func() []shape {
	var all []shape
	for _, f := range forms() {
		const partition = `^arn:aws(?:-cn|-us-gov)?:`
		whole := partition + f[0] + `:[a-z]{2}(?:-[a-z]+)+-[0-9]:[0-9]{12}:(?:` + f[2] + `)$`
		switch {
		case f[0] == "s3" && f[1] == "bucket":
			whole = partition + `s3:::[a-z0-9.*-]+$`
		case f[0] == "s3":
			whole = partition + `s3:::[a-z0-9.*-]+/.+$`
		case f[0] == "ssm" && f[1] != "session": // what AWS publishes has no account
			published := map[string]string{"parameter": `parameter/aws/.+`, "document": `document/(?:\*|AWS.+)`}[f[1]]
			whole = partition + `ssm:[a-z]{2}(?:-[a-z]+)+-[0-9]:(?:[0-9]{12}:(?:` + f[2] + `)|:` + published + `)$`
		case f[0] == "iam":
			whole = partition + `iam::(?:[0-9]{12}):(?:` + f[2] + `)$`
		}
		all = append(all, shape{f[0], f[1], regexp.MustCompile(whole)})
	}
	return all
})

// typesOf gives the types, "s3 bucket", of which an ARN has the form. anywhere lets
// region and account be wildcards.
func typesOf(arn string, anywhere bool) []string {
	if parts := strings.SplitN(arn, ":", 6); anywhere && len(parts) == 6 {
		for i, stand := range map[int]string{3: "us-east-1", 4: "111111111111"} {
			if parts[i] == "*" {
				parts[i] = stand
			}
		}
		arn = strings.Join(parts, ":")
	}
	var found []string
	for _, s := range shapes() {
		if s.pattern.MatchString(arn) {
			found = append(found, s.service+" "+s.name)
		}
	}
	return found
}

// rows say which resource types an action takes, from the tables "Actions defined
// by ..." of the Service Authorization Reference. No type means that the action
// has to be allowed on "*".
func rows() [][2]string {
	return [][2]string{
		{"s3 object", `s3:GetObject s3:GetObjectVersion s3:GetObjectTagging s3:GetObjectAttributes s3:PutObject s3:PutObjectTagging s3:PutObjectRetention
			s3:PutObjectLegalHold s3:DeleteObject s3:DeleteObjectVersion s3:AbortMultipartUpload s3:ListMultipartUploadParts s3:BypassGovernanceRetention`},
		{"s3 bucket", `s3:ListBucket s3:ListBucketVersions s3:ListBucketMultipartUploads s3:GetBucketLocation s3:GetBucketAcl s3:GetBucketVersioning`},
		{"dynamodb table", `dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:DescribeTable
			dynamodb:DescribeTimeToLive dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:PartiQLDelete dynamodb:PartiQLInsert dynamodb:PartiQLUpdate`},
		{"dynamodb table,dynamodb index", `dynamodb:Query dynamodb:Scan dynamodb:PartiQLSelect`},
		{"dynamodb stream", `dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams`},
		{"lambda function", `lambda:InvokeFunction lambda:InvokeFunctionUrl lambda:InvokeAsync lambda:GetFunction lambda:GetFunctionConfiguration`},
		{"lambda layer version", `lambda:GetLayerVersion`},
		{"logs log-group", `logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams logs:FilterLogEvents logs:StartQuery
			logs:PutRetentionPolicy logs:DeleteLogGroup logs:Link`},
		{"logs log-stream", `logs:PutLogEvents logs:GetLogEvents`},
		{"", `logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy
			logs:DescribeResourcePolicies logs:GetQueryResults`},
		{"sns topic", `sns:Publish sns:Subscribe sns:GetTopicAttributes`},
		{"sqs queue", `sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ChangeMessageVisibility
			sqs:StartMessageMoveTask sqs:ListMessageMoveTasks sqs:CancelMessageMoveTask`},
		{"kms key", `kms:Encrypt kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:DescribeKey
			kms:CreateGrant kms:ListGrants kms:RevokeGrant`},
		{"events event-bus", `events:PutEvents`},
		{"ssm parameter", `ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath ssm:PutParameter`},
		{"ssm document", `ssm:GetDocument ssm:DescribeDocument`},
		{"ec2 instance,ssm document", `ssm:StartSession`},
		{"ec2 instance", `ssm:UpdateInstanceInformation`},
		{"ssm session", `ssm:TerminateSession ssm:ResumeSession`},
		// The agent of an instance cannot be bound to one: the role comes before the id.
		{"", `ssm:PutInventory ssm:PutComplianceItems ssm:UpdateInstanceAssociationStatus ssm:UpdateAssociationStatus ssm:ListAssociations
			ssm:ListInstanceAssociations ssm:DescribeAssociation ssm:GetDeployablePatchSnapshotForInstance ssm:GetManifest ssm:PutConfigurePackageResult
			ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel
			ec2messages:AcknowledgeMessage ec2messages:DeleteMessage ec2messages:FailMessage ec2messages:GetEndpoint ec2messages:GetMessages ec2messages:SendReply`},
		// Lambda refuses a role that has these on less: "Required IAM permissions" of
		// "Giving Lambda functions access to resources in an Amazon VPC".
		{"", `ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets
			ec2:DescribeSecurityGroups ec2:DescribeVpcs ec2:UnassignPrivateIpAddresses`},
		{"", `xray:PutTelemetryRecords xray:PutTraceSegments xray:GetSamplingRules xray:GetSamplingTargets cloudwatch:PutMetricData cloudwatch:Link xray:Link`},
		{"iam role", `iam:PassRole sts:AssumeRole sts:TagSession sts:SetSourceIdentity`},
		{"signer signing-profile", `signer:StartSigningJob signer:GetSigningProfile signer:PutSigningProfile`},
		{"signer signing-job", `signer:DescribeSigningJob`},
		{"firehose deliverystream", `firehose:PutRecord firehose:PutRecordBatch firehose:DescribeDeliveryStream firehose:ListTagsForDeliveryStream`},
		{"rds-db db-user", `rds-db:connect`},
		{"secretsmanager Secret", `secretsmanager:GetSecretValue secretsmanager:DescribeSecret`},
		{"cognito-idp userpool", `cognito-idp:AdminInitiateAuth cognito-idp:AdminGetUser cognito-idp:AdminCreateUser`},
		{"execute-api execute-api-general", `execute-api:Invoke`},
		{"", `oam:CreateLink oam:UpdateLink`}, // on a sink's own document, which calls it "*"
	}
}

var table = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for _, row := range rows() {
		types := slices.DeleteFunc(strings.Split(row[0], ","), func(s string) bool { return s == "" })
		for action := range strings.FieldsSeq(row[1]) {
			all[action] = types
		}
	}
	return all
})

// takes gives the resource types of an action; false when the table has no row.
func takes(action string) ([]string, bool) {
	types, ok := table()[action]
	return types, ok
}
