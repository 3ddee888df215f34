package conformance_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/smithy-go"
)

// eyes are clients for one account, which look at what is there independently of
// the provider.
type eyes struct {
	t       *testing.T
	rig     *rig
	account string

	alarms       *cloudwatch.Client
	api          *apigateway.Client
	config       *configservice.Client
	databases    *rds.Client
	events       *eventbridge.Client
	firewalls    *wafv2.Client
	iam          *iam.Client
	keys         *kms.Client
	lambda       *lambda.Client
	logs         *cloudwatchlogs.Client
	nets         *ec2.Client
	organization *organizations.Client
	s3           *s3.Client
	sns          *sns.Client
	sqs          *sqs.Client
	streams      *firehose.Client
	tables       *dynamodb.Client
	tags         *resourcegroupstaggingapi.Client
	trails       *cloudtrail.Client
	users        *cognitoidentityprovider.Client
}

// in gives clients for an account; the core's credentials open the others.
func (r *rig) in(t *testing.T, account string) *eyes {
	t.Helper()
	c := aws.Config{
		Region: region, BaseEndpoint: aws.String(r.endpoint), RetryMaxAttempts: 2,
		Credentials: credentials.NewStaticCredentialsProvider("testing", "testing", ""),
	}
	if account != core {
		out, err := sts.NewFromConfig(c).AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::" + account + ":role/looker"), RoleSessionName: aws.String("look"),
		})
		if err != nil {
			t.Fatal(err)
		}
		s := out.Credentials
		c.Credentials = credentials.NewStaticCredentialsProvider(*s.AccessKeyId, *s.SecretAccessKey, *s.SessionToken)
	}
	return &eyes{
		t: t, rig: r, account: account,
		alarms: cloudwatch.NewFromConfig(c), api: apigateway.NewFromConfig(c), config: configservice.NewFromConfig(c),
		databases: rds.NewFromConfig(c), events: eventbridge.NewFromConfig(c), firewalls: wafv2.NewFromConfig(c),
		iam: iam.NewFromConfig(c), keys: kms.NewFromConfig(c), lambda: lambda.NewFromConfig(c), logs: cloudwatchlogs.NewFromConfig(c),
		nets: ec2.NewFromConfig(c), organization: organizations.NewFromConfig(c),
		s3:  s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }),
		sns: sns.NewFromConfig(c), sqs: sqs.NewFromConfig(c), streams: firehose.NewFromConfig(c), tables: dynamodb.NewFromConfig(c),
		tags: resourcegroupstaggingapi.NewFromConfig(c), trails: cloudtrail.NewFromConfig(c), users: cognitoidentityprovider.NewFromConfig(c),
	}
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
