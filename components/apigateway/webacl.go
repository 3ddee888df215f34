package apigateway

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// webACLAssociation is the one resource of wafv2 that an API needs. It is
// registered by its type token: the package wafv2 would add 44 MB to every binary
// with an API in it.
type webACLAssociation struct {
	pulumi.CustomResourceState
}

const (
	webACLAssociationType = "aws:wafv2/webAclAssociation:WebAclAssociation"
	// sdkVersion is the version that the SDK gives to each resource of its own; with
	// another, the engine would start a second default provider.
	sdkVersion = "6.83.2"
)

// guard puts the stage behind the web ACL, where there is one.
func (a *API) guard(ctx *pulumi.Context, name string, args *Args, stage *apigateway.Stage) error {
	if args.WebACLARN == nil {
		return nil
	}
	return ctx.RegisterResource(webACLAssociationType, name+"-firewall", pulumi.Map{
		"resourceArn": stage.Arn,
		"webAclArn":   args.WebACLARN,
	}, &webACLAssociation{}, pulumi.Version(sdkVersion), pulumi.Parent(a))
}
