package function

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// keyUse is a use of a customer managed key by the function's role, bound by
// KMS to what is encrypted for one resource.
type keyUse struct {
	child      string
	key        pulumi.StringPtrInput
	operations []string
	context    map[string]string
}

// keyUses are grants of KMS and no statements of the role, because a key's ARN
// holds an id that nobody knows before it is made, and a role's document is to
// be known before the run. The encryption contexts are those of "DynamoDB
// encryption at rest" and of the destinations.
func (a *Args) keyUses() []keyUse {
	var uses []keyUse
	if a.Idempotency != nil {
		uses = append(uses, keyUse{"idempotency-key", a.KeyARN, []string{"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"},
			map[string]string{"aws:dynamodb:tableName": a.Idempotency.table(a.Name), "aws:dynamodb:subscriberId": a.Location.AccountID}})
	}
	if o := a.OnFailure; o != nil && o.KeyARN != nil {
		d, _ := o.destination()
		uses = append(uses, keyUse{"failure-key", o.KeyARN, []string{"Decrypt", "GenerateDataKey"}, map[string]string{d.context: o.ARN}})
	}
	return uses
}

func (f *Function) keyGrants(ctx *pulumi.Context, name string, args *Args, role *iam.Role) ([]pulumi.CustomResource, error) {
	var grants []pulumi.CustomResource
	for _, u := range args.keyUses() {
		grant, err := kms.NewGrant(ctx, name+"-"+u.child, &kms.GrantArgs{
			Name:             pulumi.String(args.Name + "-" + u.child),
			KeyId:            u.key.ToStringPtrOutput().Elem(),
			GranteePrincipal: role.Arn,
			Operations:       pulumi.ToStringArray(u.operations),
			Constraints:      kms.GrantConstraintArray{kms.GrantConstraintArgs{EncryptionContextSubset: pulumi.ToStringMap(u.context)}},
		}, pulumi.Parent(f))
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}
