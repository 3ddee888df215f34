package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// eyes are clients for one account, which look at what is there independently of
// the provider.
type eyes struct {
	t       *testing.T
	account string
	session aws.Credentials

	api    *apigateway.Client
	logs   *cloudwatchlogs.Client
	users  *cognitoidentityprovider.Client
	tables *dynamodb.Client
	iam    *iam.Client
	keys   *kms.Client
	lambda *lambda.Client
	s3     *s3.Client
	sns    *sns.Client
	sqs    *sqs.Client
	rig    *rig
}

// in gives clients for an account; the core's credentials open the others.
func (r *rig) in(t *testing.T, account string) *eyes {
	t.Helper()
	config := aws.Config{
		Region: region, BaseEndpoint: aws.String(r.endpoint), RetryMaxAttempts: 2,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", ""),
	}
	e := &eyes{t: t, account: account, rig: r, session: aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}}
	if account != core {
		out, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::" + account + ":role/looker"), RoleSessionName: aws.String("look"),
		})
		if err != nil {
			t.Fatal(err)
		}
		c := out.Credentials
		e.session = aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
		config.Credentials = credentials.StaticCredentialsProvider{Value: e.session}
	}
	e.api, e.logs = apigateway.NewFromConfig(config), cloudwatchlogs.NewFromConfig(config)
	e.users, e.tables, e.iam = cognitoidentityprovider.NewFromConfig(config), dynamodb.NewFromConfig(config), iam.NewFromConfig(config)
	e.keys, e.lambda, e.sns, e.sqs = kms.NewFromConfig(config), lambda.NewFromConfig(config), sns.NewFromConfig(config), sqs.NewFromConfig(config)
	e.s3 = s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	return e
}

// see asks AWS; it fails the test and answers nil when there is no answer.
func see[I, O, F any](e *eyes, ask func(context.Context, I, ...F) (*O, error), in I) *O {
	e.t.Helper()
	out, err := ask(e.t.Context(), in)
	if err != nil {
		e.t.Error(err)
		return nil
	}
	return out
}

// gone fails the test unless AWS says that there is no such thing.
func gone[I, O, F any](e *eyes, ask func(context.Context, I, ...F) (*O, error), in I) {
	e.t.Helper()
	_, err := ask(e.t.Context(), in)
	var said smithy.APIError
	switch {
	case err == nil:
		e.t.Errorf("%+v is still there", in)
	case !errors.As(err, &said) || !missing(said.ErrorCode()):
		e.t.Error(err)
	}
}

// missing tells whether an error's code says that there is no such thing.
func missing(code string) bool {
	return strings.Contains(code, "NotFound") || strings.Contains(code, "NoSuch") || strings.Contains(code, "NonExistent") || strings.Contains(code, "DoesNotExist")
}

// ec2 asks about EC2, whose package of the SDK takes minutes to compile.
func (e *eyes) ec2(out any, args ...string) {
	e.t.Helper()
	e.command(out, append([]string{"ec2"}, args...)...)
}

// command runs AWS's own command and decodes its answer.
func (e *eyes) command(out any, args ...string) {
	e.t.Helper()
	command := append(args, "--output", "json")
	cmd := exec.CommandContext(e.t.Context(), e.rig.pieces.aws, command...)
	for k, v := range e.rig.awsEnv() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"), "AWS_ACCESS_KEY_ID="+e.session.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+e.session.SecretAccessKey, "AWS_SESSION_TOKEN="+e.session.SessionToken)
	data, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("aws %s: %s", strings.Join(command, " "), bytes.TrimSpace(exit.Stderr))
		}
		e.t.Error(err)
		return
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(data, out); err != nil {
		e.t.Error(err)
	}
}
