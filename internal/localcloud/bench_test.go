package localcloud

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func BenchmarkCheck(b *testing.B) {
	c := start(b)
	e := connect(b, c, nil)
	props, err := marshal(resource.NewPropertyMapFromMap(valid()["lambda.Function"]))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r, err := e.p.Check(e.ctx, &pulumirpc.CheckRequest{Urn: urnOf(c, "lambda.Function"), News: props}); err != nil || len(r.Failures) > 0 {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkCreate makes functions, each with four references to look up, in a
// cloud that fills up.
func BenchmarkCreate(b *testing.B) {
	c := start(b)
	e := connect(b, c, nil)
	role, _, _ := e.world()
	vpcs, err := c.store.list("", "", "ec2.Vpc")
	if err != nil {
		b.Fatal(err)
	}
	group, _ := e.must("ec2.SecurityGroup", object{"vpcId": vpcs[0].ID, "name": "h"})
	subnet, _ := e.must("ec2.Subnet", object{"vpcId": vpcs[0].ID, "cidrBlock": "10.0.2.0/24"})
	layer, _ := e.must("lambda.LayerVersion", object{"layerName": "l"})
	n := 0
	for b.Loop() {
		n++
		e.must("lambda.Function", object{"name": fmt.Sprint("f-", n), "role": role, "layers": []any{layer},
			"vpcConfig": object{"subnetIds": []any{subnet}, "securityGroupIds": []any{group}}})
	}
}

// BenchmarkDelete takes away roles, which asks whether one of 50 policies is
// still in them.
func BenchmarkDelete(b *testing.B) {
	c := start(b)
	e := connect(b, c, nil)
	for i := range 50 {
		name := fmt.Sprint("other-", i)
		e.must("iam.Role", object{"name": name, "assumeRolePolicy": trust})
		e.must("iam.RolePolicy", object{"name": "p", "role": name, "policy": anyPolicy})
	}
	for b.Loop() {
		e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
		if err := e.delete("iam.Role", "r", nil); err != nil {
			b.Fatal(err)
		}
	}
}
