package apigateway

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/tags"
)

// KeyArgs are the arguments of a TenantKey.
type KeyArgs struct {
	Tags        tags.Required
	Name        string             // physical name; 1 to 128 characters
	UsagePlanID pulumi.StringInput // the usage plan of the tenant's tier; required
}

// TenantKey is the API key of a tenant on the usage plan of its tier.
type TenantKey struct {
	pulumi.ResourceState

	ID    pulumi.StringOutput `pulumi:"id"`
	Value pulumi.StringOutput `pulumi:"value"` // the key itself; secret
}

// NewTenantKey registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewTenantKey(ctx *pulumi.Context, name string, args *KeyArgs, opts ...pulumi.ResourceOption) (*TenantKey, error) {
	if args == nil {
		args = &KeyArgs{}
	}
	c := check.New("apigateway", name)
	c.Within("Tags", args.Tags.Faults())
	c.Name("Name", args.Name, maxName, namePattern)
	c.Needs("UsagePlanID", args.UsagePlanID != nil, "the id of the tier's usage plan")
	if err := c.Err(); err != nil {
		return nil, err
	}
	k := &TenantKey{}
	if err := ctx.RegisterComponentResource("tenantform:apigateway:TenantKey", name, k, opts...); err != nil {
		return nil, err
	}
	key, err := apigateway.NewApiKey(ctx, name+"-key", &apigateway.ApiKeyArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String("API key of tenant " + args.Tags.TenantID),
		Enabled:     pulumi.Bool(true),
		Tags:        args.Tags.Map(),
	}, pulumi.Parent(k), pulumi.AdditionalSecretOutputs([]string{"value"}))
	if err != nil {
		return nil, err
	}
	if _, err := apigateway.NewUsagePlanKey(ctx, name+"-plan", &apigateway.UsagePlanKeyArgs{
		KeyId:       key.ID(),
		KeyType:     pulumi.String("API_KEY"),
		UsagePlanId: args.UsagePlanID,
	}, pulumi.Parent(k)); err != nil {
		return nil, err
	}
	k.ID = key.ID().ToStringOutput()
	k.Value = pulumi.ToSecret(key.Value).(pulumi.StringOutput)
	if err := ctx.RegisterResourceOutputs(k, pulumi.Map{"id": k.ID, "value": k.Value}); err != nil {
		return nil, err
	}
	return k, nil
}
