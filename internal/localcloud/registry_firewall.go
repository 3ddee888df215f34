package localcloud

import (
	"reflect"
	"strings"
)

// webACLAssociation are the inputs and outputs of the one type of package wafv2
// that is served. It is written here because importing that package makes a
// binary 44 MB larger; a test compares it with the package's source.
type webACLAssociation struct {
	ResourceArn string `pulumi:"resourceArn"`
	WebAclArn   string `pulumi:"webAclArn"`
}

// ElementType gives the type itself: it is the plain one.
func (webACLAssociation) ElementType() reflect.Type { return reflect.TypeFor[webACLAssociation]() }

// firewallKinds are which web ACL stands before what. The ACL is taken at its
// word. A resource has one: associating another takes its place.
// Source: WAF API reference, AssociateWebACL.
func firewallKinds() []*kind {
	return []*kind{{
		token: "aws:wafv2/webAclAssociation:WebAclAssociation", label: "WAFv2 WebACL Association", args: webACLAssociation{}, resource: webACLAssociation{},
		id: "{in.webAclArn},{in.resourceArn}", key: "{in.resourceArn}", fixed: true,
		rules: map[string]rule{"webAclArn": arn("wafv2"), "resourceArn": arn("apigateway", "cognito-idp", "elasticloadbalancing", "appsync", "apprunner", "ec2")},
		refs: []ref{
			{prop: "resourceArn", to: []string{"apigateway.Stage"}, by: asStage, part: true, missing: noWAFResource},
			{prop: "resourceArn", to: []string{"cognito.UserPool"}, by: ofService("cognito-idp", asLast), part: true, missing: noWAFResource},
		},
	}}
}

const noWAFResource = "WAFNonexistentItemException: AWS WAF couldn't perform the operation because your resource doesn't exist."

// asStage takes the ARN of a stage of an API, in which there is no account.
func asStage(_ *Cloud, at place, value string) (place, string, bool) {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) != 6 || parts[2] != "apigateway" {
		return at, "", false
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 5 || path[1] != "restapis" || path[3] != "stages" {
		return at, "", false
	}
	return at, "ags-" + path[2] + "-" + path[4], true
}
