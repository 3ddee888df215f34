package stacks_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/stacks"
)

// What an application adds reaches the API and the user pool of a pool and of a silo.
func TestServing(t *testing.T) {
	acl := "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/front/1"
	serving := stacks.Serving{
		Routes:         []apigateway.Route{{Method: apigateway.Get, Path: "/orders/{id}", Function: pulumi.String("orders")}},
		UserTokens:     true,
		WebACLARN:      acl,
		Migration:      &identity.Migration{FunctionARN: pulumi.String("arn:aws:lambda:eu-west-1:111111111111:function:migrate")},
		ResourceServer: &identity.ResourceServer{Identifier: "orders", Scopes: []identity.Scope{{Name: "read", Description: "Read orders"}}},
	}
	pool, silo := poolSpec(), tenant(siloed())
	pool.Serving, silo.Serving = serving, serving
	for name, p := range map[string]pulumi.RunFunc{"pool": stacks.Pool(pool), "silo": stacks.Tenant(silo)} {
		r := componenttest.MustRun(t, "serving", p, nil)
		componenttest.Check(t, r)
		if body, _ := r.One(t, "aws:apigateway/restApi:RestApi").Inputs["body"].(string); !strings.Contains(body, "/orders/{id}") || !strings.Contains(body, "cognito_user_pools") {
			t.Errorf("%s: the API is %s", name, body)
		}
		if got := r.One(t, "aws:wafv2/webAclAssociation:WebAclAssociation").Inputs["webAclArn"]; got != acl {
			t.Errorf("%s: behind %v", name, got)
		}
		if users := r.One(t, "aws:cognito/userPool:UserPool").Inputs; users["lambdaConfig"] == nil {
			t.Errorf("%s: nobody migrates: %v", name, users)
		}
		r.One(t, "aws:cognito/resourceServer:ResourceServer")
	}
}

func TestZonesAreThoseOfTheRegion(t *testing.T) {
	spec := tenant(siloed())
	spec.Zones = []string{"us-east-1b", "us-east-1c", "eu-west-1b", "eu-west-1c"}
	for _, s := range componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), nil).OfType("aws:ec2/subnet:Subnet") {
		if zone := s.Inputs["availabilityZone"]; zone != "eu-west-1b" && zone != "eu-west-1c" {
			t.Errorf("%s is in %v", s.Name, zone)
		}
	}
	spec.Zones = []string{"eu-west-1b"}
	r, err := componenttest.Run("tenant-acme", stacks.Tenant(spec), nil)
	componenttest.Refused(t, r, err, "zones", "eu-west-1", "two zones")
}
