// Package bucket makes an S3 bucket that is private, encrypted with a customer
// managed key, reachable over TLS only, and versioned.
package bucket

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// MaxName is the most characters that a bucket's name may have; see "General
// purpose bucket naming rules" in the S3 User Guide.
const MaxName = 63

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]+[a-z0-9]$`)

const (
	productionOldVersions  = 90 // days that replaced and deleted objects can still be had
	otherOldVersions       = 7
	abandonedUploadsWithin = 7 // days
)

// Args are the arguments of a Bucket.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string                // physical name, the same for all of AWS; 3 to 63 characters
	KeyARN   pulumi.StringPtrInput // the customer managed key that encrypts it; required
	// Discard lets the bucket be deleted with the objects that are in it. False:
	// AWS refuses the deletion of a bucket that is not empty.
	Discard bool
}

// Bucket is a bucket with its settings. Replaced and deleted objects are kept
// for 90 days in production and 7 elsewhere.
type Bucket struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"name"`
	ARN  pulumi.StringOutput `pulumi:"arn"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if args == nil {
		args = &Args{}
	}
	c := check.New("bucket", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	c.Name("Name", args.Name, MaxName, namePattern)
	c.Needs("KeyARN", args.KeyARN != nil, "the ARN of a customer managed key")
	if err := c.Err(); err != nil {
		return nil, err
	}
	b := &Bucket{}
	if err := ctx.RegisterComponentResource("tenantform:bucket:Bucket", name, b, opts...); err != nil {
		return nil, err
	}
	made, err := s3.NewBucketV2(ctx, name+"-bucket", &s3.BucketV2Args{
		Bucket:       pulumi.String(args.Name),
		ForceDestroy: pulumi.Bool(args.Discard),
		Tags:         args.Tags.Map(),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	if err := b.protect(ctx, name, args, made); err != nil {
		return nil, err
	}
	if err := b.keep(ctx, name, args, made); err != nil {
		return nil, err
	}
	b.Name, b.ARN = made.Bucket, made.Arn
	if err := ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name, "arn": b.ARN}); err != nil {
		return nil, err
	}
	return b, nil
}

// protect closes the bucket to the public, to ACLs, to plain HTTP and to
// objects without the key.
func (b *Bucket) protect(ctx *pulumi.Context, name string, args *Args, made *s3.BucketV2) error {
	block, err := s3.NewBucketPublicAccessBlock(ctx, name+"-public-access", &s3.BucketPublicAccessBlockArgs{
		Bucket:                made.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(b))
	if err != nil {
		return err
	}
	if _, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: made.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, pulumi.Parent(b)); err != nil {
		return err
	}
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: made.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: args.KeyARN,
			},
			BucketKeyEnabled: pulumi.Bool(true),
		}},
	}, pulumi.Parent(b)); err != nil {
		return err
	}
	arn := args.Location.BucketARN(args.Name)
	// Public policies are blocked first: S3 checks a policy against the block when it is put.
	_, err = s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{
		Bucket: made.ID(),
		Policy: iampolicy.Document{{
			Sid:        "TLSOnly",
			Effect:     iampolicy.Deny,
			Principal:  &iampolicy.Principal{AWS: []string{"*"}},
			Actions:    []string{"s3:*"},
			Resources:  []string{arn, arn + "/*"},
			Conditions: iampolicy.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		}}.Input(),
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{block}))
	return err
}

// keep turns on versions and says for how long old ones stay.
func (b *Bucket) keep(ctx *pulumi.Context, name string, args *Args, made *s3.BucketV2) error {
	versions, err := s3.NewBucketVersioningV2(ctx, name+"-versions", &s3.BucketVersioningV2Args{
		Bucket:                  made.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, pulumi.Parent(b))
	if err != nil {
		return err
	}
	days := otherOldVersions
	if args.Location.Production() {
		days = productionOldVersions
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: made.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:                             pulumi.String("old-versions-and-abandoned-uploads"),
			Status:                         pulumi.String("Enabled"),
			Filter:                         s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			NoncurrentVersionExpiration:    s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(days)},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(abandonedUploadsWithin)},
		}},
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{versions}))
	return err
}
