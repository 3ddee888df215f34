package localcloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/tenantform/tenantform/tenants"
)

// ssmKinds are documents and parameters.
// Source of limits: Systems Manager API reference, CreateDocument, PutParameter.
func ssmKinds() []*kind {
	return []*kind{
		{
			token: "aws:ssm/document:Document", label: "SSM Document", args: ssm.DocumentArgs{}, resource: &ssm.Document{},
			id: "{name}", arn: "arn:{partition}:ssm:{region}:{account}:document/{name}", name: "name", autoname: &autoname{max: 128},
			taken:    "DocumentAlreadyExists: Document with same name {name} already exists",
			outputs:  map[string]string{"createdDate": "{now}", "owner": "{account}", "hashType": "Sha256", "status": "Active"},
			defaults: map[string]any{"documentFormat": "JSON"}, settle: settleDocument,
			follows: map[string][]string{"hash": {"content"}, "defaultVersion": {"content"}, "latestVersion": {"content"}, "documentVersion": {"content"}, "schemaVersion": {"content"}},
			rules: map[string]rule{
				"name":         all(length(3, 128), pattern(`^[a-zA-Z0-9_.-]+$`, "letters, digits or _.-"), text(awsName)),
				"documentType": oneOf("Command", "Policy", "Automation", "Session", "Package", "ApplicationConfiguration", "ApplicationConfigurationSchema", "DeploymentStrategy", "ChangeCalendar", "CloudFormation", "ConformancePackTemplate", "QuickSetup", "ProblemAnalysis", "ProblemAnalysisTemplate", "Automation.ChangeTemplate", "ManualApprovalPolicy", "AutoApprovalPolicy"),
				"content":      length(1, 65536), "documentFormat": oneOf("JSON", "YAML", "TEXT"), "tags": tags,
			},
			replace: []string{"name", "documentType"}, jsons: []string{},
		},
		{
			token: "aws:ssm/parameter:Parameter", label: "SSM Parameter", args: ssm.ParameterArgs{}, resource: &ssm.Parameter{},
			id: "{name}", arn: "arn:{partition}:ssm:{region}:{account}:parameter/{name}", name: "name", autoname: &autoname{max: 1011},
			taken:    "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
			defaults: map[string]any{"tier": "Standard", "dataType": "text"}, changing: []string{"version"}, settle: settleParameter,
			rules: map[string]rule{
				"name": all(length(1, 1011), pattern(`^/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}$`, "up to 15 levels of letters, digits or _.-, with slashes between them"), text(parameterName)),
				"type": oneOf("String", "StringList", "SecureString"), "tier": oneOf("Standard", "Advanced", "Intelligent-Tiering"), "value": length(1, 8192),
				"insecureValue": length(1, 8192), "description": length(0, 1024), "dataType": oneOf("text", "aws:ec2:image", "aws:ssm:integration"), "tags": tags,
			},
			replace: []string{"name", "dataType"},
			refs:    []ref{refKey("keyId", "InvalidKeyId: The KMS key {value} does not exist")},
		},
	}
}

func awsName(s string) string {
	for _, prefix := range []string{"aws", "amazon", "amzn"} {
		if strings.HasPrefix(strings.ToLower(s), prefix) {
			return "must not begin with aws, amazon or amzn"
		}
	}
	return ""
}

func parameterName(s string) string {
	switch bare := strings.TrimPrefix(strings.ToLower(s), "/"); {
	case strings.HasPrefix(bare, "aws"), strings.HasPrefix(bare, "ssm"):
		return "must not begin with aws or ssm"
	case strings.Contains(bare, "/") && s[0] != '/':
		return "must begin with a slash where it has levels"
	}
	return ""
}

// settleDocument numbers the versions of a document's content.
func settleDocument(c *creation) error {
	content, format := textOf(c.inputs["content"]), textOf(c.inputs["documentFormat"])
	var head struct {
		SchemaVersion string `json:"schemaVersion"`
	}
	if err := json.Unmarshal([]byte(content), &head); err != nil && (format == "" || format == "JSON") {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidDocumentContent: JSON not well-formed: " + err.Error()}
	}
	switch {
	case c.old == nil:
		c.versions = 1
	case c.old.Inputs["content"] != c.inputs["content"]:
		c.versions = c.old.Versions + 1
	default:
		c.versions = c.old.Versions
	}
	sum := sha256.Sum256([]byte(content))
	c.computed["hash"], c.computed["schemaVersion"] = hex.EncodeToString(sum[:]), head.SchemaVersion
	for _, output := range []string{"defaultVersion", "latestVersion", "documentVersion"} {
		c.computed[output] = strconv.Itoa(c.versions)
	}
	if _, kept := c.computed["platformTypes"]; !kept {
		c.computed["platformTypes"], c.computed["parameters"] = []any{"Linux", "MacOS", "Windows"}, []any{}
	}
	return nil
}

// settleParameter refuses a value that its tier has no room for, and counts versions.
func settleParameter(c *creation) error {
	c.arn = strings.Replace(c.arn, ":parameter//", ":parameter/", 1)
	c.computed["arn"] = c.arn
	if tier := textOf(c.inputs["tier"]); (tier == "" || tier == "Standard") && len(textOf(c.inputs["value"])) > 4096 {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: Standard tier parameters support a maximum parameter value of 4096 characters. " +
			"To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."}
	}
	if textOf(c.inputs["keyId"]) != "" && c.inputs["type"] != "SecureString" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: KeyId is required for SecureString type parameter only."}
	}
	c.versions = 1
	if c.old != nil {
		c.versions = c.old.Versions + 1
	}
	c.computed["version"] = float64(c.versions)
	return nil
}

// instanceKinds are machines.
// Source of limits: EC2 API reference, RunInstances, CreateLaunchTemplate, TerminateInstances.
func instanceKinds() []*kind {
	return []*kind{
		{
			token: "aws:ec2/instance:Instance", label: "EC2 Instance", args: ec2.InstanceArgs{}, resource: &ec2.Instance{},
			id: "i-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:instance/{id}", settle: settleMachine,
			outputs: map[string]string{"instanceState": "running", "primaryNetworkInterfaceId": "eni-{hex:17}", "privateIp": "10.0.0.{digits:2}", "privateDns": "ip-10-0-0-{digits:2}.{region}.compute.internal",
				"publicIp": "", "publicDns": "", "availabilityZone": "{region}a"},
			defaults: map[string]any{"disableApiTermination": false, "disableApiStop": false, "ebsOptimized": false, "monitoring": false, "sourceDestCheck": true, "tenancy": "default"},
			rules: map[string]rule{
				"ami": pattern(`^(ami-[0-9a-f]{8,17}|resolve:ssm:.+)$`, "the id of an image, or resolve:ssm: and a parameter"), "instanceType": pattern(`^[a-z0-9-]+\.[a-z0-9-]+$`, "a type, as t4g.nano"),
				"metadataOptions.httpTokens": oneOf("optional", "required"), "metadataOptions.httpPutResponseHopLimit": between(1, 64), "tenancy": oneOf("default", "dedicated", "host"),
				"rootBlockDevice.volumeType": oneOf("standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"), "tags": tags,
			},
			replace: []string{"ami", "subnetId", "availabilityZone", "keyName", "privateIp", "associatePublicIpAddress", "placementGroup", "hibernation", "ebsBlockDevices", "ephemeralBlockDevices",
				"networkInterfaces", "launchTemplate.id", "launchTemplate.name", "rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId"},
			sets: []string{"vpcSecurityGroupIds", "securityGroups", "ebsBlockDevices"},
			refs: []ref{
				refSubnets("subnetId"), refGroups("vpcSecurityGroupIds[*]"),
				{prop: "iamInstanceProfile", to: []string{"iam.InstanceProfile"}, by: asLast,
					missing: "InvalidParameterValue: Value ({value}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"},
				{prop: "launchTemplate.id", to: []string{"ec2.LaunchTemplate"}, by: asID, missing: "InvalidLaunchTemplateId.NotFound: The specified launch template, with template ID {value}, does not exist."},
			},
			guards: []guard{{prop: "disableApiTermination", equals: true,
				says: "OperationNotPermitted: The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."}},
		},
		{
			token: "aws:ec2/launchTemplate:LaunchTemplate", label: "EC2 Launch Template", args: ec2.LaunchTemplateArgs{}, resource: &ec2.LaunchTemplate{},
			id: "lt-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:launch-template/{id}", unique: "{account}/{region}/{name}",
			taken: "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use.", name: "name", autoname: &autoname{max: 125},
			changing: []string{"latestVersion"}, settle: settleTemplate,
			rules: map[string]rule{
				"name":    all(length(3, 128), pattern(`^[a-zA-Z0-9().\-/_]+$`, "letters, digits or ().-/_")),
				"imageId": pattern(`^(ami-[0-9a-f]{8,17}|resolve:ssm:.+)$`, "the id of an image, or resolve:ssm: and a parameter"), "metadataOptions.httpTokens": oneOf("optional", "required"),
				"metadataOptions.httpPutResponseHopLimit": between(1, 64), "tags": tags,
			},
			replace: []string{"name", "namePrefix"}, sets: []string{"vpcSecurityGroupIds", "securityGroupNames"},
			refs: []ref{refGroups("vpcSecurityGroupIds[*]"),
				{prop: "iamInstanceProfile.name", to: []string{"iam.InstanceProfile"}, by: asLast, missing: "InvalidParameterValue: Invalid IAM Instance Profile name {value}"}},
		},
	}
}

func settleMachine(c *creation) error {
	if textOf(c.inputs["ami"]) == "" && c.inputs["launchTemplate"] == nil {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "MissingParameter: The request must contain the parameter ImageId"}
	}
	if textOf(c.inputs["instanceType"]) == "" && c.inputs["launchTemplate"] == nil {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "MissingParameter: The request must contain the parameter InstanceType"}
	}
	return nil
}

// settleTemplate makes a version of every change but that of its tags.
func settleTemplate(c *creation) error {
	c.versions = 1
	if c.old != nil {
		c.versions = c.old.Versions
		without := func(inputs map[string]any) map[string]any {
			rest := map[string]any{}
			for name, v := range inputs {
				if name != "tags" && name != "updateDefaultVersion" && name != "defaultVersion" {
					rest[name] = v
				}
			}
			return rest
		}
		if !reflect.DeepEqual(without(c.old.Inputs), without(c.inputs)) {
			c.versions++
		}
	}
	c.computed["latestVersion"] = float64(c.versions)
	if c.old == nil || c.inputs["updateDefaultVersion"] == true {
		c.computed["defaultVersion"] = float64(c.versions)
	}
	return nil
}

// federationKinds are identities that others vouch for, and those of AWS's services.
// Source of limits: IAM API reference, CreateOpenIDConnectProvider, CreateServiceLinkedRole.
func federationKinds() []*kind {
	return []*kind{
		{
			token: "aws:iam/openIdConnectProvider:OpenIdConnectProvider", label: "IAM OIDC Provider", args: iam.OpenIdConnectProviderArgs{}, resource: &iam.OpenIdConnectProvider{}, global: true,
			id: "{arn}", arn: "arn:{partition}:iam::{account}:oidc-provider/{in.url}", unique: "{account}/{in.url}", required: []string{"clientIdLists"},
			taken: "EntityAlreadyExists: Provider with url {in.url} already exists.",
			settle: func(c *creation) error {
				c.arn = strings.Replace(c.arn, "oidc-provider/https://", "oidc-provider/", 1)
				c.id, c.computed["arn"] = c.arn, c.arn
				return nil
			},
			rules: map[string]rule{"url": all(length(1, 255), pattern(`^https://.+[^/]$`, "an https URL without a slash at its end")), "clientIdLists": items(0, 100), "clientIdLists[*]": length(1, 255),
				"thumbprintLists": items(0, 5), "thumbprintLists[*]": pattern(`^[0-9a-fA-F]{40}$`, "40 hexadecimal digits"), "tags": tags},
			replace: []string{"url"}, sets: []string{"clientIdLists"},
		},
		{
			token: "aws:iam/serviceLinkedRole:ServiceLinkedRole", label: "IAM Service Linked Role", args: iam.ServiceLinkedRoleArgs{}, resource: &iam.ServiceLinkedRole{}, global: true,
			id: "{arn}", arn: "arn:{partition}:iam::{account}:role/aws-service-role/{in.awsServiceName}/AWSServiceRole", unique: "{account}/{in.awsServiceName}/{in.customSuffix}",
			taken:   "InvalidInput: Service role name for {in.awsServiceName} has been taken in this account, please try a different suffix.",
			outputs: map[string]string{"createDate": "{now}", "uniqueId": "AROA{upper:17}", "path": "/aws-service-role/{in.awsServiceName}/"}, settle: settleServiceRole,
			rules:   map[string]rule{"awsServiceName": pattern(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`, "a service, as rds.amazonaws.com"), "customSuffix": length(0, 64), "description": length(0, 1000), "tags": tags},
			replace: []string{"awsServiceName", "customSuffix"},
		},
	}
}

// settleServiceRole names the role after its service, as AWS does, more or less.
func settleServiceRole(c *creation) error {
	service, _, _ := strings.Cut(textOf(c.inputs["awsServiceName"]), ".amazonaws")
	name := "AWSServiceRoleFor"
	for _, part := range strings.FieldsFunc(service, func(r rune) bool { return r == '.' || r == '-' }) {
		if len(part) <= 3 {
			part = strings.ToUpper(part)
		}
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	if suffix := textOf(c.inputs["customSuffix"]); suffix != "" {
		name += "_" + suffix
	}
	c.arn = c.arn[:strings.LastIndex(c.arn, "/")+1] + name
	c.id, c.computed["arn"], c.computed["name"] = c.arn, c.arn, name
	return nil
}

// riskKinds are what a user pool does about suspicious sign-ins.
// Source of limits: Cognito user pools API reference, SetRiskConfiguration.
func riskKinds() []*kind {
	action := oneOf("BLOCK", "MFA_IF_CONFIGURED", "MFA_REQUIRED", "NO_ACTION")
	const takeover = "accountTakeoverRiskConfiguration.actions."
	return []*kind{{
		token: "aws:cognito/riskConfiguration:RiskConfiguration", label: "Cognito Risk Configuration", args: cognito.RiskConfigurationArgs{}, resource: &cognito.RiskConfiguration{},
		id: "{in.userPoolId}", key: "{in.userPoolId}:{in.clientId}", replace: []string{"userPoolId", "clientId"}, settle: settleRisk,
		rules: map[string]rule{takeover + "highAction.eventAction": action, takeover + "mediumAction.eventAction": action, takeover + "lowAction.eventAction": action,
			"compromisedCredentialsRiskConfiguration.actions.eventAction": oneOf("BLOCK", "NO_ACTION"),
			"compromisedCredentialsRiskConfiguration.eventFilters[*]":     oneOf("SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP")},
		refs: []ref{
			{prop: "userPoolId", to: []string{"cognito.UserPool"}, by: asID, part: true, missing: "ResourceNotFoundException: User pool {value} does not exist."},
			{prop: "clientId", to: []string{"cognito.UserPoolClient"}, by: asID, missing: "ResourceNotFoundException: User pool client {value} does not exist."},
		},
	}}
}

// settleRisk refuses a pool that does not look at risks.
func settleRisk(c *creation) error {
	if client := textOf(c.inputs["clientId"]); client != "" {
		c.id = textOf(c.inputs["userPoolId"]) + ":" + client
	}
	pool, err := c.cloud.store.get(c.at, "cognito.UserPool", textOf(c.inputs["userPoolId"]))
	if err != nil || pool == nil {
		return err
	}
	if mode := textOf(valueAt(pool.Inputs, "userPoolAddOns.advancedSecurityMode")); mode != "AUDIT" && mode != "ENFORCED" {
		return refusal("UserPoolAddOnNotEnabledException: Advanced security is not enabled for user pool %s", pool.ID)
	}
	return nil
}
