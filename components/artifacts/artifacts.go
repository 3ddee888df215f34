// Package artifacts makes the place where code waits to be deployed: a bucket
// for archives, and the profile with which they are signed.
//
// An archive goes through the bucket in one direction. Who publishes puts it
// below "unsigned/"; who signs has AWS Signer sign that version and put the
// result below "signed/"; who deploys reads there, and nowhere else. Lambda then
// takes only what the profile signed, where a code signing configuration names
// the profile.
package artifacts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/signer"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The keys of objects begin with one of these.
const (
	UnsignedPrefix = "unsigned/"
	SignedPrefix   = "signed/"
)

// Platform is the one that Signer has for Lambda's archives.
const Platform = "AWSLambda-SHA384-ECDSA"

// For how many months a signature may be valid; see "Creating profiles using
// the AWS CLI" in the AWS Signer Developer Guide.
const (
	MaxValidityMonths     = 135
	DefaultValidityMonths = 12
)

// MaxRoles is the most roles that each of Publishers, Signers and Readers may
// have: a bucket's policy has at most 20 KB ("Bucket policies for Amazon S3" in
// the S3 User Guide), and each role's ARN stands in it up to four times.
const MaxRoles = 10

const (
	maxName    = 250 // of a key's alias
	maxProfile = 64  // PutSigningProfile in the AWS Signer API Reference
)

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	profilePattern = regexp.MustCompile(`^[a-zA-Z0-9_]{2,}$`)
	rolePattern    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]+$`)
	notInName      = regexp.MustCompile(`[^a-zA-Z0-9_-]`)
)

// Args are the arguments of Artifacts.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // the key's alias; 1 to 250 letters, digits, "_" and "-"
	// Bucket is the physical name of the bucket, the same for all of AWS; 3 to 63
	// characters.
	Bucket string
	// Profile is the physical name of the signing profile; 2 to 64 letters, digits
	// and "_". Signer keeps the name of a profile that was taken away: made again,
	// it needs another.
	Profile string
	// ValidityMonths is for how long a signature lets an archive be deployed; 1 to
	// 135, 12 when 0. Another validity makes another profile, which needs another name.
	ValidityMonths int
	// Publishers are the ARNs of the roles that put archives for signing, Signers of
	// those that have them signed, Readers of those that deploy what is signed; at
	// most 10 each, in any account, and they have to exist. None: nobody may, whatever
	// IAM allows. In the account of the artifacts a signer's own policy has to allow
	// signer:StartSigningJob on the profile, because a profile's policy is for other
	// accounts only.
	Publishers []string
	Signers    []string
	Readers    []string
	// AccessLogs is as in bucket.Args.
	AccessLogs *bucket.AccessLogs
	// Discard lets the bucket be deleted with the archives that are in it.
	Discard bool
}

// Artifacts are the bucket, its key, and the signing profile. The bucket keeps
// every version in every environment, which Signer asks of it.
type Artifacts struct {
	pulumi.ResourceState

	KeyARN            pulumi.StringOutput `pulumi:"keyArn"`
	BucketName        pulumi.StringOutput `pulumi:"bucketName"`
	BucketARN         pulumi.StringOutput `pulumi:"bucketArn"`
	ProfileName       pulumi.StringOutput `pulumi:"profileName"`
	ProfileARN        pulumi.StringOutput `pulumi:"profileArn"`
	ProfileVersionARN pulumi.StringOutput `pulumi:"profileVersionArn"` // for a code signing configuration

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Artifacts, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	a := &Artifacts{}
	if err := ctx.RegisterComponentResource("tenantform:artifacts:Artifacts", name, a, opts...); err != nil {
		return nil, err
	}
	key, err := encryption.New(ctx, name+"-key", &encryption.Args{
		Location: args.Location, Tags: args.Tags, Alias: args.Name, Description: "Archives of code in bucket " + args.Bucket,
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	store, err := bucket.New(ctx, name+"-store", args.bucket(key.ARN.ToStringPtrOutput()), pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.Ready = append(a.Ready, store.Ready...)
	if err := a.shareKey(ctx, name, args, key.ARN); err != nil {
		return nil, err
	}
	profile, err := signer.NewSigningProfile(ctx, name+"-profile", &signer.SigningProfileArgs{
		Name:       pulumi.String(args.Profile),
		PlatformId: pulumi.String(Platform),
		SignatureValidityPeriod: signer.SigningProfileSignatureValidityPeriodArgs{
			Type: pulumi.String("MONTHS"), Value: pulumi.Int(args.validity()),
		},
		Tags: args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.Ready = append(a.Ready, profile)
	if err := a.shareProfile(ctx, name, args, profile); err != nil {
		return nil, err
	}
	a.KeyARN, a.BucketName, a.BucketARN = key.ARN, store.Name, store.ARN
	a.ProfileName, a.ProfileARN, a.ProfileVersionARN = profile.Name, profile.Arn, profile.VersionArn
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{
		"keyArn": a.KeyARN, "bucketName": a.BucketName, "bucketArn": a.BucketARN,
		"profileName": a.ProfileName, "profileArn": a.ProfileARN, "profileVersionArn": a.ProfileVersionARN,
	}); err != nil {
		return nil, err
	}
	return a, nil
}

// Validate checks the arguments as New does, for a component that is made of
// artifacts and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("artifacts", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Profile", a.Profile, maxProfile, profilePattern)
	c.Between("ValidityMonths", a.validity(), 1, MaxValidityMonths, "months")
	for _, g := range []struct {
		argument string
		roles    []string
	}{{"Publishers", a.Publishers}, {"Signers", a.Signers}, {"Readers", a.Readers}} {
		c.Between(g.argument, len(g.roles), 0, MaxRoles, "roles")
		for i, r := range g.roles {
			twice := func(other string) bool { return rolePattern.MatchString(other) && short(other) == short(r) }
			if !rolePattern.MatchString(r) || slices.ContainsFunc(g.roles[:i], twice) {
				c.Fault(g.argument, r, "ARNs of roles, without a wildcard, each once")
			}
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	return a.bucket(pulumi.StringPtr("known in the run")).Validate(name + "-store")
}

func (a *Args) validity() int {
	if a.ValidityMonths == 0 {
		return DefaultValidityMonths
	}
	return a.ValidityMonths
}

func (a *Args) bucket(key pulumi.StringPtrInput) *bucket.Args {
	return &bucket.Args{
		Location: a.Location, Tags: a.Tags, Name: a.Bucket, KeyARN: key,
		AccessLogs: a.AccessLogs, Statements: a.statements(), Discard: a.Discard,
	}
}

// statements are who may do what in the bucket. The denials hold against what
// IAM allows in the bucket's account; a session has the ARN of its role in
// aws:PrincipalArn. A signing job uses S3 with the rights of who starts it.
func (a *Args) statements() iampolicy.Document {
	arn := a.Location.BucketARN(a.Bucket)
	unsigned, signed := arn+"/"+UnsignedPrefix+"*", arn+"/"+SignedPrefix+"*"
	doc := iampolicy.Document{
		only("OnlyTheNamedPut", arn+"/*", slices.Concat(a.Publishers, a.Signers)),
		only("OnlySignersPutWhatIsSigned", signed, a.Signers),
	}
	for _, s := range []struct {
		sid       string
		roles     []string
		actions   []string
		resources []string
	}{
		{"PublishersPut", a.Publishers, []string{"s3:PutObject"}, []string{unsigned}},
		{"SignersList", a.Signers, []string{"s3:ListBucket"}, []string{arn}},
		{"SignersRead", a.Signers, []string{"s3:GetObject", "s3:GetObjectVersion"}, []string{unsigned}},
		{"SignersPut", a.Signers, []string{"s3:PutObject"}, []string{signed}},
		{"ReadersRead", a.Readers, []string{"s3:GetObject", "s3:GetObjectVersion"}, []string{signed}},
	} {
		if len(s.roles) > 0 {
			doc = append(doc, iampolicy.Statement{
				Sid: s.sid, Effect: iampolicy.Allow, Principal: &iampolicy.Principal{AWS: s.roles}, Actions: s.actions, Resources: s.resources,
			})
		}
	}
	return doc
}

// only denies putting to all but the roles; to all, when there are none.
func only(sid, resource string, roles []string) iampolicy.Statement {
	s := iampolicy.Statement{
		Sid: sid, Effect: iampolicy.Deny, Principal: &iampolicy.Principal{AWS: []string{"*"}}, Actions: []string{"s3:PutObject"}, Resources: []string{resource},
	}
	if len(roles) > 0 {
		s.Conditions = iampolicy.Conditions{"ArnNotEquals": {"aws:PrincipalArn": slices.Compact(slices.Sorted(slices.Values(roles)))}}
	}
	return s
}

// shareKey lets the roles use the key for the bucket's objects and nothing
// else. They are grants because the key's policy leaves everything to its own
// account's IAM, and the roles may be in another; the context is the one that S3
// sends for a bucket with a bucket key.
func (a *Artifacts) shareKey(ctx *pulumi.Context, name string, args *Args, key pulumi.StringOutput) error {
	for _, g := range []struct {
		who        string
		roles      []string
		operations []string
	}{
		{"publisher", args.Publishers, []string{"Decrypt", "GenerateDataKey"}},
		{"signer", args.Signers, []string{"Decrypt", "GenerateDataKey"}},
		{"reader", args.Readers, []string{"Decrypt"}},
	} {
		for _, role := range g.roles {
			grant, err := kms.NewGrant(ctx, fmt.Sprintf("%s-%s-%s", name, g.who, short(role)), &kms.GrantArgs{
				Name:             pulumi.String(g.who + "-" + short(role)),
				KeyId:            key,
				GranteePrincipal: pulumi.String(role),
				Operations:       pulumi.ToStringArray(g.operations),
				Constraints: kms.GrantConstraintArray{kms.GrantConstraintArgs{
					EncryptionContextSubset: pulumi.StringMap{"aws:s3:arn": pulumi.String(args.Location.BucketARN(args.Bucket))},
				}},
			}, pulumi.Parent(a))
			if err != nil {
				return err
			}
			a.Ready = append(a.Ready, grant)
		}
	}
	return nil
}

// shareProfile lets signers of other accounts sign, and readers of other
// accounts name the profile in a code signing configuration; see "Set up
// cross-account signing for Signer" in the AWS Signer Developer Guide.
func (a *Artifacts) shareProfile(ctx *pulumi.Context, name string, args *Args, profile *signer.SigningProfile) error {
	var last pulumi.CustomResource = profile
	for _, g := range []struct {
		who, action string
		roles       []string
	}{
		{"signs", "signer:StartSigningJob", args.Signers},
		{"names", "signer:GetSigningProfile", args.Readers},
	} {
		for _, role := range g.roles {
			if account(role) == args.Location.AccountID {
				continue
			}
			// One after the other: each permission is a new revision of the profile's policy.
			permission, err := signer.NewSigningProfilePermission(ctx, fmt.Sprintf("%s-%s-%s", name, g.who, short(role)), &signer.SigningProfilePermissionArgs{
				ProfileName: profile.Name,
				Action:      pulumi.String(g.action),
				Principal:   pulumi.String(role),
				StatementId: pulumi.String(g.who + "-" + short(role)),
			}, pulumi.Parent(a), depend.On(last))
			if err != nil {
				return err
			}
			last = permission
			a.Ready = append(a.Ready, permission)
		}
	}
	return nil
}

// account gives the account of a role.
func account(role string) string { return strings.Split(role, ":")[4] }

// short gives a role's account, path and name as the name of a grant or of a
// statement can hold them.
func short(role string) string {
	_, path, _ := strings.Cut(role, ":role/")
	return account(role) + "-" + notInName.ReplaceAllString(path, "_")
}
