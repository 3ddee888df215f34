// Package bucket makes S3 buckets that are private, encrypted, reachable over
// TLS only, and versioned, and the bucket that keeps their access logs.
package bucket

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

const (
	productionOldVersions  = 90 // days that replaced and deleted objects can still be had
	otherOldVersions       = 7
	abandonedUploadsWithin = 7 // days
)

// Args are the arguments of a Bucket.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name, the same for all of AWS; 3 to 63 characters
	// KeyARN is the customer managed key that encrypts the bucket. Exactly one of
	// KeyARN and S3ManagedKey is given.
	KeyARN pulumi.StringPtrInput
	// S3ManagedKey leaves encryption to keys that S3 holds (SSE-S3), for a bucket
	// into which a service writes that cannot use a customer's key.
	S3ManagedKey bool
	// Unversioned keeps no old versions: what is replaced or deleted is gone at once.
	// Refused in production, and together with ObjectLock.
	Unversioned bool
	// AccessLogs is where S3 logs the requests to the bucket; nil: nowhere.
	AccessLogs *AccessLogs
	// ObjectLock keeps objects from being deleted or replaced; nil: there is no lock.
	// It is for a new bucket: given to one that exists, it makes the bucket anew.
	ObjectLock *ObjectLock
	// InfrequentAccessDays is the age at which objects move to the storage class
	// Standard-IA, cheaper to keep and dearer to read; 30 to 36500 days, 0: never.
	InfrequentAccessDays int
	// ExpireDays is the age at which objects are deleted; 1 to 36500 days and more
	// than InfrequentAccessDays, 0: never. Their versions stay as long as any others.
	ExpireDays int
	// Statements are further statements of the bucket's policy, for a service or
	// another account that reads or writes there. They speak of the bucket and its
	// objects; those that allow name their actions and principals, and for a service
	// the account or the resource in whose name it comes: aws:SourceAccount,
	// aws:SourceOrgID or aws:SourceArn.
	Statements iampolicy.Document
	// Discard lets the bucket be deleted with the objects that are in it. False:
	// AWS refuses the deletion of a bucket that is not empty.
	Discard bool
}

// AccessLogs says where S3 puts the server access logs of a bucket.
type AccessLogs struct {
	// BucketName is a bucket of the same account and region whose policy lets S3
	// deliver logs, as that of Logs does. Required, and not the bucket itself.
	BucketName pulumi.StringInput
	// Prefix begins the keys of the logs; the logged bucket's name and "/" when
	// empty.
	Prefix string
}

// The modes of an object lock; see "Locking objects with Object Lock" in the S3
// User Guide. In Governance, who has s3:BypassGovernanceRetention may delete; in
// Compliance nobody may, the account's root user included.
const (
	Governance = "GOVERNANCE"
	Compliance = "COMPLIANCE"
)

// ObjectLock is for how long a version of an object can neither be deleted nor
// replaced. The zero value is not valid.
type ObjectLock struct {
	Mode string // Governance or Compliance
	Days int    // from when a version is written; 1 to 36500
}

// Bucket is a bucket with its settings. Replaced and deleted objects are kept
// for 90 days in production and 7 elsewhere.
type Bucket struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"name"`
	ARN  pulumi.StringOutput `pulumi:"arn"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	b := &Bucket{}
	if err := ctx.RegisterComponentResource("tenantform:bucket:Bucket", name, b, opts...); err != nil {
		return nil, err
	}
	settings := &s3.BucketV2Args{
		Bucket:       pulumi.String(args.Name),
		ForceDestroy: pulumi.Bool(args.Discard),
		Tags:         args.Tags.Map(),
	}
	if args.ObjectLock != nil {
		settings.ObjectLockEnabled = pulumi.Bool(true)
	}
	made, err := s3.NewBucketV2(ctx, name+"-bucket", settings, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	policy, err := b.protect(ctx, name, args, made)
	if err != nil {
		return nil, err
	}
	if err := b.keep(ctx, name, args, made); err != nil {
		return nil, err
	}
	if err := b.log(ctx, name, args, made); err != nil {
		return nil, err
	}
	b.Name, b.ARN = made.Bucket, made.Arn
	b.Ready = append(b.Ready, made, policy)
	if len(args.Statements) > 0 {
		// Who gets the name to deliver there is made after the policy that allows it.
		b.Name = pulumi.OutputWithDependencies(ctx.Context(), made.Bucket, made, policy).(pulumi.StringOutput)
	}
	if err := ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name, "arn": b.ARN}); err != nil {
		return nil, err
	}
	return b, nil
}

// protect closes the bucket to the public, to ACLs and to plain HTTP, and has
// S3 encrypt with the key what comes without a word on encryption.
func (b *Bucket) protect(ctx *pulumi.Context, name string, args *Args, made *s3.BucketV2) (*s3.BucketPolicy, error) {
	block, err := s3.NewBucketPublicAccessBlock(ctx, name+"-public-access", &s3.BucketPublicAccessBlockArgs{
		Bucket:                made.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	owner, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: made.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	encryption, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: made.ID(),
		Rules:  s3.BucketServerSideEncryptionConfigurationV2RuleArray{args.encryption()},
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	b.Ready = append(b.Ready, block, owner, encryption)
	arn := args.Location.BucketARN(args.Name)
	document := append(iampolicy.Document{{
		Sid:        "TLSOnly",
		Effect:     iampolicy.Deny,
		Principal:  &iampolicy.Principal{AWS: []string{"*"}},
		Actions:    []string{"s3:*"},
		Resources:  []string{arn, arn + "/*"},
		Conditions: iampolicy.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}}, args.Statements...)
	// Public policies are blocked first: S3 checks a policy against the block when it is put.
	return s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{
		Bucket: made.ID(),
		Policy: document.Input(),
	}, pulumi.Parent(b), depend.On(block))
}

func (a *Args) encryption() s3.BucketServerSideEncryptionConfigurationV2RuleArgs {
	if a.S3ManagedKey {
		return s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("AES256"),
			},
		}
	}
	return s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
		ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
			SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: a.KeyARN,
		},
		BucketKeyEnabled: pulumi.Bool(true),
	}
}

// keep turns on versions and the lock, and says for how long what stays.
func (b *Bucket) keep(ctx *pulumi.Context, name string, args *Args, made *s3.BucketV2) error {
	status := "Enabled"
	if args.Unversioned {
		status = "Suspended"
	}
	versions, err := s3.NewBucketVersioningV2(ctx, name+"-versions", &s3.BucketVersioningV2Args{
		Bucket:                  made.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String(status)},
	}, pulumi.Parent(b))
	if err != nil {
		return err
	}
	if lock := args.ObjectLock; lock != nil {
		if _, err := s3.NewBucketObjectLockConfigurationV2(ctx, name+"-lock", &s3.BucketObjectLockConfigurationV2Args{
			Bucket: made.ID(),
			Rule: s3.BucketObjectLockConfigurationV2RuleArgs{
				DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{Mode: pulumi.String(lock.Mode), Days: pulumi.Int(lock.Days)},
			},
		}, pulumi.Parent(b), depend.On(versions)); err != nil {
			return err
		}
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: made.ID(),
		Rules:  args.lifecycle(),
	}, pulumi.Parent(b), depend.On(versions))
	return err
}

func (a *Args) lifecycle() s3.BucketLifecycleConfigurationV2RuleArray {
	days := otherOldVersions
	if a.Location.Production() {
		days = productionOldVersions
	}
	all := s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")}
	rules := s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:                             pulumi.String("old-versions-and-abandoned-uploads"),
		Status:                         pulumi.String("Enabled"),
		Filter:                         all,
		NoncurrentVersionExpiration:    s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(days)},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(abandonedUploadsWithin)},
	}}
	if a.InfrequentAccessDays == 0 && a.ExpireDays == 0 {
		return rules
	}
	ageing := s3.BucketLifecycleConfigurationV2RuleArgs{Id: pulumi.String("age"), Status: pulumi.String("Enabled"), Filter: all}
	if a.InfrequentAccessDays > 0 {
		ageing.Transitions = s3.BucketLifecycleConfigurationV2RuleTransitionArray{s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
			Days: pulumi.Int(a.InfrequentAccessDays), StorageClass: pulumi.String("STANDARD_IA"),
		}}
	}
	if a.ExpireDays > 0 {
		ageing.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(a.ExpireDays)}
	}
	return append(rules, ageing)
}

// log has S3 record the requests to the bucket.
func (b *Bucket) log(ctx *pulumi.Context, name string, args *Args, made *s3.BucketV2) error {
	if args.AccessLogs == nil {
		return nil
	}
	prefix := args.AccessLogs.Prefix
	if prefix == "" {
		prefix = args.Name + "/"
	}
	_, err := s3.NewBucketLoggingV2(ctx, name+"-access-logs", &s3.BucketLoggingV2Args{
		Bucket:       made.ID(),
		TargetBucket: args.AccessLogs.BucketName,
		TargetPrefix: pulumi.String(prefix),
	}, pulumi.Parent(b))
	return err
}
