package localcloud

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"

	"github.com/tenantform/tenantform/tenants"
)

// dynamodbKinds are tables.
// Source of limits: DynamoDB Developer Guide, "Naming rules and data types".
func dynamodbKinds() []*kind {
	return []*kind{
		{
			token: "aws:dynamodb/table:Table", label: "DynamoDB Table", args: dynamodb.TableArgs{}, resource: &dynamodb.Table{},
			id: "{name}", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}", name: "name", autoname: &autoname{max: 255},
			taken: "ResourceInUseException: Table already exists: {name}", settle: settleTable,
			changing: []string{"streamArn", "streamLabel"},
			defaults: map[string]any{"billingMode": "PROVISIONED", "tableClass": "STANDARD", "deletionProtectionEnabled": false, "streamEnabled": false},
			rules: map[string]rule{
				"name": all(length(3, 255), pattern(`^[a-zA-Z0-9_.-]+$`, "letters, digits, underscores, dashes and dots")), "billingMode": oneOf("PROVISIONED", "PAY_PER_REQUEST"),
				"attributes[*].type": oneOf("S", "N", "B"), "attributes[*].name": length(1, 255), "hashKey": length(1, 255), "rangeKey": length(1, 255),
				"tableClass":     oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
				"streamViewType": oneOf("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", ""), "globalSecondaryIndexes[*].projectionType": oneOf("ALL", "INCLUDE", "KEYS_ONLY"),
				"pointInTimeRecovery.recoveryPeriodInDays": between(1, 35), "serverSideEncryption.kmsKeyArn": arn("kms"), "tags": tags,
			},
			replace: []string{"name", "hashKey", "rangeKey", "localSecondaryIndexes", "importTable", "restoreSourceName", "restoreSourceTableArn"},
			sets:    []string{"attributes", "globalSecondaryIndexes", "localSecondaryIndexes", "replicas"},
			refs:    []ref{refKey("serverSideEncryption.kmsKeyArn", "ValidationException: KMS key {value} does not exist")},
			guards: []guard{{prop: "deletionProtectionEnabled", equals: true,
				says: "ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."}},
		},
	}
}

// settleTable refuses keys that are no attributes and attributes that are no
// keys, and gives an enabled stream its ARN.
func settleTable(c *creation) error {
	attributes, used := map[string]bool{}, map[string]bool{}
	for _, v := range valuesAt(c.inputs, "attributes[*].name") {
		attributes[textOf(v)] = true
	}
	for _, path := range []string{"hashKey", "rangeKey", "globalSecondaryIndexes[*].hashKey", "globalSecondaryIndexes[*].rangeKey", "localSecondaryIndexes[*].rangeKey"} {
		for _, v := range valuesAt(c.inputs, path) {
			key := textOf(v)
			if used[key] = true; !attributes[key] {
				return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: One or more parameter values were invalid: " +
					"Some index key attributes are not defined in AttributeDefinitions. Keys: [" + key + "]"}
			}
		}
	}
	for name := range attributes {
		if !used[name] {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: One or more parameter values were invalid: " +
				"Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions: all attributes must be indexed. Unused attributes: [\"" + name + "\"]"}
		}
	}
	label := ""
	if c.inputs["streamEnabled"] == true {
		label = c.now.Format("2006-01-02T15:04:05.000")
		if c.old != nil && textOf(c.old.Computed["streamLabel"]) != "" {
			label = textOf(c.old.Computed["streamLabel"])
		}
	}
	c.computed["streamLabel"], c.computed["streamArn"] = label, ""
	if label != "" {
		c.computed["streamArn"] = c.arn + "/stream/" + label
	}
	return nil
}

// cognitoKinds are user pools.
// Source of limits: Cognito user pools API reference.
func cognitoKinds() []*kind {
	inPool := ref{prop: "userPoolId", to: []string{"cognito.UserPool"}, by: asID, part: true,
		missing: "ResourceNotFoundException: User pool {value} does not exist."}
	return []*kind{
		{
			token: "aws:cognito/userPool:UserPool", label: "Cognito User Pool", args: cognito.UserPoolArgs{}, resource: &cognito.UserPool{},
			id: "{region}_{mixed:9}", arn: "arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}", name: "name", autoname: &autoname{max: 128},
			outputs:  map[string]string{"endpoint": "cognito-idp.{region}.amazonaws.com/{id}", "creationDate": "{now}", "lastModifiedDate": "{now}", "domain": "", "customDomain": ""},
			defaults: map[string]any{"deletionProtection": "INACTIVE", "mfaConfiguration": "OFF", "estimatedNumberOfUsers": 0.0, "userPoolTier": "ESSENTIALS"}, changing: []string{"lastModifiedDate"},
			rules: map[string]rule{
				"name": all(length(1, 128), pattern(`^[\w\s+=,.@-]+$`, "letters, digits, spaces or +=,.@-")), "deletionProtection": oneOf("ACTIVE", "INACTIVE"),
				"mfaConfiguration": oneOf("ON", "OFF", "OPTIONAL"), "passwordPolicy.minimumLength": between(6, 99), "schemas": items(0, 50),
				"schemas[*].attributeDataType": oneOf("String", "Number", "DateTime", "Boolean"), "schemas[*].name": length(1, 20),
				"usernameAttributes[*]": oneOf("email", "phone_number"), "autoVerifiedAttributes[*]": oneOf("email", "phone_number"),
				"aliasAttributes[*]": oneOf("email", "phone_number", "preferred_username"), "userPoolTier": oneOf("LITE", "ESSENTIALS", "PLUS"),
				"userPoolAddOns.advancedSecurityMode": oneOf("OFF", "AUDIT", "ENFORCED"), "tags": tags,
			},
			replace: []string{"aliasAttributes", "usernameAttributes", "usernameConfiguration"},
			sets:    []string{"schemas", "autoVerifiedAttributes", "aliasAttributes", "usernameAttributes"},
			refs: []ref{
				refFunction("lambdaConfig.userMigration", "InvalidParameterException: {value} does not exist."),
				refFunction("lambdaConfig.preTokenGeneration", "InvalidParameterException: {value} does not exist."),
			},
			inUse: []use{{by: "cognito.UserPoolDomain", prop: "userPoolId",
				says: "InvalidParameterException: User pool cannot be deleted. It has a domain configured that should be deleted first."}},
			guards: []guard{{prop: "deletionProtection", equals: "ACTIVE",
				says: "InvalidParameterException: The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first."}},
		},
		{
			token: "aws:cognito/userPoolClient:UserPoolClient", label: "Cognito User Pool Client", args: cognito.UserPoolClientArgs{}, resource: &cognito.UserPoolClient{},
			id: "{base36:26}", name: "name", autoname: &autoname{max: 128},
			settle: func(c *creation) error {
				if _, has := c.computed["clientSecret"]; !has {
					c.computed["clientSecret"] = ""
					if c.inputs["generateSecret"] == true {
						c.computed["clientSecret"] = random(alphabets["base36"], 52)
					}
				}
				return nil
			},
			rules: map[string]rule{
				"name": all(length(1, 128), pattern(`^[\w\s+=,.@-]+$`, "letters, digits, spaces or +=,.@-")), "preventUserExistenceErrors": oneOf("ENABLED", "LEGACY"),
				"allowedOauthFlows[*]": oneOf("code", "implicit", "client_credentials"),
				"explicitAuthFlows[*]": oneOf("ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH",
					"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"),
				"authSessionValidity": between(3, 15),
			},
			replace: []string{"userPoolId", "generateSecret"},
			sets:    []string{"explicitAuthFlows", "allowedOauthFlows", "allowedOauthScopes", "callbackUrls", "logoutUrls", "readAttributes", "writeAttributes", "supportedIdentityProviders"},
			refs:    []ref{inPool},
		},
		{
			token: "aws:cognito/userGroup:UserGroup", label: "Cognito User Group", args: cognito.UserGroupArgs{}, resource: &cognito.UserGroup{},
			id: "{in.userPoolId}/{name}", name: "name", autoname: &autoname{max: 128}, taken: "GroupExistsException: A group with the name {name} already exists.",
			rules:   map[string]rule{"name": all(length(1, 128), pattern(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`, "characters other than spaces")), "precedence": between(0, 2147483647), "roleArn": arn("iam")},
			replace: []string{"name", "userPoolId"}, refs: []ref{inPool, refRole("roleArn", "InvalidParameterException: Role {value} does not exist.")},
		},
		{
			token: "aws:cognito/resourceServer:ResourceServer", label: "Cognito Resource Server", args: cognito.ResourceServerArgs{}, resource: &cognito.ResourceServer{},
			id: "{in.userPoolId}|{in.identifier}", name: "name", autoname: &autoname{max: 256},
			taken:    "InvalidParameterException: {in.identifier} already exists in user pool {in.userPoolId}.",
			changing: []string{"scopeIdentifiers"},
			settle: func(c *creation) error {
				ids := []any{}
				for _, v := range valuesAt(c.inputs, "scopes[*].scopeName") {
					ids = append(ids, textOf(c.inputs["identifier"])+"/"+textOf(v))
				}
				c.computed["scopeIdentifiers"] = ids
				return nil
			},
			rules:   map[string]rule{"identifier": length(1, 256), "scopes": items(0, 100)},
			replace: []string{"identifier", "userPoolId"}, sets: []string{"scopes"}, refs: []ref{inPool},
		},
		{
			token: "aws:cognito/userPoolDomain:UserPoolDomain", label: "Cognito User Pool Domain", args: cognito.UserPoolDomainArgs{}, resource: &cognito.UserPoolDomain{},
			id: "{in.domain}", name: "domain", unique: "{region}/{in.domain}", taken: "InvalidParameterException: Domain already associated with another user pool.",
			outputs: map[string]string{"awsAccountId": "{account}", "cloudfrontDistribution": "d{base36:13}.cloudfront.net",
				"cloudfrontDistributionArn": "d{base36:13}.cloudfront.net", "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2", "s3Bucket": "aws-cognito-prod-{region}-assets", "version": "20240101000000"},
			rules:   map[string]rule{"domain": all(length(1, 63), pattern(`^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$`, "lower-case letters, digits, dashes and dots"))},
			replace: []string{"domain", "userPoolId"}, refs: []ref{inPool},
		},
	}
}

// kmsKinds are keys. A deleted key is gone at once: the days that AWS keeps it
// in are not acted out.
// Source of limits: KMS API reference, CreateKey, CreateAlias, ScheduleKeyDeletion.
func kmsKinds() []*kind {
	return []*kind{
		{
			token: "aws:kms/key:Key", label: "KMS Key", args: kms.KeyArgs{}, resource: &kms.Key{},
			id: "{uuid}", arn: "arn:{partition}:kms:{region}:{account}:key/{id}", outputs: map[string]string{"keyId": "{id}"},
			defaults: map[string]any{"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT", "isEnabled": true, "enableKeyRotation": false, "multiRegion": false},
			rules: map[string]rule{
				"deletionWindowInDays": between(7, 30), "rotationPeriodInDays": between(90, 2560), "description": length(0, 8192),
				"keyUsage": oneOf("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"), "tags": tags,
			},
			replace: []string{"customerMasterKeySpec", "customKeyStoreId", "keyUsage", "multiRegion", "xksKeyId"}, policies: []string{"policy"},
		},
		{
			token: "aws:kms/alias:Alias", label: "KMS Alias", args: kms.AliasArgs{}, resource: &kms.Alias{},
			id: "{name}", arn: "arn:{partition}:kms:{region}:{account}:{name}", name: "name", autoname: &autoname{max: 256, prefix: "alias/"},
			taken:    "AlreadyExistsException: An alias with the name arn:{partition}:kms:{region}:{account}:{name} already exists",
			changing: []string{"targetKeyArn"},
			settle: func(c *creation) error {
				target := textOf(c.inputs["targetKeyId"])
				if !strings.HasPrefix(target, "arn:") {
					target = "arn:" + partition(c.region) + ":kms:" + c.region + ":" + c.at.account + ":key/" + target
				}
				c.computed["targetKeyArn"] = target
				return nil
			},
			rules: map[string]rule{"name": all(length(7, 256), pattern(`^alias/[a-zA-Z0-9/_-]+$`, "alias/ and letters, digits, slashes, underscores and dashes"),
				pattern(`^alias/([^a]|a[^w]|aw[^s]|aws[^/]|.{0,3}$)`, "a name that does not begin with alias/aws/"))},
			replace: []string{"name", "namePrefix"},
			refs:    []ref{{prop: "targetKeyId", to: []string{"kms.Key"}, by: asKey, part: true, missing: "NotFoundException: Key '{value}' does not exist"}},
		},
		{
			token: "aws:kms/grant:Grant", label: "KMS Grant", args: kms.GrantArgs{}, resource: &kms.Grant{},
			id: "{in.keyId}:{hex:64}", required: []string{"operations"}, outputs: map[string]string{"grantToken": "{mixed:120}"},
			settle: func(c *creation) error {
				c.computed["grantId"] = c.id[strings.LastIndex(c.id, ":")+1:]
				return nil
			},
			rules: map[string]rule{
				"name":             all(length(1, 256), pattern(`^[a-zA-Z0-9:/_-]+$`, "letters, digits, colons, slashes, underscores and dashes")),
				"granteePrincipal": arn("iam", "sts"), "retiringPrincipal": arn("iam", "sts"),
				"operations[*]": oneOf("Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify",
					"GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
			},
			fixed: true, sets: []string{"operations"},
			refs: []ref{
				{prop: "keyId", to: []string{"kms.Key"}, by: asKey, part: true, missing: "NotFoundException: Key '{value}' does not exist"},
				{prop: "granteePrincipal", to: []string{"iam.Role"}, by: asPrincipal, missing: "InvalidArnException: ARN does not refer to a valid principal: {value}"},
			},
		},
	}
}
