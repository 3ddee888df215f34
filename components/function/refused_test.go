package function_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/tenants"
)

func TestBadOptionsAreRefused(t *testing.T) {
	key := pulumi.String("arn:key")
	powertools := func(change func(*function.Args)) func(*function.Args) {
		return func(a *function.Args) {
			a.KeyARN, a.Powertools = key, &function.Powertools{}
			change(a)
		}
	}
	onFailure := func(o function.OnFailure) func(*function.Args) {
		return func(a *function.Args) { a.OnFailure = &o }
	}
	provisioned := func(p function.Provisioned) func(*function.Args) {
		return func(a *function.Args) { a.Publish, a.Provisioned = true, &p }
	}
	for name, c := range map[string]struct {
		change func(*function.Args)
		words  []string
	}{
		"application level":  {func(a *function.Args) { a.ApplicationLogLevel = "VERBOSE" }, []string{"ApplicationLogLevel", `"VERBOSE"`, "TRACE, DEBUG"}},
		"system level":       {func(a *function.Args) { a.SystemLogLevel = "ERROR" }, []string{"SystemLogLevel", `"ERROR"`, "DEBUG, INFO, WARN"}},
		"architecture":       {func(a *function.Args) { a.Architecture = "riscv" }, []string{"Architecture", "riscv", "x86_64, arm64"}},
		"Powertools, no key": {func(a *function.Args) { a.Powertools = &function.Powertools{} }, []string{"KeyARN is missing"}},
		"Powertools level":   {powertools(func(a *function.Args) { a.Powertools.LogLevel = "LOUD" }), []string{"Powertools.LogLevel", "LOUD"}},
		"dropped lines":      {powertools(func(a *function.Args) { a.Powertools.LogLevel = "DEBUG" }), []string{"Powertools.LogLevel", "DEBUG", "INFO"}},
		"AWS's namespace":    {powertools(func(a *function.Args) { a.Powertools.Namespace = "AWS/Lambda" }), []string{"Powertools.Namespace", "AWS/Lambda"}},
		"long service":       {powertools(func(a *function.Args) { a.Powertools.Service = strings.Repeat("s", 256) }), []string{"Powertools.Service", "1 to 255"}},
		"no public layer":    {powertools(func(a *function.Args) { a.Runtime = "provided.al2023" }), []string{"Powertools.LayerARN is missing", "provided.al2023"}},
		"no layer in China":  {powertools(func(a *function.Args) { a.Location.Region = "cn-north-1" }), []string{"Powertools.LayerARN is missing", "cn-north-1"}},
		"six layers":         {powertools(func(a *function.Args) { a.Layers = make(pulumi.StringArray, 5) }), []string{"Layers", `"6"`, "0 to 5"}},
		"own variable":       {powertools(func(a *function.Args) { a.Environment = map[string]string{"POWERTOOLS_LOG_LEVEL": "INFO"} }), []string{"Environment.POWERTOOLS_LOG_LEVEL"}},
		"many variables": {func(a *function.Args) {
			a.KeyARN, a.Environment = key, map[string]string{"A": strings.Repeat("x", 4096)}
		}, []string{"Environment", "4097 bytes", "at most 4096"}},
		"table, no key":       {func(a *function.Args) { a.Idempotency = &function.Idempotency{} }, []string{"KeyARN is missing"}},
		"table's name":        {func(a *function.Args) { a.KeyARN, a.Idempotency = key, &function.Idempotency{Table: "a b c"} }, []string{"Idempotency.Table", "a b c"}},
		"no destination":      {onFailure(function.OnFailure{}), []string{"OnFailure.ARN is missing"}},
		"any queue":           {onFailure(function.OnFailure{ARN: "arn:aws:sqs:eu-west-1:111111111111:*"}), []string{"OnFailure.ARN", "111111111111:*"}},
		"FIFO queue":          {onFailure(function.OnFailure{ARN: queueARN + ".fifo"}), []string{"OnFailure.ARN", ".fifo", "standard"}},
		"a bucket":            {onFailure(function.OnFailure{ARN: "arn:aws:s3:::acme"}), []string{"OnFailure.ARN", "arn:aws:s3:::acme"}},
		"key of a bus":        {onFailure(function.OnFailure{ARN: busARN, KeyARN: key}), []string{"OnFailure.KeyARN"}},
		"attempts":            {onFailure(function.OnFailure{ARN: queueARN, Attempts: 4}), []string{"OnFailure.Attempts", `"4"`, "0 to 3"}},
		"event age":           {onFailure(function.OnFailure{ARN: queueARN, MaxAgeSec: 59}), []string{"OnFailure.MaxAgeSec", `"59"`, "60 to 21600"}},
		"not published":       {func(a *function.Args) { a.Provisioned = &function.Provisioned{Min: 1, Max: 2} }, []string{"Publish is missing"}},
		"none provisioned":    {provisioned(function.Provisioned{}), []string{"Provisioned.Min", `"0"`, "Provisioned.Max"}},
		"min over max":        {provisioned(function.Provisioned{Min: 5, Max: 4}), []string{"Provisioned.Max", `"4"`, "5 to 10"}},
		"more than reserved":  {provisioned(function.Provisioned{Min: 1, Max: 11}), []string{"Provisioned.Max", `"11"`, "1 to 10"}},
		"utilization":         {provisioned(function.Provisioned{Min: 1, Max: 2, TargetUtilization: 70}), []string{"Provisioned.TargetUtilization", `"70"`, "0.1 to 0.9"}},
		"sensitive, unsigned": {func(a *function.Args) { a.Sensitive = true }, []string{"CodeSigningConfigARN is missing"}},
		"unsigned archive":    {func(a *function.Args) { a.CodeSigningConfigARN = pulumi.String("arn:c") }, []string{"Archive", "AWS Signer has signed"}},
		"public layer, signed": {powertools(func(a *function.Args) { a.CodeSigningConfigARN, a.Archive = pulumi.String("arn:c"), signedZip(t) }),
			[]string{"Powertools.LayerARN is missing", "code signing"}},
		"two codes":   {func(a *function.Args) { a.Object = &function.Object{Bucket: key, Key: key} }, []string{"Archive", "nothing where Object is given"}},
		"half object": {func(a *function.Args) { a.Archive, a.Object = "", &function.Object{} }, []string{"Object.Bucket is missing", "Object.Key is missing"}},
		"too many grants": {func(a *function.Args) {
			for i := range 120 {
				a.Grants = append(a.Grants, tenants.Grant{Actions: []string{"dynamodb:GetItem"}, Resources: []string{fmt.Sprintf("arn:aws:dynamodb:eu-west-1:111111111111:table/t%d", i)}})
			}
		}, []string{"Grants", "at most 10240 characters"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(t)
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "function", "worker")...)
		})
	}
}
