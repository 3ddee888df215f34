package localcloud

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestDiff(t *testing.T) {
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	zip := func(hash, path string) *archive.Archive {
		return &archive.Archive{Sig: archive.ArchiveSig, Hash: hash, Path: path}
	}
	tests := []struct {
		name      string
		kind      string
		olds      object
		news      object
		want      map[string]pulumirpc.PropertyDiff_Kind
		replaces  []string
		deletesIt bool // before the new one is made
	}{
		{"equal", "ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"}, object{"cidrBlock": "10.0.0.0/16"}, nil, nil, false},
		{"null and empty are absent", "ec2.Vpc", object{"tags": object{}}, object{"cidrBlock": nil}, nil, nil, false},
		{"what the provider added is passed over", "sqs.Queue", object{"name": "q", "__defaults": []any{"name"}}, object{"name": "q"}, nil, nil, false},
		{"changed", "lambda.Function", object{"memorySize": 128}, object{"memorySize": 256}, map[string]pulumirpc.PropertyDiff_Kind{"memorySize": pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"added and deleted", "lambda.Function", object{"timeout": 3}, object{"handler": "h"},
			map[string]pulumirpc.PropertyDiff_Kind{"timeout": pulumirpc.PropertyDiff_DELETE, "handler": pulumirpc.PropertyDiff_ADD}, nil, false},
		{"in a map", "ec2.Vpc", object{"tags": object{"tenant-id": "a", "b": "c"}}, object{"tags": object{"tenant-id": "x", "b": "c"}},
			map[string]pulumirpc.PropertyDiff_Kind{`tags["tenant-id"]`: pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"in a list", "lambda.Function", object{"layers": []any{"a", "b"}}, object{"layers": []any{"a", "c", "d"}},
			map[string]pulumirpc.PropertyDiff_Kind{"layers[1]": pulumirpc.PropertyDiff_UPDATE, "layers[2]": pulumirpc.PropertyDiff_ADD}, nil, false},
		{"a set in another order", "lambda.Function", object{"vpcConfig": object{"subnetIds": []any{"a", "b"}}}, object{"vpcConfig": object{"subnetIds": []any{"b", "a"}}}, nil, nil, false},
		{"a list in another order", "lambda.Function", object{"layers": []any{"a", "b"}}, object{"layers": []any{"b", "a"}},
			map[string]pulumirpc.PropertyDiff_Kind{"layers[0]": pulumirpc.PropertyDiff_UPDATE, "layers[1]": pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"a policy written otherwise", "iam.Role", object{"assumeRolePolicy": `{"a":1,"b":[2]}`}, object{"assumeRolePolicy": `{ "b": [2], "a": 1 }`}, nil, nil, false},
		{"another policy", "iam.Role", object{"assumeRolePolicy": `{"a":1}`}, object{"assumeRolePolicy": `{"a":2}`},
			map[string]pulumirpc.PropertyDiff_Kind{"assumeRolePolicy": pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"the same code elsewhere", "lambda.Function", object{"code": zip("h", "/a")}, object{"code": zip("h", "/b")}, nil, nil, false},
		{"other code", "lambda.Function", object{"code": zip("h", "/a")}, object{"code": zip("i", "/a")}, map[string]pulumirpc.PropertyDiff_Kind{"code": pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"a secret with the same value", "lambda.Function", object{"description": "x"}, object{"description": resource.MakeSecret(resource.NewStringProperty("x"))}, nil, nil, false},
		{"unknown", "lambda.Function", object{"role": "arn"}, object{"role": unknown}, map[string]pulumirpc.PropertyDiff_Kind{"role": pulumirpc.PropertyDiff_UPDATE}, nil, false},
		{"a new name", "lambda.Function", object{"name": "a"}, object{"name": "b"}, map[string]pulumirpc.PropertyDiff_Kind{"name": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"name"}, false},
		{"a table's key, explicitly named", "dynamodb.Table", object{"name": "t", "hashKey": "a"}, object{"name": "t", "hashKey": "b"},
			map[string]pulumirpc.PropertyDiff_Kind{"hashKey": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"hashKey"}, true},
		{"a table's key, named by the provider", "dynamodb.Table", object{"name": "t-1", "hashKey": "a"}, object{"name": "t-1", "hashKey": "b", "__defaults": []any{"name"}},
			map[string]pulumirpc.PropertyDiff_Kind{"hashKey": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"hashKey"}, false},
		{"an unknown VPC", "ec2.Subnet", object{"vpcId": "v", "cidrBlock": "10.0.0.0/24"}, object{"vpcId": unknown, "cidrBlock": "10.0.0.0/24"},
			map[string]pulumirpc.PropertyDiff_Kind{"vpcId": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"vpcId"}, false},
		{"a permission cannot be changed", "lambda.Permission", object{"function": "f", "statementId": "s", "principal": "a"}, object{"function": "f", "statementId": "s", "principal": "b"},
			map[string]pulumirpc.PropertyDiff_Kind{"principal": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"principal"}, true},
		{"a layer is made anew beside the old", "lambda.LayerVersion", object{"layerName": "l", "code": zip("h", "")}, object{"layerName": "l", "code": zip("i", "")},
			map[string]pulumirpc.PropertyDiff_Kind{"code": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"code"}, false},
		{"an IAM policy's path", "iam.Policy", object{"name": "p", "description": "a"}, object{"name": "p", "description": "b"},
			map[string]pulumirpc.PropertyDiff_Kind{"description": pulumirpc.PropertyDiff_UPDATE_REPLACE}, []string{"description"}, true},
		{"an index within", "dynamodb.Table", object{"name": "t", "localSecondaryIndexes": []any{object{"name": "i"}}}, object{"name": "u", "localSecondaryIndexes": []any{object{"name": "j"}}},
			map[string]pulumirpc.PropertyDiff_Kind{"name": pulumirpc.PropertyDiff_UPDATE_REPLACE, "localSecondaryIndexes[0].name": pulumirpc.PropertyDiff_UPDATE_REPLACE},
			[]string{"localSecondaryIndexes", "name"}, false},
	}
	r := newRegistry()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := r.shorts[tt.kind]
			olds, news := resource.NewPropertyMapFromMap(tt.olds), resource.NewPropertyMapFromMap(tt.news)
			got := k.response(k.diff(olds, news), olds, news)
			if (got.Changes == pulumirpc.DiffResponse_DIFF_SOME) != (len(tt.want) > 0) || len(got.DetailedDiff) != len(tt.want) {
				t.Fatalf("got %v", got)
			}
			for path, kind := range tt.want {
				if got.DetailedDiff[path].GetKind() != kind || !got.DetailedDiff[path].GetInputDiff() {
					t.Errorf("%s: got %v", path, got.DetailedDiff)
				}
			}
			slices.Sort(got.Replaces)
			if !slices.Equal(got.Replaces, tt.replaces) || got.DeleteBeforeReplace != tt.deletesIt {
				t.Errorf("it replaces for %v, deleting first %v", got.Replaces, got.DeleteBeforeReplace)
			}
		})
	}
}

// What a create stores, read back, has no difference to what was asked for.
func TestReadGivesWhatWasAsked(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	in := resource.NewPropertyMapFromMap(object{"name": "f", "role": "arn:aws:iam::111111111111:role/r", "memorySize": 256,
		"code": &archive.Archive{Sig: archive.ArchiveSig, Hash: "h", Path: "/code.zip"}, "tags": object{"a": "b"}})
	in["environment"] = resource.NewObjectProperty(resource.PropertyMap{"variables": resource.NewObjectProperty(resource.PropertyMap{
		"TOKEN": resource.MakeSecret(resource.NewStringProperty("opensesame"))})})
	props, err := marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	made, err := e.p.Create(e.ctx, &pulumirpc.CreateRequest{Urn: urnOf(c, "lambda.Function"), Properties: props})
	if err != nil {
		t.Fatal(err)
	}
	noSecretInFiles(t, c)
	read := func(olds resource.PropertyMap) resource.PropertyMap {
		t.Helper()
		props, err := marshal(olds)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.p.Read(e.ctx, &pulumirpc.ReadRequest{Urn: urnOf(c, "lambda.Function"), Id: made.Id, Inputs: props})
		if err != nil {
			t.Fatal(err)
		}
		out, err := unmarshal(r.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	k := c.kinds.shorts["lambda.Function"]
	got := read(in)
	if changes := k.diff(in, got); len(changes) > 0 {
		t.Errorf("it reads back with %v", changes)
	}
	token := got["environment"].ObjectValue()["variables"].ObjectValue()["TOKEN"]
	if !token.IsSecret() || reveal(token).StringValue() != "opensesame" {
		t.Errorf("the secret came back as %v", token)
	}
	// An import knows nothing of before: the secret is a secret still.
	imported := read(resource.PropertyMap{})
	if token := imported["environment"].ObjectValue()["variables"].ObjectValue()["TOKEN"]; !token.IsSecret() {
		t.Errorf("an import gives the secret as %v", token)
	}
	if err := c.Modify(testPlaceAccount, testRegion, "lambda.Function", "f", func(in map[string]any) {
		in["environment"] = object{"variables": object{"TOKEN": "other"}}
	}); err != nil {
		t.Fatal(err)
	}
	if changes := k.diff(in, read(in)); len(changes) != 1 || changes[0].path != "environment.variables.TOKEN" {
		t.Errorf("drift shows as %v", changes)
	}
}
