package function

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Args are the arguments of a Function.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name of the function and its role; 1 to 64 characters
	Runtime  string // one of Runtimes
	Handler  string // as the runtime names it; 1 to 128 characters
	// Archive is the path of a zip file or a directory, and Object the zip file in
	// S3 instead of it; one of them is required.
	Archive string
	Object  *Object
	// Architecture is ArchitectureX86, which it is when empty, or ArchitectureARM.
	Architecture string
	// Layers are ARNs of layer versions; at most 5, with that of Powertools.
	Layers     pulumi.StringArray
	MemoryMB   int // 128 to 10240
	TimeoutSec int // 1 to 900
	// Concurrency is the most executions at once, kept free for the function;
	// 1 or more.
	Concurrency int
	// Environment are variables of the code; no secrets. With those that the
	// component sets they have at most 4096 bytes. KeyARN encrypts them, and the
	// table of Idempotency, and is required when there are any.
	Environment map[string]string
	KeyARN      pulumi.StringPtrInput
	// Grants are the AWS permissions of the code. A wildcard is refused.
	Grants []tenants.Grant
	// VPC attaches the function to a network; nil leaves it outside.
	VPC *VPC
	// LogRetentionDays is how long the log is kept; a value that CloudWatch Logs
	// accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own
	// ApplicationLogLevel is the least severe of the code's lines that are kept,
	// SystemLogLevel of Lambda's own. Each is INFO when empty; the first one of
	// TRACE, DEBUG, INFO, WARN, ERROR, FATAL, the second one of DEBUG, INFO, WARN.
	ApplicationLogLevel string
	SystemLogLevel      string

	// Powertools sets up Powertools for AWS Lambda; nil: without it.
	Powertools *Powertools
	// Idempotency makes a table in which the code remembers what it has done; nil:
	// none.
	Idempotency *Idempotency
	// OnFailure receives events of asynchronous invocations that could not be
	// processed; nil: they are lost after Lambda's retries.
	OnFailure *OnFailure

	// Publish makes a version of each change, and points the alias Live at the last.
	Publish bool
	// Provisioned keeps environments of the alias initialised ahead of requests, and
	// costs money all the time. It needs Publish; nil: none.
	Provisioned *Provisioned

	// CodeSigningConfigARN is a code signing configuration of the account. Lambda
	// refuses code and layers that none of its signing profiles has signed when its
	// policy is Enforce. nil: unsigned code is taken.
	CodeSigningConfigARN pulumi.StringPtrInput
	// Sensitive is for a function that must not run code that nobody signed: it
	// makes CodeSigningConfigARN required.
	Sensitive bool
}

// The architectures of a function; see "Selecting and configuring an
// instruction set architecture" in the Lambda Developer Guide.
const (
	ArchitectureX86 = "x86_64"
	ArchitectureARM = "arm64"
)

// VPC is where in a network a function is. Both are required.
type VPC struct {
	SubnetIDs        pulumi.StringArrayInput
	SecurityGroupIDs pulumi.StringArrayInput
}

// Object is a zip file in a bucket of the function's region.
type Object struct {
	Bucket pulumi.StringInput // required
	Key    pulumi.StringInput // required
	// Version is the object's version. Without it a new object under the same key
	// is not noticed; what AWS Signer writes has a key of its own each time.
	Version pulumi.StringPtrInput
}

// Faults gives what is wrong with the object; none when it is valid or nil.
func (o *Object) Faults() []tenants.FieldError {
	if o == nil {
		return nil
	}
	var faults []tenants.FieldError
	if o.Bucket == nil {
		faults = append(faults, tenants.FieldError{Field: "Bucket", Allowed: "the name of the bucket with the code"})
	}
	if o.Key == nil {
		faults = append(faults, tenants.FieldError{Field: "Key", Allowed: "the key of the code in its bucket"})
	}
	return faults
}

// Source gives the properties of a function or layer version that say where its
// code is: the bucket, the key, and the version, nil when none is given.
func (o *Object) Source() (bucket, key, version pulumi.StringPtrInput) {
	return o.Bucket.ToStringOutput().ToStringPtrOutput(), o.Key.ToStringOutput().ToStringPtrOutput(), o.Version
}

// own are the variables that the component sets.
func (a *Args) own() map[string]string {
	all := map[string]string{}
	if a.Powertools != nil {
		maps.Copy(all, a.powertools())
	}
	if a.Idempotency != nil {
		all[EnvIdempotencyTable] = a.Idempotency.table(a.Name)
	}
	return all
}

func (a *Args) variables() map[string]string {
	all := a.own()
	maps.Copy(all, a.Environment)
	return all
}

func (a *Args) layers() pulumi.StringArray {
	layer := a.powertoolsLayer()
	if layer == nil {
		return a.Layers
	}
	return append(slices.Clip(a.Layers), layer)
}
