// Package encryption makes the customer managed KMS key of a tenant or a pool.
package encryption

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// aliasPattern is what KMS accepts after "alias/"; names that begin with aws/
// are reserved. See CreateAlias in the KMS API Reference.
var aliasPattern = regexp.MustCompile(`^[a-zA-Z0-9_-][a-zA-Z0-9/_-]*$`)

const (
	maxAlias             = 250 // 256 with the prefix "alias/"
	productionWindowDays = 30
	otherWindowDays      = 7
)

// Args are the arguments of a Key.
type Args struct {
	Location    location.Location
	Tags        tags.Required
	Alias       string // physical name without "alias/"; 1 to 250 characters
	Description string // what the key protects; required
	// LogGroups are the names of log groups that CloudWatch Logs encrypts with
	// the key; "*" stands for any characters. None: the service has no access.
	LogGroups []string
	// Statements are further statements of the key's policy, for services of AWS that
	// use the key in nobody's name. Each allows something to services alone, and under
	// a condition. None: only IAM of the account says who may use the key.
	Statements iampolicy.Document
}

// Key is a symmetric key that rotates yearly, with its alias. Its policy names
// the account alone; who may use it is then said by IAM policies of the account.
// A deletion waits 30 days in production and 7 elsewhere, the longest and
// shortest that KMS allows.
type Key struct {
	pulumi.ResourceState

	ARN   pulumi.StringOutput `pulumi:"arn"`
	KeyID pulumi.StringOutput `pulumi:"keyId"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Key, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	k := &Key{}
	if err := ctx.RegisterComponentResource("tenantform:encryption:Key", name, k, opts...); err != nil {
		return nil, err
	}
	window := otherWindowDays
	if args.Location.Production() {
		window = productionWindowDays
	}
	key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description:          pulumi.String(args.Description),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(window),
		Policy:               args.policy().Input(),
		Tags:                 args.Tags.Map(),
	}, pulumi.Parent(k))
	if err != nil {
		return nil, err
	}
	if _, err := kms.NewAlias(ctx, name+"-alias", &kms.AliasArgs{
		Name:        pulumi.String("alias/" + args.Alias),
		TargetKeyId: key.KeyId,
	}, pulumi.Parent(k)); err != nil {
		return nil, err
	}
	k.ARN, k.KeyID = key.Arn, key.KeyId
	if err := ctx.RegisterResourceOutputs(k, pulumi.Map{"arn": k.ARN, "keyId": k.KeyID}); err != nil {
		return nil, err
	}
	return k, nil
}

// Validate checks the arguments as New does, for a component that is made of a
// key and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("encryption", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Alias", a.Alias, maxAlias, aliasPattern)
	if strings.HasPrefix(a.Alias, "aws/") {
		c.Fault("Alias", a.Alias, "a name that does not begin with aws/, which AWS keeps for its own keys")
	}
	c.Needs("Description", a.Description != "", "a text that says what the key protects")
	for _, g := range a.LogGroups {
		c.Name("LogGroups", g, MaxLogGroup, LogGroupPattern)
	}
	for i, s := range a.Statements {
		ofServices := s.Principal != nil && len(s.Principal.Service) > 0 && len(s.Principal.AWS) == 0
		if s.Effect != iampolicy.Allow || !ofServices || len(s.Conditions) == 0 {
			c.Fault(fmt.Sprintf("Statements[%d]", i), s.Sid, "a statement that allows something to services of AWS, under a condition")
		}
	}
	return c.Err()
}

// MaxLogGroup is the most characters that the name of a log group may have; see
// CreateLogGroup in the CloudWatch Logs API Reference.
const MaxLogGroup = 512

// LogGroupPattern is that of a log group's name, with "*" for any characters. "*"
// alone, every log group, is not among them.
var LogGroupPattern = regexp.MustCompile(`^[a-zA-Z0-9_/.#*-]*[a-zA-Z0-9_/.#-]+[a-zA-Z0-9_/.#*-]*$`)

// policy gives the account its key; the KMS Developer Guide's "Default key
// policy" says why it must.
func (a *Args) policy() iampolicy.Document {
	doc := iampolicy.Document{{
		Sid:       "TheAccountDecidesByIAM",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{AWS: []string{a.Location.RootARN()}},
		Actions:   []string{"kms:*"},
		Resources: []string{"*"},
	}}
	if len(a.LogGroups) > 0 {
		doc = append(doc, ForLogGroups(a.Location, a.LogGroups...))
	}
	return append(doc, a.Statements...)
}

// ForLogGroups gives the statement of a key's policy that lets CloudWatch Logs
// encrypt log groups of the location with the key, for keys that are no Key; "*"
// in a name stands for any characters. It is the one of "Encrypt log data in
// CloudWatch Logs using AWS KMS".
func ForLogGroups(l location.Location, names ...string) iampolicy.Statement {
	arns := make([]string, len(names))
	for i, n := range names {
		arns[i] = l.LogGroupARN(n)
	}
	return iampolicy.Statement{
		Sid:        "LogGroupsOfThisOwner",
		Effect:     iampolicy.Allow,
		Principal:  &iampolicy.Principal{Service: []string{"logs." + l.Region + ".amazonaws.com"}},
		Actions:    []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
		Resources:  []string{"*"},
		Conditions: iampolicy.Conditions{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
	}
}
