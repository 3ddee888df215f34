package localcloud

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"

	"github.com/tenantform/tenantform/tenants"
)

// runtimes are the identifiers that Lambda takes for new functions: those that
// it patches. (AWS goes on taking one for some weeks after it stopped patching it.)
func runtimes() rule {
	var names []any
	for _, r := range tenants.Runtimes(time.Now()) {
		names = append(names, r)
	}
	return oneOf(names...)
}

func refFunction(prop, missing string) ref {
	return ref{prop: prop, to: []string{"lambda.Function"}, by: asFunction, missing: missing}
}

func refKey(prop, missing string) ref {
	return ref{prop: prop, to: []string{"kms.Key", "kms.Alias"}, by: asKey, missing: missing}
}

// lambdaKinds are functions and what belongs to them.
// Source of limits: Lambda API reference, CreateFunction, AddPermission, CreateEventSourceMapping.
func lambdaKinds() []*kind {
	const noFunction = "ResourceNotFoundException: Function not found: {value}"
	functionName := pattern(`^(arn:.*|[a-zA-Z0-9-_]{1,64}(:[a-zA-Z0-9-_$]+)?)$`, "the name or ARN of a function")
	return []*kind{
		functionKind(), layerKind(),
		{
			token: "aws:lambda/permission:Permission", label: "Lambda Permission", args: lambda.PermissionArgs{}, resource: &lambda.Permission{},
			id: "{name}", key: "{in.function}/{in.qualifier}/{name}", required: []string{"function"},
			taken: "ResourceConflictException: The statement id ({name}) provided already exists. Please provide a new statement id, or remove the existing statement.",
			name:  "statementId", autoname: &autoname{max: 100},
			rules: map[string]rule{
				"statementId": all(length(1, 100), pattern(`^[a-zA-Z0-9-_]+$`, "letters, digits, dashes and underscores")),
				"action":      pattern(`^lambda:(\*|[A-Za-z]+)$`, "an action of lambda"), "sourceAccount": pattern(`^\d{12}$`, "an account's 12 digits"),
				"sourceArn": arn(),
			},
			settle: func(c *creation) error {
				return c.qualified(textOf(c.inputs["function"]), textOf(c.inputs["qualifier"]))
			},
			fixed: true, refs: []ref{partOf(refFunction("function", noFunction))},
		},
		{
			token: "aws:lambda/alias:Alias", label: "Lambda Alias", args: lambda.AliasArgs{}, resource: &lambda.Alias{},
			id: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:function:{in.functionName}:{name}", name: "name", autoname: &autoname{max: 128},
			taken:   "ResourceConflictException: Alias already exists: {arn}",
			outputs: map[string]string{"invokeArn": invokeForm},
			rules: map[string]rule{
				"name":            all(length(1, 128), pattern(`^[a-zA-Z0-9-_]*[a-zA-Z-_][a-zA-Z0-9-_]*$`, "letters, digits, dashes and underscores, not digits alone")),
				"functionVersion": pattern(`^(\$LATEST|[0-9]+)$`, "$LATEST or the number of a version"), "description": length(0, 256),
				"routingConfig.additionalVersionWeights[*]": between(0, 1),
			},
			settle: settleAlias, replace: []string{"functionName", "name"}, refs: []ref{partOf(refFunction("functionName", noFunction))},
		},
		{
			token: "aws:lambda/eventSourceMapping:EventSourceMapping", label: "Lambda Event Source Mapping",
			args: lambda.EventSourceMappingArgs{}, resource: &lambda.EventSourceMapping{},
			id: "{uuid}", arn: "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{id}",
			unique:   "{account}/{region}/{in.functionName}/{in.eventSourceArn}",
			taken:    "ResourceConflictException: An event source mapping with event source arn {in.eventSourceArn} and function {in.functionName} already exists.",
			outputs:  map[string]string{"uuid": "{id}", "state": "Enabled", "stateTransitionReason": "USER_INITIATED", "lastModified": "{now}"},
			defaults: map[string]any{"enabled": true}, changing: []string{"lastModified"},
			settle: func(c *creation) error {
				c.computed["functionArn"] = functionARN(c, textOf(c.inputs["functionName"]))
				return nil
			},
			rules: map[string]rule{
				"batchSize": between(1, 10000), "maximumBatchingWindowInSeconds": between(0, 300), "eventSourceArn": arn(), "functionName": functionName,
				"startingPosition": oneOf("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"), "functionResponseTypes[*]": oneOf("ReportBatchItemFailures"),
				"maximumRetryAttempts": between(-1, 10000), "parallelizationFactor": between(1, 10), "scalingConfig.maximumConcurrency": between(2, 1000), "tags": tags,
			},
			replace: []string{"eventSourceArn", "startingPosition", "startingPositionTimestamp", "queues", "topics", "selfManagedEventSource"},
			sets:    []string{"functionResponseTypes"},
			refs: []ref{
				refFunction("functionName", "InvalidParameterValueException: Function does not exist"),
				{prop: "eventSourceArn", to: []string{"sqs.Queue"}, by: asQueue,
					missing: "InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."},
			},
		},
		{
			token: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", label: "Lambda Function Event Invoke Config",
			args: lambda.FunctionEventInvokeConfigArgs{}, resource: &lambda.FunctionEventInvokeConfig{},
			id: "{in.functionName}", key: "{in.functionName}/{in.qualifier}",
			rules: map[string]rule{
				"maximumEventAgeInSeconds": between(60, 21600), "maximumRetryAttempts": between(0, 2), "functionName": functionName,
				"destinationConfig.onFailure.destination": arn(), "destinationConfig.onSuccess.destination": arn(),
			},
			settle:  settleInvokeConfig,
			replace: []string{"functionName", "qualifier"}, refs: []ref{partOf(refFunction("functionName", noFunction))},
		},
		{
			token: "aws:lambda/codeSigningConfig:CodeSigningConfig", label: "Lambda Code Signing Config",
			args: lambda.CodeSigningConfigArgs{}, resource: &lambda.CodeSigningConfig{},
			id: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:code-signing-config:csc-{hex:17}",
			outputs: map[string]string{"lastModified": "{now}"}, changing: []string{"lastModified"}, required: []string{"allowedPublishers.signingProfileVersionArns"},
			settle: func(c *creation) error {
				c.computed["configId"] = c.arn[strings.LastIndex(c.arn, ":")+1:]
				return nil
			},
			rules: map[string]rule{
				"allowedPublishers.signingProfileVersionArns":    items(1, 20),
				"allowedPublishers.signingProfileVersionArns[*]": arn("signer"),
				"policies.untrustedArtifactOnDeployment":         oneOf("Warn", "Enforce"), "description": length(0, 256), "tags": tags,
			},
			refs: []ref{{prop: "allowedPublishers.signingProfileVersionArns[*]", to: []string{"signer.SigningProfile"}, by: asProfileVersion,
				missing: "InvalidParameterValueException: Signing profile version {value} does not exist."}},
			sets: []string{"allowedPublishers.signingProfileVersionArns"},
			inUse: []use{{by: "lambda.Function", prop: "codeSigningConfigArn",
				says: "ResourceConflictException: The code signing configuration is used by one or more functions: {id}"}},
		},
	}
}

const (
	invokeForm = "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
	ec2Refused = "InvalidParameterValueException: Error occurred while "
)

func functionKind() *kind {
	subnets, groups := refSubnets("vpcConfig.subnetIds[*]"), refGroups("vpcConfig.securityGroupIds[*]")
	subnets.missing = ec2Refused + "DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '{value}' does not exist"
	groups.missing = ec2Refused + "DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '{value}' does not exist"
	return &kind{
		token: "aws:lambda/function:Function", label: "Lambda Function", args: lambda.FunctionArgs{}, resource: &lambda.Function{},
		id: "{name}", arn: "arn:{partition}:lambda:{region}:{account}:function:{name}", taken: "ResourceConflictException: Function already exist: {name}",
		name: "name", autoname: &autoname{max: 64}, required: []string{"vpcConfig.securityGroupIds", "vpcConfig.subnetIds"},
		outputs:  map[string]string{"invokeArn": invokeForm, "lastModified": "{now}", "signingJobArn": "", "signingProfileVersionArn": ""},
		changing: []string{"lastModified"},
		follows: map[string][]string{"version": publishes, "qualifiedArn": publishes, "qualifiedInvokeArn": publishes,
			"codeSha256": codeInputs, "sourceCodeSize": codeInputs},
		defaults: map[string]any{"memorySize": 128.0, "timeout": 3.0, "packageType": "Zip", "architectures": []any{"x86_64"},
			"reservedConcurrentExecutions": -1.0, "publish": false, "skipDestroy": false},
		settle: settleFunction,
		rules: map[string]rule{
			"name": all(length(1, 64), pattern(`^[a-zA-Z0-9-_]+$`, "letters, digits, dashes and underscores")), "role": arn("iam"), "runtime": runtimes(),
			"memorySize": between(128, 10240), "timeout": between(1, 900), "reservedConcurrentExecutions": between(-1, 10000),
			"ephemeralStorage.size": between(512, 10240), "layers": items(0, 5), "layers[*]": arn("lambda"), "packageType": oneOf("Zip", "Image"),
			"architectures": items(1, 1), "architectures[*]": oneOf("x86_64", "arm64"), "tracingConfig.mode": oneOf("Active", "PassThrough"),
			"kmsKeyArn": arn("kms"), "deadLetterConfig.targetArn": arn("sqs", "sns"), "handler": length(1, 128), "description": length(0, 256),
			"codeSigningConfigArn": arn("lambda"), "loggingConfig.logFormat": oneOf("JSON", "Text"), "snapStart.applyOn": oneOf("PublishedVersions", "None"),
			"environment.variables": keys(pattern(`^[a-zA-Z][a-zA-Z0-9_]+$`, "a letter, then letters, digits and underscores")), "tags": tags,
		},
		replace: []string{"name", "packageType"}, sets: []string{"vpcConfig.subnetIds", "vpcConfig.securityGroupIds", "architectures"},
		refs: []ref{
			refRole("role", "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda: {value} does not exist."),
			subnets, groups,
			{prop: "layers[*]", to: []string{"lambda.LayerVersion"}, by: asARN, missing: "InvalidParameterValueException: Layer version {value} does not exist."},
			{prop: "codeSigningConfigArn", to: []string{"lambda.CodeSigningConfig"}, by: asARN,
				missing: "CodeSigningConfigNotFoundException: The code signing configuration cannot be found: {value}"},
			refKey("kmsKeyArn", "InvalidParameterValueException: KMS key {value} does not exist."),
			{prop: "s3Bucket", to: []string{"s3.BucketV2"}, by: asBucket,
				missing: "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
			{prop: "deadLetterConfig.targetArn", to: []string{"sqs.Queue"}, by: asQueue,
				missing: "InvalidParameterValueException: The provided destination {value} does not exist."},
		},
	}
}

// settleFunction works out version, checksum and size: a published function
// gets a new version when its code or its configuration changes, and not when
// its tags or its reserved concurrency do.
func settleFunction(c *creation) error {
	if c.old != nil {
		if c.versions = c.old.Versions; c.versions == 0 {
			c.versions, _ = strconv.Atoi(textOf(c.old.Computed["version"]))
		}
	}
	v := "$LATEST"
	if c.inputs["publish"] == true {
		if c.old == nil || c.versions == 0 || c.differs(publishes) {
			c.versions++
		}
		v = strconv.Itoa(c.versions)
	}
	c.computed["version"] = v
	c.computed["qualifiedArn"] = c.arn + ":" + v
	c.computed["qualifiedInvokeArn"] = strings.TrimSuffix(textOf(c.computed["invokeArn"]), "/invocations") + ":" + v + "/invocations"
	checksum(c)
	return nil
}

// checksum sets the code's checksum and size. The zip that AWS gets is not
// made here: the checksum is of the archive's own hash, or of the address of
// the object that holds it, the size that of its file, or 0.
func checksum(c *creation) {
	code := reveal(c.props["code"])
	if !code.IsArchive() {
		c.computed["codeSha256"], c.computed["sourceCodeSize"] = "", 0.0
		if key := textOf(c.inputs["s3Key"]); key != "" {
			sum := sha256.Sum256([]byte(textOf(c.inputs["s3Bucket"]) + "/" + key + "/" + textOf(c.inputs["s3ObjectVersion"])))
			c.computed["codeSha256"] = base64.StdEncoding.EncodeToString(sum[:])
		}
		return
	}
	sum := sha256.Sum256([]byte(code.ArchiveValue().Hash))
	c.computed["codeSha256"] = base64.StdEncoding.EncodeToString(sum[:])
	c.computed["sourceCodeSize"] = 0.0
	if info, err := os.Stat(code.ArchiveValue().Path); err == nil && info.Mode().IsRegular() {
		c.computed["sourceCodeSize"] = float64(info.Size())
	}
}

func functionARN(c *creation, nameOrARN string) string {
	if strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN
	}
	return "arn:" + partition(c.region) + ":lambda:" + c.region + ":" + c.at.account + ":function:" + nameOrARN
}

func layerKind() *kind {
	return &kind{
		token: "aws:lambda/layerVersion:LayerVersion", label: "Lambda Layer Version", args: lambda.LayerVersionArgs{}, resource: &lambda.LayerVersion{},
		id: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:layer:{in.layerName}:{number}", number: nextLayer,
		unique:   "{arn}",
		outputs:  map[string]string{"version": "{number}", "createdDate": "{now}", "signingJobArn": "", "signingProfileVersionArn": ""},
		defaults: map[string]any{"skipDestroy": false},
		settle: func(c *creation) error {
			c.computed["layerArn"] = c.arn[:strings.LastIndex(c.arn, ":")]
			checksum(c)
			return nil
		},
		rules: map[string]rule{
			"layerName":          all(length(1, 140), pattern(`^(arn:.*|[a-zA-Z0-9-_]+)$`, "letters, digits, dashes and underscores")),
			"compatibleRuntimes": items(0, 15), "compatibleRuntimes[*]": runtimes(), "compatibleArchitectures[*]": oneOf("x86_64", "arm64"),
			"description": length(0, 256), "licenseInfo": length(0, 512),
		},
		fixed: true, keep: []string{"skipDestroy"}, sets: []string{"compatibleRuntimes", "compatibleArchitectures"},
	}
}

// nextLayer gives the number after the highest that is there or was tried.
func nextLayer(c *creation) (string, error) {
	layers, err := c.cloud.store.list(c.at.account, c.at.region, "lambda.LayerVersion")
	if err != nil {
		return "", err
	}
	highest, _ := strconv.Atoi(c.number)
	for _, l := range layers {
		if n, _ := strconv.Atoi(textOf(l.Computed["version"])); l.Inputs["layerName"] == c.inputs["layerName"] && n > highest {
			highest = n
		}
	}
	return strconv.Itoa(highest + 1), nil
}
