package function

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// defaultLogLevel is Lambda's own, of both kinds of lines.
const defaultLogLevel = "INFO"

// ApplicationLogLevels gives what ApplicationLogLevel may be, the most detailed
// first; see LoggingConfig in the Lambda API Reference.
func ApplicationLogLevels() []string {
	return []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
}

// SystemLogLevels gives what SystemLogLevel may be, the most detailed first.
func SystemLogLevels() []string { return []string{"DEBUG", "INFO", "WARN"} }

// JSONLogs is the logging of a function: one JSON object a line, in its group.
func JSONLogs(group *cloudwatch.LogGroup) lambda.FunctionLoggingConfigArgs {
	return lambda.FunctionLoggingConfigArgs{
		LogFormat:           pulumi.String("JSON"),
		LogGroup:            group.Name,
		ApplicationLogLevel: pulumi.String(defaultLogLevel),
		SystemLogLevel:      pulumi.String(defaultLogLevel),
	}
}

func (a *Args) applicationLogLevel() string { return cmp.Or(a.ApplicationLogLevel, defaultLogLevel) }

func (a *Args) systemLogLevel() string { return cmp.Or(a.SystemLogLevel, defaultLogLevel) }

func (a *Args) logging(group *cloudwatch.LogGroup) lambda.FunctionLoggingConfigArgs {
	logs := JSONLogs(group)
	logs.ApplicationLogLevel = pulumi.String(a.applicationLogLevel())
	logs.SystemLogLevel = pulumi.String(a.systemLogLevel())
	return logs
}
