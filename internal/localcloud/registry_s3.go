package localcloud

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"

	"github.com/tenantform/tenantform/tenants"
)

// s3Kinds are buckets and what is set on them.
// Source of limits: S3 User Guide, "General purpose bucket naming rules".
func s3Kinds() []*kind {
	inBucket := ref{prop: "bucket", to: []string{"s3.BucketV2"}, by: asBucket, part: true, missing: "NoSuchBucket: The specified bucket does not exist"}
	of := func(k kind) *kind {
		k.id = "{in.bucket}"
		k.replace = append([]string{"bucket"}, k.replace...)
		k.refs = append([]ref{inBucket}, k.refs...)
		return &k
	}
	return []*kind{
		{
			token: "aws:s3/bucketV2:BucketV2", label: "S3 Bucket", args: s3.BucketV2Args{}, resource: &s3.BucketV2{},
			id: "{name}", unique: "{name}", arn: "arn:{partition}:s3:::{name}", name: "bucket", autoname: &autoname{max: 63, lower: true},
			taken: "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.", settle: foreignBucket,
			outputs: map[string]string{
				"bucketDomainName": "{name}.s3.amazonaws.com", "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com", "region": "{region}", "hostedZoneId": "Z{upper:13}",
			},
			defaults: map[string]any{"forceDestroy": false, "requestPayer": "BucketOwner", "objectLockEnabled": false},
			rules: map[string]rule{"bucket": all(length(3, 63), pattern(`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`, "lower-case letters, digits, dots and dashes, with a letter or digit at both ends"),
				text(bucketName)), "tags": tags},
			replace: []string{"bucket", "bucketPrefix", "objectLockEnabled"}, policies: []string{"policy"},
			inUse: []use{{by: "s3.BucketObjectv2", prop: "bucket", unless: "forceDestroy", says: "BucketNotEmpty: The bucket you tried to delete is not empty"}},
		},
		of(kind{
			token: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", label: "S3 Bucket Public Access Block",
			args: s3.BucketPublicAccessBlockArgs{}, resource: &s3.BucketPublicAccessBlock{},
			defaults: map[string]any{"blockPublicAcls": false, "blockPublicPolicy": false, "ignorePublicAcls": false, "restrictPublicBuckets": false},
		}),
		of(kind{
			token: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", label: "S3 Bucket Server-side Encryption Configuration",
			args: s3.BucketServerSideEncryptionConfigurationV2Args{}, resource: &s3.BucketServerSideEncryptionConfigurationV2{}, required: []string{"rules"},
			replace: []string{"expectedBucketOwner"}, sets: []string{"rules"},
			rules: map[string]rule{"rules": items(1, 1), "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm": oneOf("AES256", "aws:kms", "aws:kms:dsse")},
			refs:  []ref{refKey("rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId", "KMS.NotFoundException: Key '{value}' does not exist")},
		}),
		of(kind{
			token: "aws:s3/bucketVersioningV2:BucketVersioningV2", label: "S3 Bucket Versioning", args: s3.BucketVersioningV2Args{}, resource: &s3.BucketVersioningV2{},
			replace: []string{"expectedBucketOwner"}, rules: map[string]rule{"versioningConfiguration.status": oneOf("Enabled", "Suspended", "Disabled")},
			settle: lockedStaysVersioned,
		}),
		of(kind{
			token: "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", label: "S3 Bucket Object Lock Configuration",
			args: s3.BucketObjectLockConfigurationV2Args{}, resource: &s3.BucketObjectLockConfigurationV2{}, defaults: map[string]any{"objectLockEnabled": "Enabled"},
			rules: map[string]rule{"objectLockEnabled": oneOf("Enabled"), "rule.defaultRetention.mode": oneOf("COMPLIANCE", "GOVERNANCE"),
				"rule.defaultRetention.days": between(1, 36500), "rule.defaultRetention.years": between(1, 100)},
			replace: []string{"expectedBucketOwner", "objectLockEnabled"}, settle: settleObjectLock,
		}),
		of(kind{
			token: "aws:s3/bucketNotification:BucketNotification", label: "S3 Bucket Notification", args: s3.BucketNotificationArgs{}, resource: &s3.BucketNotification{},
			rules: map[string]rule{"lambdaFunctions[*].events[*]": s3Event(), "queues[*].events[*]": s3Event(), "topics[*].events[*]": s3Event(),
				"lambdaFunctions[*].lambdaFunctionArn": arn("lambda"), "queues[*].queueArn": arn("sqs"), "topics[*].topicArn": arn("sns")},
			defaults: map[string]any{"eventbridge": false},
			refs: []ref{refFunction("lambdaFunctions[*].lambdaFunctionArn", noDestination), {prop: "queues[*].queueArn", to: []string{"sqs.Queue"}, by: asQueue, missing: noDestination},
				{prop: "topics[*].topicArn", to: []string{"sns.Topic"}, by: asARN, missing: noDestination}},
		}),
		of(kind{
			token: "aws:s3/bucketPolicy:BucketPolicy", label: "S3 Bucket Policy", args: s3.BucketPolicyArgs{}, resource: &s3.BucketPolicy{},
			required: []string{"policy"}, policies: []string{"policy"},
		}),
		of(kind{
			token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", label: "S3 Bucket Ownership Controls",
			args: s3.BucketOwnershipControlsArgs{}, resource: &s3.BucketOwnershipControls{},
			rules: map[string]rule{"rule.objectOwnership": oneOf("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")},
		}),
		of(kind{
			token: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", label: "S3 Bucket Lifecycle Configuration",
			args: s3.BucketLifecycleConfigurationV2Args{}, resource: &s3.BucketLifecycleConfigurationV2{}, replace: []string{"expectedBucketOwner"},
			rules: map[string]rule{"rules": items(1, 1000), "rules[*].status": oneOf("Enabled", "Disabled"), "rules[*].id": length(1, 255)},
		}),
		of(kind{
			token: "aws:s3/bucketLoggingV2:BucketLoggingV2", label: "S3 Bucket Logging", args: s3.BucketLoggingV2Args{}, resource: &s3.BucketLoggingV2{},
			replace: []string{"expectedBucketOwner"},
			refs: []ref{{prop: "targetBucket", to: []string{"s3.BucketV2"}, by: asBucket,
				missing: "InvalidTargetBucketForLogging: The target bucket for logging does not exist"}},
		}),
		{
			token: "aws:s3/bucketObjectv2:BucketObjectv2", label: "S3 Object", args: s3.BucketObjectv2Args{}, resource: &s3.BucketObjectv2{},
			id: "{name}", key: "{in.bucket}/{name}", arn: "arn:{partition}:s3:::{in.bucket}/{name}", name: "key", autoname: &autoname{max: 1024},
			required: []string{"bucket"}, rules: map[string]rule{"key": length(1, 1024), "tags": tags}, replace: []string{"bucket", "key"}, refs: []ref{inBucket},
		},
	}
}

func bucketName(s string) string {
	if strings.Contains(s, "..") || strings.HasPrefix(s, "xn--") || strings.HasSuffix(s, "-s3alias") {
		return "must not contain two dots in a row, begin with xn-- or end in -s3alias"
	}
	return ""
}

// foreignBucket refuses the name of somebody else's bucket in S3's words for
// it; one's own is refused when it is stored.
func foreignBucket(c *creation) error {
	if c.old != nil {
		return nil
	}
	if held, ok := c.cloud.store.holder(c.kind.short, c.name); ok && held.Account != c.at.account {
		return &tenants.Error{Code: tenants.CodeConflict, Message: "BucketAlreadyExists: The requested bucket name is not available. " +
			"The bucket namespace is shared by all users of the system. Please select a different name and try again."}
	}
	return nil
}

const noDestination = "InvalidArgument: Unable to validate the following destination configurations"

// s3Event is the name of an event that a bucket tells of.
func s3Event() rule {
	return pattern(`^s3:(ObjectCreated|ObjectRemoved|ObjectRestore|Replication|LifecycleExpiration|ObjectTagging|LifecycleTransition|IntelligentTiering|ObjectAcl|`+
		`ReducedRedundancyLostObject|TestEvent)(:(\*|[A-Za-z]+))*$`, "an event of S3, as s3:ObjectCreated:*")
}

// settleObjectLock refuses to lock a bucket that keeps no versions, and a
// retention of no length or of two.
// Source: S3 API reference, PutObjectLockConfiguration.
func settleObjectLock(c *creation) error {
	bucket := textOf(c.inputs["bucket"])
	in, key, _ := asBucket(c.cloud, c.at, bucket)
	rec, err := c.cloud.store.get(in, "s3.BucketV2", key)
	if err != nil {
		return err
	}
	versioning, err := c.cloud.store.get(in, "s3.BucketVersioningV2", key)
	if err != nil {
		return err
	}
	locked := rec != nil && rec.Inputs["objectLockEnabled"] == true
	if !locked && (versioning == nil || valueAt(versioning.Inputs, "versioningConfiguration.status") != "Enabled") {
		return refusal("InvalidBucketState: Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
	}
	if retention, ok := valueAt(c.inputs, "rule.defaultRetention").(map[string]any); ok && (retention["days"] == nil) == (retention["years"] == nil) {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema"}
	}
	return nil
}

// lockedStaysVersioned refuses to suspend the versions of a locked bucket.
func lockedStaysVersioned(c *creation) error {
	if valueAt(c.inputs, "versioningConfiguration.status") == "Enabled" {
		return nil
	}
	in, key, _ := asBucket(c.cloud, c.at, textOf(c.inputs["bucket"]))
	for _, short := range []string{"s3.BucketV2", "s3.BucketObjectLockConfigurationV2"} {
		rec, err := c.cloud.store.get(in, short, key)
		if err != nil {
			return err
		}
		if rec != nil && (rec.Inputs["objectLockEnabled"] == true || short != "s3.BucketV2") {
			return refusal("InvalidBucketState: An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		}
	}
	return nil
}
