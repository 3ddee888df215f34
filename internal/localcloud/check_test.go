package localcloud

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
)

const anyPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`

type object = map[string]any

// valid are inputs that pass, by kind: what the wrong ones are made from.
func valid() map[string]object {
	code := &archive.Archive{Sig: archive.ArchiveSig, Hash: "h", Path: "code.zip"}
	return map[string]object{
		"lambda.Function": {"name": "f", "role": "arn:aws:iam::111111111111:role/r", "runtime": "python3.13", "handler": "m.h", "code": code,
			"vpcConfig": object{"subnetIds": []any{"subnet-1"}, "securityGroupIds": []any{"sg-1"}}, "environment": object{"variables": object{"A_B": "c"}}},
		"iam.Role":            {"name": "r", "assumeRolePolicy": trust},
		"iam.RolePolicy":      {"role": "r", "policy": anyPolicy},
		"s3.BucketV2":         {"bucket": "acme-data"},
		"dynamodb.Table":      {"name": "acme", "hashKey": "pk", "attributes": []any{object{"name": "pk", "type": "S"}}},
		"ec2.Vpc":             {"cidrBlock": "10.0.0.0/16", "tags": object{"a": "b"}},
		"ec2.Subnet":          {"vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24"},
		"ec2.SecurityGroup":   {"vpcId": "vpc-1", "egress": []any{object{"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrBlocks": []any{"0.0.0.0/0"}}}},
		"cloudwatch.LogGroup": {"name": "/aws/x", "retentionInDays": 30},
		"cloudwatch.LogMetricFilter": {"logGroupName": "/aws/x", "pattern": "ERROR",
			"metricTransformation": object{"name": "errors", "namespace": "acme", "value": "1"}},
		"cognito.UserPool":           {"name": "acme", "deletionProtection": "ACTIVE"},
		"cognito.UserPoolClient":     {"userPoolId": "eu-west-1_abcdefghi"},
		"apigateway.UsagePlan":       {"name": "free", "quotaSettings": object{"limit": 1000, "period": "MONTH"}, "throttleSettings": object{"rateLimit": 0.5}},
		"sqs.Queue":                  {"name": "jobs", "redrivePolicy": `{"maxReceiveCount":4}`, "fifoQueue": false},
		"kms.Key":                    {"enableKeyRotation": true, "policy": anyPolicy},
		"lambda.LayerVersion":        {"layerName": "vendor", "code": code},
		"lambda.CodeSigningConfig":   {"allowedPublishers": object{"signingProfileVersionArns": []any{"arn:aws:signer:eu-west-1:111111111111:/signing-profiles/p/1"}}},
		"s3.BucketPublicAccessBlock": {"bucket": "acme-data"},
	}
}

func TestCheckAcceptsWhatIsRight(t *testing.T) {
	r := newRegistry()
	for short, inputs := range valid() {
		if broken := r.shorts[short].check(resource.NewPropertyMapFromMap(inputs)); len(broken) > 0 {
			t.Errorf("%s: %v", short, broken)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	tests := []struct {
		kind  string
		path  string // what is set, or taken away when value is nil
		value any
		want  string // the property named
		says  string
	}{
		// Misspelt.
		{"lambda.Function", "memorysize", 128, "memorysize", `did you mean "memorySize"`},
		{"lambda.Function", "vpcConfig.subnetids", []any{}, "vpcConfig.subnetids", `did you mean "subnetIds"`},
		{"iam.Role", "assume_role_policy", trust, "assume_role_policy", `did you mean "assumeRolePolicy"`},
		{"iam.RolePolicy", "polcy", anyPolicy, "polcy", `did you mean "policy"`},
		{"s3.BucketV2", "bukcet", "x", "bukcet", `did you mean "bucket"`},
		{"dynamodb.Table", "hashkey", "pk", "hashkey", `did you mean "hashKey"`},
		{"ec2.Vpc", "cidr", "10.0.0.0/16", "cidr", "unknown property"},
		{"ec2.Subnet", "vpcID", "v", "vpcID", `did you mean "vpcId"`},
		{"cloudwatch.LogGroup", "retentionDays", 30, "retentionDays", "unknown property"},
		{"cognito.UserPool", "deletionProtected", "ACTIVE", "deletionProtected", `did you mean "deletionProtection"`},
		{"apigateway.UsagePlan", "quotaSettings.limits", 5, "quotaSettings.limits", `did you mean "limit"`},
		{"sqs.Queue", "fifo", true, "fifo", "unknown property"},
		// Missing.
		{"lambda.Function", "role", nil, "role", "required"},
		{"lambda.Function", "vpcConfig.subnetIds", nil, "vpcConfig.subnetIds", "required"},
		{"iam.Role", "assumeRolePolicy", nil, "assumeRolePolicy", "required"},
		{"iam.RolePolicy", "role", nil, "role", "required"},
		{"dynamodb.Table", "attributes.0.type", nil, "attributes[0].type", "required"},
		{"ec2.Subnet", "vpcId", nil, "vpcId", "required"},
		{"ec2.SecurityGroup", "egress.0.protocol", nil, "egress[0].protocol", "required"},
		{"cloudwatch.LogMetricFilter", "metricTransformation", nil, "metricTransformation", "required"},
		{"cloudwatch.LogMetricFilter", "metricTransformation.value", nil, "metricTransformation.value", "required"},
		{"cognito.UserPoolClient", "userPoolId", nil, "userPoolId", "required"},
		{"apigateway.UsagePlan", "quotaSettings.period", nil, "quotaSettings.period", "required"},
		{"lambda.LayerVersion", "layerName", nil, "layerName", "required"},
		{"lambda.CodeSigningConfig", "allowedPublishers.signingProfileVersionArns", nil, "allowedPublishers.signingProfileVersionArns", "required"},
		{"s3.BucketPublicAccessBlock", "bucket", nil, "bucket", "required"},
		// Of the wrong type.
		{"lambda.Function", "memorySize", "much", "memorySize", "a whole number"},
		{"lambda.Function", "timeout", 1.5, "timeout", "a whole number"},
		{"lambda.Function", "code", "zip", "code", "an asset or archive"},
		{"lambda.Function", "vpcConfig", "vpc-1", "vpcConfig", "an object"},
		{"lambda.Function", "vpcConfig.subnetIds.0", 7, "vpcConfig.subnetIds[0]", "a string"},
		{"lambda.Function", "environment.variables.A_B", true, "environment.variables.A_B", "a string"},
		{"iam.Role", "assumeRolePolicy", 5, "assumeRolePolicy", "a string"},
		{"iam.RolePolicy", "role", object{"name": "r"}, "role", "a string or a resource"},
		{"s3.BucketV2", "forceDestroy", "yes", "forceDestroy", "true or false"},
		{"dynamodb.Table", "attributes", object{}, "attributes", "a list"},
		{"ec2.Vpc", "tags", "a=b", "tags", "a map"},
		{"ec2.Vpc", "tags.tenant-id", 1, `tags["tenant-id"]`, "a string"},
		{"cloudwatch.LogGroup", "retentionInDays", "30", "retentionInDays", "a whole number"},
		{"apigateway.UsagePlan", "throttleSettings.rateLimit", "1", "throttleSettings.rateLimit", "a number"},
		{"sqs.Queue", "fifoQueue", "true", "fifoQueue", "true or false"},
		{"kms.Key", "deletionWindowInDays", true, "deletionWindowInDays", "a whole number"},
		// Of a value that AWS refuses.
		{"lambda.Function", "name", strings.Repeat("x", 65), "name", "(1 - 64)"},
		{"lambda.Function", "memorySize", 127, "memorySize", "(128 - 10240)"},
		{"lambda.Function", "timeout", 901, "timeout", "(1 - 900)"},
		{"lambda.Function", "runtime", "python2.7", "runtime", "one of"},
		{"lambda.Function", "role", "acme-role", "role", "not a valid ARN"},
		{"lambda.Function", "environment.variables.1A", "x", "environment.variables", "a key"},
		{"iam.Role", "name", "acme/role", "name", "letters, digits"},
		{"iam.Role", "assumeRolePolicy", "{", "assumeRolePolicy", "MalformedPolicyDocument"},
		{"iam.Role", "assumeRolePolicy", `{"Statement":[]}`, "assumeRolePolicy", "Version"},
		{"iam.RolePolicy", "policy", `{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, "policy", "Effect"},
		{"s3.BucketV2", "bucket", "Acme", "bucket", "lower-case"},
		{"s3.BucketV2", "bucket", "ab", "bucket", "(3 - 63)"},
		{"dynamodb.Table", "name", "ab", "name", "(3 - 255)"},
		{"dynamodb.Table", "attributes.0.type", "string", "attributes[0].type", "one of"},
		{"ec2.Vpc", "cidrBlock", "10.0.0.0/8", "cidrBlock", "/16 and /28"},
		{"ec2.Vpc", "cidrBlock", "10.0.0.1/16", "cidrBlock", `did you mean "10.0.0.0/16"`},
		{"ec2.Vpc", "cidrBlock", "ten", "cidrBlock", "not a valid CIDR"},
		{"ec2.Vpc", "tags.aws:x", "y", "tags", "aws:"},
		{"cloudwatch.LogGroup", "retentionInDays", 31, "retentionInDays", "one of"},
		{"cognito.UserPool", "deletionProtection", "ON", "deletionProtection", "one of"},
		{"sqs.Queue", "redrivePolicy", "no", "redrivePolicy", "invalid JSON"},
		{"kms.Key", "deletionWindowInDays", 3, "deletionWindowInDays", "(7 - 30)"},
	}
	r := newRegistry()
	for _, tt := range tests {
		t.Run(tt.kind+"/"+tt.path, func(t *testing.T) {
			inputs := valid()[tt.kind]
			set(t, inputs, strings.Split(tt.path, "."), tt.value)
			broken := r.shorts[tt.kind].check(resource.NewPropertyMapFromMap(inputs))
			if !slices.ContainsFunc(broken, func(f failure) bool { return f.path == tt.want && strings.Contains(f.reason, tt.says) }) {
				t.Errorf("got %v, want %s: ...%s...", broken, tt.want, tt.says)
			}
			for _, f := range broken {
				if f.path != tt.want {
					t.Errorf("it also complains about %v", f)
				}
			}
		})
	}
}

// set puts a value at a path, or takes it away.
func set(t *testing.T, at any, path []string, value any) {
	t.Helper()
	switch at := at.(type) {
	case object:
		if len(path) > 1 {
			if at[path[0]] == nil {
				t.Fatalf("nothing at %v", path)
			}
			set(t, at[path[0]], path[1:], value)
			return
		}
		if at[path[0]] = value; value == nil {
			delete(at, path[0])
		}
	case []any:
		if len(path) > 1 {
			set(t, at[path[0][0]-'0'], path[1:], value)
			return
		}
		at[path[0][0]-'0'] = value
	}
}

func TestCheckLooksThroughSecretsAndPassesUnknowns(t *testing.T) {
	k := newRegistry().shorts["lambda.Function"]
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	inputs := resource.NewPropertyMapFromMap(valid()["lambda.Function"])
	inputs["role"] = unknown
	inputs["vpcConfig"] = resource.NewObjectProperty(resource.PropertyMap{
		"subnetIds":        resource.NewArrayProperty([]resource.PropertyValue{unknown}),
		"securityGroupIds": resource.NewOutputProperty(resource.Output{Element: resource.NewNullProperty()}),
	})
	inputs["memorySize"] = resource.NewOutputProperty(resource.Output{Element: resource.NewNumberProperty(256), Known: true, Secret: true})
	if broken := k.check(inputs); len(broken) > 0 {
		t.Errorf("refused: %v", broken)
	}
	inputs["timeout"] = resource.MakeSecret(resource.NewNumberProperty(1000))
	inputs["role"] = resource.MakeSecret(resource.NewBoolProperty(true))
	broken := k.check(inputs)
	if len(broken) != 2 || broken[0].path != "role" || broken[1].path != "timeout" {
		t.Errorf("secrets were not looked into: %v", broken)
	}
}

// A secret's value must not be told to whoever reads the failure.
func TestCheckKeepsSecrets(t *testing.T) {
	k := newRegistry().shorts["lambda.Function"]
	inputs := resource.NewPropertyMapFromMap(valid()["lambda.Function"])
	inputs["timeout"] = resource.MakeSecret(resource.NewStringProperty("opensesame"))
	inputs["runtime"] = resource.MakeSecret(resource.NewStringProperty("opensesame"))
	inputs["environment"] = resource.MakeSecret(resource.NewPropertyValue(object{"variables": "opensesame"}))
	inputs["tracingConfig"] = resource.NewPropertyValue(object{"mode": "Never"})
	broken := k.check(inputs)
	if len(broken) != 4 {
		t.Fatalf("got %v", broken)
	}
	for _, f := range broken {
		if strings.Contains(f.reason, "opensesame") {
			t.Errorf("it tells the secret: %v", f)
		}
	}
}
