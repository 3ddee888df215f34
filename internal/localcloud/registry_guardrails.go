package localcloud

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/tenants"
)

// organizationKinds are policies over accounts. Which accounts and units there
// are is not known here: targets are taken at their word.
// Source of limits: Organizations User Guide, "Quotas and service limits"; API reference, CreatePolicy, AttachPolicy.
func organizationKinds() []*kind {
	return []*kind{
		{
			token: "aws:organizations/policy:Policy", label: "Organizations Policy", args: organizations.PolicyArgs{}, resource: &organizations.Policy{}, global: true,
			id: "p-{base36:8}", arn: "arn:{partition}:organizations::{account}:policy/o-local00000/{id}", name: "name", autoname: &autoname{max: 128},
			unique: "{account}/{in.type}/{name}", taken: "DuplicatePolicyException: A policy with the same name already exists.", settle: settleOrganizationPolicy,
			defaults: map[string]any{"type": "SERVICE_CONTROL_POLICY", "skipDestroy": false},
			rules: map[string]rule{"name": length(1, 128), "description": length(0, 512), "content": length(1, 10000), "tags": tags,
				"type": oneOf("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2")},
			replace: []string{"type"}, jsons: []string{"content"},
			inUse: []use{{by: "organizations.PolicyAttachment", prop: "policyId",
				says: "PolicyInUseException: The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation."}},
		},
		{
			token: "aws:organizations/policyAttachment:PolicyAttachment", label: "Organizations Policy Attachment",
			args: organizations.PolicyAttachmentArgs{}, resource: &organizations.PolicyAttachment{}, global: true,
			id: "{in.targetId}:{in.policyId}", taken: "DuplicatePolicyAttachmentException: A policy with the specified name and type already exists.",
			rules: map[string]rule{"targetId": pattern(`^(r-[0-9a-z]{4,32}|\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$`, "a root, a unit or an account's 12 digits")},
			fixed: true, keep: []string{"skipDestroy"}, settle: settleAttachment,
			refs: []ref{{prop: "policyId", to: []string{"organizations.Policy"}, by: asOwnPolicy, missing: "PolicyNotFoundException: We can't find a policy with the PolicyId {value}."}},
		},
	}
}

// asOwnPolicy takes a policy's id; those that AWS keeps are always there.
func asOwnPolicy(_ *Cloud, at place, value string) (place, string, bool) {
	return at, value, !strings.HasPrefix(value, "p-FullAWSAccess") && !strings.HasPrefix(value, "p-RCPFullAWSAccess")
}

// settleOrganizationPolicy refuses a service control policy that is too long,
// or says what only policies of resources say.
func settleOrganizationPolicy(c *creation) error {
	content, kind := textOf(c.inputs["content"]), textOf(c.inputs["type"])
	if kind != "" && kind != "SERVICE_CONTROL_POLICY" {
		return nil
	}
	const malformed = "MalformedPolicyDocumentException: The provided policy document does not meet the requirements of the specified policy type."
	if len(content) > 5120 {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ConstraintViolationException: The policy document exceeds the maximum size of 5120 characters"}
	}
	var doc struct{ Statement []map[string]json.RawMessage }
	if json.Unmarshal([]byte(content), &doc) != nil || len(doc.Statement) == 0 {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: malformed}
	}
	for _, s := range doc.Statement {
		if s["Principal"] != nil || s["NotPrincipal"] != nil || s["Effect"] == nil || s["Action"] == nil && s["NotAction"] == nil {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: malformed}
		}
	}
	return nil
}

// maxAttached is how many policies of a kind a root, a unit or an account has,
// that of AWS itself included.
const maxAttached = 5

func settleAttachment(c *creation) error {
	all, err := c.siblings("organizations.PolicyAttachment")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a *record) bool { return a.ID == c.id || a.Inputs["targetId"] != c.inputs["targetId"] })
	if c.old == nil && len(all) >= maxAttached-1 {
		return refusal("ConstraintViolationException: You have attached the maximum number of policies to the specified target.")
	}
	return nil
}

// configKinds are what records how resources are set up, and judges it. An
// account has one recorder and one channel in a region.
// Source of limits: AWS Config API reference, PutConfigurationRecorder, PutDeliveryChannel, PutConfigRule, PutConformancePack.
func configKinds() []*kind {
	frequency := oneOf("One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours")
	name256 := all(length(1, 256), pattern(`^[\w-]+$`, "letters, digits, dashes and underscores"))
	bucket := func(prop string) ref {
		return ref{prop: prop, to: []string{"s3.BucketV2"}, by: asBucket, missing: "NoSuchBucketException: Cannot find a S3 bucket with name {value}."}
	}
	return []*kind{
		{
			token: "aws:cfg/recorder:Recorder", label: "ConfigService Configuration Recorder", args: cfg.RecorderArgs{}, resource: &cfg.Recorder{},
			id: "{name}", unique: "{account}/{region}", name: "name", autoname: &autoname{max: 256},
			taken: "MaxNumberOfConfigurationRecordersExceededException: Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: 1 is reached.",
			rules: map[string]rule{"name": length(1, 256), "roleArn": arn("iam"), "recordingMode.recordingFrequency": oneOf("CONTINUOUS", "DAILY")}, settle: settleRecorder,
			replace: []string{"name"}, sets: []string{"recordingGroup.resourceTypes"},
			refs: []ref{refRole("roleArn", "InvalidRoleException: The role {value} does not exist or cannot be assumed by AWS Config")},
		},
		{
			token: "aws:cfg/recorderStatus:RecorderStatus", label: "ConfigService Configuration Recorder Status", args: cfg.RecorderStatusArgs{}, resource: &cfg.RecorderStatus{},
			id: "{name}", name: "name", autoname: &autoname{max: 256}, replace: []string{"name"},
			settle: func(c *creation) error {
				if c.inputs["isEnabled"] != true {
					return nil
				}
				return c.needs("cfg.DeliveryChannel", "NoAvailableDeliveryChannelException: Delivery channel is not available to start configuration recorder.")
			},
			refs: []ref{{prop: "name", to: []string{"cfg.Recorder"}, by: asID, part: true,
				missing: "NoSuchConfigurationRecorderException: Cannot find configuration recorder with the specified name '{value}'."}},
		},
		{
			token: "aws:cfg/deliveryChannel:DeliveryChannel", label: "ConfigService Delivery Channel", args: cfg.DeliveryChannelArgs{}, resource: &cfg.DeliveryChannel{},
			id: "{name}", unique: "{account}/{region}", name: "name", autoname: &autoname{max: 256},
			taken:  "MaxNumberOfDeliveryChannelsExceededException: Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 is reached.",
			rules:  map[string]rule{"name": length(1, 256), "snapshotDeliveryProperties.deliveryFrequency": frequency, "s3KmsKeyArn": arn("kms"), "snsTopicArn": arn("sns")},
			settle: recorderIsThere("put delivery channel"), keeps: recorderRuns, replace: []string{"name"},
			refs: []ref{bucket("s3BucketName"), {prop: "snsTopicArn", to: []string{"sns.Topic"}, by: asARN, missing: "InvalidSNSTopicARNException: The topic {value} does not exist"}},
		},
		{
			token: "aws:cfg/rule:Rule", label: "ConfigService Rule", args: cfg.RuleArgs{}, resource: &cfg.Rule{},
			id: "{name}", arn: "arn:{partition}:config:{region}:{account}:config-rule/config-rule-{base36:6}", name: "name", autoname: &autoname{max: 128},
			rules: map[string]rule{"name": length(1, 128), "description": length(0, 256), "source.owner": oneOf("AWS", "CUSTOM_LAMBDA", "CUSTOM_POLICY"),
				"source.sourceIdentifier": length(1, 256), "maximumExecutionFrequency": frequency, "inputParameters": length(0, 1024), "tags": tags},
			settle: func(c *creation) error {
				c.computed["ruleId"] = c.arn[strings.LastIndex(c.arn, "/")+1:]
				return recorderIsThere("put config rule")(c)
			},
			replace: []string{"name"}, jsons: []string{"inputParameters"},
		},
		{
			token: "aws:cfg/conformancePack:ConformancePack", label: "ConfigService Conformance Pack", args: cfg.ConformancePackArgs{}, resource: &cfg.ConformancePack{},
			id: "{name}", arn: "arn:{partition}:config:{region}:{account}:conformance-pack/{name}/conformance-pack-{base36:9}", name: "name", autoname: &autoname{max: 51},
			rules: map[string]rule{"name": all(length(1, 51), pattern(`^[a-zA-Z][-a-zA-Z0-9]*$`, "a letter, then letters, digits and dashes")), "templateBody": length(1, 51200),
				"inputParameters": items(0, 60), "deliveryS3Bucket": length(0, 63)},
			settle: settleConformancePack, replace: []string{"name"}, refs: []ref{bucket("deliveryS3Bucket")},
		},
		{
			token: "aws:cfg/configurationAggregator:ConfigurationAggregator", label: "ConfigService Configuration Aggregator",
			args: cfg.ConfigurationAggregatorArgs{}, resource: &cfg.ConfigurationAggregator{},
			id: "{name}", arn: "arn:{partition}:config:{region}:{account}:config-aggregator/config-aggregator-{base36:8}", name: "name", autoname: &autoname{max: 256},
			rules: map[string]rule{"name": name256, "organizationAggregationSource.roleArn": arn("iam"),
				"accountAggregationSource.accountIds[*]": pattern(`^\d{12}$`, "an account's 12 digits"), "tags": tags},
			settle: func(c *creation) error {
				if (c.inputs["accountAggregationSource"] == nil) == (c.inputs["organizationAggregationSource"] == nil) {
					return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValueException: You must choose one aggregation source: accounts, or an organization."}
				}
				return nil
			},
			replace: []string{"name"},
			refs:    []ref{refRole("organizationAggregationSource.roleArn", "InvalidRoleException: The role {value} does not exist")},
		},
	}
}

// needs refuses a resource where there is none of another kind.
func (c *creation) needs(short, message string) error {
	there, err := c.siblings(short)
	if err == nil && len(there) == 0 {
		return refusal("%s", message)
	}
	return err
}

func recorderIsThere(to string) func(*creation) error {
	return func(c *creation) error {
		return c.needs("cfg.Recorder", "NoAvailableConfigurationRecorderException: Configuration recorder is not available to "+to+".")
	}
}

// settleRecorder refuses a group that records everything and names types too.
func settleRecorder(c *creation) error {
	group, _ := c.inputs["recordingGroup"].(map[string]any)
	if group["allSupported"] != false && !empty(group["resourceTypes"]) {
		return &tenants.Error{Code: tenants.CodeInvalid,
			Message: "InvalidRecordingGroupException: The recording group provided is not valid: allSupported must be false when resource types are named"}
	}
	return nil
}

// recorderRuns refuses to delete the channel of a recorder that runs.
func recorderRuns(c *Cloud, rec *record) error {
	statuses, err := c.store.list(rec.Account, rec.Region, "cfg.RecorderStatus")
	if err != nil {
		return err
	}
	for _, s := range statuses {
		if s.Inputs["isEnabled"] == true {
			return refusal("LastDeliveryChannelDeleteFailedException: Failed to delete last specified delivery channel with name '%s', because there is a running configuration recorder.", rec.Name)
		}
	}
	return nil
}

func settleConformancePack(c *creation) error {
	if textOf(c.inputs["templateBody"]) == "" && textOf(c.inputs["templateS3Uri"]) == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ConformancePackTemplateValidationException: Template body or template S3 URI is required."}
	}
	return recorderIsThere("put conformance pack")(c)
}

// maxTrails is how many an account has in a region: CloudTrail User Guide, "Quotas".
const maxTrails = 5

// trailKinds are the record of who called what.
// Source of limits: CloudTrail API reference, CreateTrail.
func trailKinds() []*kind {
	return []*kind{{
		token: "aws:cloudtrail/trail:Trail", label: "CloudTrail Trail", args: cloudtrail.TrailArgs{}, resource: &cloudtrail.Trail{},
		id: "{arn}", arn: "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}", name: "name", autoname: &autoname{max: 128},
		taken: "TrailAlreadyExistsException: Trail {name} already exists for customer: {account}", outputs: map[string]string{"homeRegion": "{region}"},
		changing: []string{"snsTopicArn"}, settle: settleTrail,
		defaults: map[string]any{"enableLogging": true, "includeGlobalServiceEvents": true, "isMultiRegionTrail": false, "isOrganizationTrail": false, "enableLogFileValidation": false},
		rules: map[string]rule{
			"name":                   all(length(3, 128), pattern(`^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$`, "letters, digits or ._-, with a letter or digit at both ends")),
			"cloudWatchLogsGroupArn": all(arn("logs"), pattern(`:\*$`, "the ARN of a log group with :* at its end")), "cloudWatchLogsRoleArn": arn("iam"),
			"eventSelectors": items(0, 5), "insightSelectors[*].insightType": oneOf("ApiCallRateInsight", "ApiErrorRateInsight"), "tags": tags,
			"eventSelectors[*].readWriteType": oneOf("ReadOnly", "WriteOnly", "All"), "s3KeyPrefix": length(0, 200),
		},
		replace: []string{"name"},
		refs: []ref{
			{prop: "s3BucketName", to: []string{"s3.BucketV2"}, by: asBucket, missing: "S3BucketDoesNotExistException: S3 bucket {value} does not exist!"},
			refKey("kmsKeyId", "KmsKeyNotFoundException: The KMS key {value} does not exist"),
			refRole("cloudWatchLogsRoleArn", "InvalidCloudWatchLogsRoleArnException: Access denied. Check the trust relationships for your role."),
			{prop: "cloudWatchLogsGroupArn", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup,
				missing: "InvalidCloudWatchLogsLogGroupArnException: Access denied. Verify that the log group {value} exists."},
		},
	}}
}

// settleTrail refuses one trail too many, and a bucket that does not let
// CloudTrail write.
func settleTrail(c *creation) error {
	c.computed["snsTopicArn"] = ""
	if topic := textOf(c.inputs["snsTopicName"]); strings.HasPrefix(topic, "arn:") {
		c.computed["snsTopicArn"] = topic
	} else if topic != "" {
		c.computed["snsTopicArn"] = "arn:" + partition(c.region) + ":sns:" + c.region + ":" + c.at.account + ":" + topic
	}
	if (textOf(c.inputs["cloudWatchLogsGroupArn"]) == "") != (textOf(c.inputs["cloudWatchLogsRoleArn"]) == "") {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterCombinationException: You must specify both CloudWatchLogsLogGroupArn and CloudWatchLogsRoleArn."}
	}
	bucket := textOf(c.inputs["s3BucketName"])
	in, key, _ := asBucket(c.cloud, c.at, bucket)
	policy, err := c.cloud.store.get(in, "s3.BucketPolicy", key)
	if err != nil {
		return err
	}
	if policy == nil || !strings.Contains(canonical(resource.NewPropertyValue(policy.Inputs["policy"])), "cloudtrail.amazonaws.com") {
		return refusal("InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: %s", bucket)
	}
	trails, err := c.siblings("cloudtrail.Trail")
	if err == nil && c.old == nil && len(trails) >= maxTrails {
		return refusal("MaximumNumberOfTrailsExceededException: User: %s already has %d trails in %s.", c.at.account, len(trails), c.region)
	}
	return err
}
