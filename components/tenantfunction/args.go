package tenantfunction

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Args are the arguments of a TenantFunction.
type Args struct {
	Location location.Location // the account of tenants' functions, not the core's
	Tags     tags.Required
	Name     string // physical name of the function, its role and security group; 1 to 64 characters
	Runtime  string // one of function.Runtimes
	Handler  string // as the runtime names it; 1 to 128 characters
	// Archive is the path of a zip file or a directory with the tenant's code, and
	// Object the zip file in S3 instead of it; one of them is required.
	Archive string
	Object  *function.Object
	// Layers are paths of zip files or directories with vendor code, LayerObjects
	// zip files in S3 with more of it, at most 5 together; a layer version is made of
	// each.
	Layers       []string
	LayerObjects []Layer
	// Grants are the AWS permissions of the tenant's code. None, the default,
	// denies it everything. A wildcard is refused, and so are more grants than a
	// managed policy holds, 6144 characters with what Lambda needs. Whether a grant
	// may be given is for policy to say.
	Grants []tenants.Grant

	MemoryMB    int // 128 to 10240
	TimeoutSec  int // 1 to 900
	Concurrency int // reserved concurrent executions; 1 or more
	// LogRetentionDays is how long the log is kept; a value that CloudWatch Logs
	// accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own

	VPCID     pulumi.StringInput      // the network of tenants' functions; required
	SubnetIDs pulumi.StringArrayInput // its private subnets; required
	// InvokerRoleARN is the role that may invoke the function; nobody else may.
	InvokerRoleARN string

	// CodeSigningConfigARN is a code signing configuration of the account, whose
	// policy should be Enforce. With it code and layers have to be signed: objects
	// of S3, or zip files that AWS Signer wrote. It is required in production; nil
	// elsewhere means that unsigned code is taken.
	CodeSigningConfigARN pulumi.StringPtrInput
	// Unsigned takes unsigned code in production too.
	Unsigned bool
}

// Layer is a zip file in S3 with vendor code.
type Layer struct {
	Name string // differs from those of the other layers; lower case letters, digits, "_" and "-"
	function.Object
}

// TenantFunction is a function with its role, security group, layers, log group
// and the permission to invoke it.
type TenantFunction struct {
	pulumi.ResourceState

	Name     pulumi.StringOutput `pulumi:"name"`
	ARN      pulumi.StringOutput `pulumi:"arn"`
	RoleARN  pulumi.StringOutput `pulumi:"roleArn"`
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
	Version  pulumi.StringOutput `pulumi:"version"` // the published version in use
	LiveARN  pulumi.StringOutput `pulumi:"liveArn"` // of the alias live: what the runtime invokes
}
