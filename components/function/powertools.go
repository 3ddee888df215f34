package function

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
)

// The variables that Powertools reads. Its pages "Logger", "Metrics" and
// "Tracer" document them.
const (
	EnvPowertoolsService         = "POWERTOOLS_SERVICE_NAME"
	EnvPowertoolsNamespace       = "POWERTOOLS_METRICS_NAMESPACE"
	EnvPowertoolsLogLevel        = "POWERTOOLS_LOG_LEVEL"
	EnvPowertoolsCaptureResponse = "POWERTOOLS_TRACER_CAPTURE_RESPONSE"
)

// The versions of the public layers that a function gets by default. The
// sources are the pages "Installation" of Powertools for AWS Lambda (Python) and
// "Lambda layers" of Powertools for AWS Lambda (TypeScript). AWS publishes a
// version under the same number in every region of the partition aws.
const (
	PowertoolsPythonVersion     = 27
	PowertoolsTypeScriptVersion = 44
)

// The accounts of AWS that publish the layers, from the same pages.
const (
	powertoolsPythonAccount     = "017000801446"
	powertoolsTypeScriptAccount = "094274105915"
)

// defaultNamespace is that of the tenants' metrics.
const defaultNamespace = "Tenantform"

// namespacePattern is CloudWatch's rule for the namespaces of custom metrics;
// see PutMetricData in the CloudWatch API Reference.
var namespacePattern = regexp.MustCompile(`^[^:\s][^:\p{C}]*$`)

// Powertools sets up Powertools for AWS Lambda: its layer and its variables.
// Traces do not carry what the function answers, which is a tenant's data.
type Powertools struct {
	// Service is the name of the service in logs, metrics and traces; at most 255
	// characters. Empty: the function's name.
	Service string
	// Namespace is that of the code's metrics; at most 255 characters. Empty:
	// Tenantform.
	Namespace string
	// LogLevel is the least severe line that the logger writes: DEBUG, INFO, WARN,
	// ERROR or CRITICAL. It may not be more detailed than ApplicationLogLevel, at
	// which Lambda drops lines, and is the same when empty.
	LogLevel string
	// LayerARN is the layer version with Powertools. nil: the public layer for a
	// Python or Node.js runtime in a region of the partition aws; none for Java and
	// .NET, for which Powertools is part of the archive. Elsewhere, and with
	// CodeSigningConfigARN, which the public layers do not pass, it is required.
	LayerARN pulumi.StringInput
}

// powertoolsLevels are the levels of the loggers of all languages, the most
// detailed first, with the Lambda level that keeps them.
var powertoolsLevels = []struct{ name, lambda string }{
	{"DEBUG", "DEBUG"}, {"INFO", "INFO"}, {"WARN", "WARN"}, {"ERROR", "ERROR"}, {"CRITICAL", "FATAL"},
}

func (a *Args) powertoolsLevel() string {
	if a.Powertools.LogLevel != "" {
		return a.Powertools.LogLevel
	}
	for _, l := range powertoolsLevels {
		if l.lambda == a.applicationLogLevel() {
			return l.name
		}
	}
	return powertoolsLevels[0].name // TRACE keeps all of them
}

func (a *Args) powertools() map[string]string {
	return map[string]string{
		EnvPowertoolsService:         cmp.Or(a.Powertools.Service, a.Name),
		EnvPowertoolsNamespace:       cmp.Or(a.Powertools.Namespace, defaultNamespace),
		EnvPowertoolsLogLevel:        a.powertoolsLevel(),
		EnvPowertoolsCaptureResponse: "false",
	}
}

// powertoolsLayer gives the layer to attach, nil when there is none.
func (a *Args) powertoolsLayer() pulumi.StringInput {
	if a.Powertools == nil {
		return nil
	}
	if a.Powertools.LayerARN != nil {
		return a.Powertools.LayerARN
	}
	if arn := a.publicLayer(); arn != "" {
		return pulumi.String(arn)
	}
	return nil
}

// publicLayer gives the ARN of the layer that AWS publishes for the runtime, ""
// when there is none.
func (a *Args) publicLayer() string {
	if a.Location.Partition() != "aws" {
		return ""
	}
	arn := func(account, layer string, version int) string {
		return fmt.Sprintf("arn:aws:lambda:%s:%s:layer:%s:%d", a.Location.Region, account, layer, version)
	}
	switch {
	case strings.HasPrefix(a.Runtime, "python"):
		return arn(powertoolsPythonAccount,
			"AWSLambdaPowertoolsPythonV3-"+strings.ReplaceAll(a.Runtime, ".", "")+"-"+cmp.Or(a.Architecture, ArchitectureX86), PowertoolsPythonVersion)
	case strings.HasPrefix(a.Runtime, "nodejs"):
		return arn(powertoolsTypeScriptAccount, "AWSLambdaPowertoolsTypeScriptV2", PowertoolsTypeScriptVersion)
	}
	return ""
}

func (a *Args) checkPowertools(c *check.Args) {
	p := a.Powertools
	if p == nil {
		return
	}
	if p.Service != "" {
		c.Name("Powertools.Service", p.Service, maxPowertoolsName, servicePattern)
	}
	if p.Namespace != "" {
		c.Name("Powertools.Namespace", p.Namespace, maxPowertoolsName, namespacePattern)
		if strings.HasPrefix(p.Namespace, "AWS/") {
			c.Fault("Powertools.Namespace", p.Namespace, "a namespace that does not begin with AWS/, which AWS keeps for its own metrics")
		}
	}
	if p.LogLevel != "" {
		a.checkPowertoolsLevel(c)
	}
	if p.LayerARN != nil {
		return
	}
	switch {
	case strings.HasPrefix(a.Runtime, "java"), strings.HasPrefix(a.Runtime, "dotnet"):
	case a.publicLayer() == "":
		c.Fault("Powertools.LayerARN", "", "the ARN of a layer version; AWS publishes none for "+a.Runtime+" in "+a.Location.Region)
	case a.CodeSigningConfigARN != nil:
		c.Fault("Powertools.LayerARN", "", "the ARN of a layer version that the code signing configuration lets in; the public one is signed by others")
	}
}

func (a *Args) checkPowertoolsLevel(c *check.Args) {
	names := make([]string, len(powertoolsLevels))
	for i, l := range powertoolsLevels {
		names[i] = l.name
	}
	i := slices.Index(names, a.Powertools.LogLevel)
	if i < 0 {
		c.OneOf("Powertools.LogLevel", a.Powertools.LogLevel, names...)
		return
	}
	all := ApplicationLogLevels()
	if slices.Index(all, powertoolsLevels[i].lambda) < slices.Index(all, a.applicationLogLevel()) {
		c.Fault("Powertools.LogLevel", a.Powertools.LogLevel, "no level more detailed than ApplicationLogLevel, "+a.applicationLogLevel()+", at which Lambda drops lines")
	}
}
