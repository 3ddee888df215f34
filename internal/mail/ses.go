package mail

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/tenantform/tenantform/tenants"
)

// SESAccount says how mails go out through Amazon SES. The zero value takes
// everything from the environment.
type SESAccount struct {
	Region           string        // empty: that of the environment
	ConfigurationSet string        // may be empty
	Timeout          time.Duration // for the whole of a mail; 0: 15 seconds
}

// SES sends through Amazon SES, with the credentials of the environment. The
// sender's address or domain must be verified there. Make it with NewSES.
type SES struct {
	client  *sesv2.Client
	keys    aws.CredentialsProvider
	account SESAccount
	from    From
}

var _ Sender = (*SES)(nil)

// NewSES makes a sender. It does not call AWS. The error is CodeInvalid.
func NewSES(ctx context.Context, account SESAccount, from From) (*SES, error) {
	if err := from.validate(); err != nil {
		return nil, err
	}
	if account.Timeout <= 0 {
		account.Timeout = defaultTimeout
	}
	var options []func(*config.LoadOptions) error
	if account.Region != "" {
		options = append(options, config.WithRegion(account.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the environment's AWS settings cannot be used: %w", err)
	}
	// Its own retries would send again a mail that SES may have.
	client := sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} })
	return &SES{client: client, keys: cfg.Credentials, account: account, from: from}, nil
}

// Send hands the mail to SES; see Sender.
func (s *SES) Send(ctx context.Context, m Message) error {
	content, err := raw(m, s.from, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.account.Timeout)
	defer cancel()
	if _, err := s.keys.Retrieve(ctx); err != nil {
		return tenants.Errorf(tenants.CodeUnavailable, "the mail %s was not given to SES, as there are no credentials: %w", m.ID, &untaken{err})
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(s.from.Address),
		Destination:      &types.Destination{ToAddresses: []string{m.To}},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: content}},
		EmailTags:        []types.MessageTag{{Name: aws.String("tenantform-message"), Value: aws.String(tag(m.ID))}},
	}
	if s.account.ConfigurationSet != "" {
		in.ConfigurationSetName = aws.String(s.account.ConfigurationSet)
	}
	if _, err := s.client.SendEmail(ctx, in); err != nil {
		if refusedSES(err) {
			err = &untaken{err}
		}
		return tenants.Errorf(classifySES(err), "the mail %s was not taken by SES: %w", m.ID, err)
	}
	return nil
}

// Once is false: SES takes what it is given.
func (s *SES) Once() bool { return false }

// refusedSES tells whether SES is known not to have taken a mail: it said so, which
// a fault on its side does not, or it was not reached.
func refusedSES(err error) bool {
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode() != 0 {
		return answer.HTTPStatusCode() >= 400 && answer.HTTPStatusCode() < 500
	}
	connection, ok := errors.AsType[*net.OpError](err)
	return ok && connection.Op == "dial"
}

// tag gives an id as SES lets a tag's value be: without dots. Source:
// "MessageTag" (Amazon SES API v2 Reference).
func tag(id string) string {
	out := []byte(id)
	for i, c := range out {
		if c == '.' {
			out[i] = '_'
		}
	}
	return string(out)
}

// classifySES tells what SES refuses for good. Source: "SendEmail", errors (Amazon
// SES API v2 Reference).
func classifySES(err error) tenants.Code {
	var (
		rejected   *types.MessageRejected
		bad        *types.BadRequestException
		unverified *types.MailFromDomainNotVerifiedException
		suspended  *types.AccountSuspendedException
		paused     *types.SendingPausedException
		missing    *types.NotFoundException
	)
	for _, target := range []any{&rejected, &bad, &unverified, &suspended, &paused, &missing} {
		if errors.As(err, target) {
			return tenants.CodeFailedPrecondition
		}
	}
	return tenants.CodeUnavailable
}
