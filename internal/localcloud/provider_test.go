package localcloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

const testPlaceAccount, testRegion = "111111111111", "eu-west-1"

// engine calls a cloud's provider as the engine does, on one connection.
type engine struct {
	t   testing.TB
	ctx context.Context
	p   *provider
}

func connect(t testing.TB, c *Cloud, config object) *engine {
	t.Helper()
	e := &engine{t: t, p: &provider{cloud: c}, ctx: connections{}.TagConn(context.Background(), nil)}
	if config == nil {
		config = object{"region": testRegion}
	}
	if _, err := e.p.Configure(e.ctx, &pulumirpc.ConfigureRequest{Args: e.props(config)}); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *engine) props(m object) *structpb.Struct {
	e.t.Helper()
	s, err := marshal(resource.NewPropertyMapFromMap(m))
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

func urnOf(c *Cloud, short string) string {
	return fmt.Sprintf("urn:pulumi:dev::p::%s::thing", c.kinds.shorts[short].token)
}

func (e *engine) create(short string, inputs object) (id string, state object, err error) {
	r, err := e.p.Create(e.ctx, &pulumirpc.CreateRequest{Urn: urnOf(e.p.cloud, short), Properties: e.props(inputs)})
	if err != nil {
		return "", nil, err
	}
	return r.Id, r.Properties.AsMap(), nil
}

func (e *engine) must(short string, inputs object) (id string, state object) {
	e.t.Helper()
	id, state, err := e.create(short, inputs)
	if err != nil {
		e.t.Fatal(err)
	}
	return id, state
}

func (e *engine) delete(short, id string, inputs object) error {
	_, err := e.p.Delete(e.ctx, &pulumirpc.DeleteRequest{Urn: urnOf(e.p.cloud, short), Id: id, OldInputs: e.props(inputs)})
	return err
}

func (e *engine) update(short, id string, olds, news object) (object, error) {
	r, err := e.p.Update(e.ctx, &pulumirpc.UpdateRequest{Urn: urnOf(e.p.cloud, short), Id: id, OldInputs: e.props(olds), News: e.props(news)})
	if err != nil {
		return nil, err
	}
	return r.Properties.AsMap(), nil
}

func refused(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want ...%s...", err, words)
	}
}

// A function's world, as far as references go.
func (e *engine) world() (role, subnet, group string) {
	vpc, _ := e.must("ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"})
	subnet, _ = e.must("ec2.Subnet", object{"vpcId": vpc, "cidrBlock": "10.0.1.0/24"})
	group, _ = e.must("ec2.SecurityGroup", object{"vpcId": vpc, "name": "g"})
	_, state := e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	return state["arn"].(string), subnet, group
}

func TestNamesAreUnique(t *testing.T) {
	tests := []struct {
		kind   string
		inputs object
		says   string
	}{
		{"iam.Role", object{"name": "r", "assumeRolePolicy": trust}, "EntityAlreadyExists: Role with name r already exists."},
		{"iam.Policy", object{"name": "p", "policy": anyPolicy}, "EntityAlreadyExists: A policy called p already exists"},
		{"s3.BucketV2", object{"bucket": "acme-data"}, "BucketAlreadyOwnedByYou"},
		{"dynamodb.Table", valid()["dynamodb.Table"], "ResourceInUseException: Table already exists: acme"},
		{"cloudwatch.LogGroup", object{"name": "g"}, "ResourceAlreadyExistsException: The specified log group already exists"},
		{"sqs.Queue", object{"name": "q"}, "QueueNameExists"},
		{"cognito.UserPoolDomain", object{"domain": "acme"}, "Domain already associated"},
		{"apigateway.ApiKey", object{"name": "k", "value": "12345678901234567890"}, "ConflictException: API Key already exists"},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			e := connect(t, start(t), nil)
			id, _ := e.must(tt.kind, tt.inputs)
			_, _, err := e.create(tt.kind, tt.inputs)
			refused(t, err, tt.says)
			if err := e.delete(tt.kind, id, tt.inputs); err != nil {
				t.Fatal(err)
			}
			e.must(tt.kind, tt.inputs)
		})
	}
}

// What has no name of its own in AWS may be there twice, and a Put replaces.
func TestSomeThingsMayBeThereTwice(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	first, _ := e.must("cognito.UserPool", object{"name": "users"})
	second, _ := e.must("cognito.UserPool", object{"name": "users"})
	if first == second {
		t.Errorf("two pools have the id %s", first)
	}
	alarm := object{"name": "a", "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1}
	e.must("cloudwatch.MetricAlarm", alarm)
	e.must("cloudwatch.MetricAlarm", alarm)
	if all, err := c.Resources(); err != nil || len(all) != 3 {
		t.Errorf("there are %d resources (%v), want 2 pools and 1 alarm", len(all), err)
	}
}

// Accounts and regions are apart; bucket names and IAM are not apart by region.
func TestPlaces(t *testing.T) {
	c := start(t)
	core, other := connect(t, c, nil), connect(t, c, object{"region": "us-east-1"})
	tenant := connect(t, c, object{"region": testRegion, "assumeRole": `{"roleArn":"arn:aws:iam::222222222222:role/tenantform-deployer"}`})
	for _, e := range []*engine{core, other, tenant} {
		e.must("sqs.Queue", object{"name": "q"})
	}
	role := object{"name": "r", "assumeRolePolicy": trust}
	core.must("iam.Role", role)
	_, state := tenant.must("iam.Role", role)
	if state["arn"] != "arn:aws:iam::222222222222:role/r" {
		t.Errorf("the other account's role is %v", state["arn"])
	}
	_, _, err := other.create("iam.Role", role)
	refused(t, err, "EntityAlreadyExists")
	core.must("s3.BucketV2", object{"bucket": "data"})
	_, _, err = other.create("s3.BucketV2", object{"bucket": "data"})
	refused(t, err, "BucketAlreadyOwnedByYou")
	_, _, err = tenant.create("s3.BucketV2", object{"bucket": "data"})
	refused(t, err, "BucketAlreadyExists")
}

func TestReferencesMustExist(t *testing.T) {
	function := func(role, subnet, group string, more object) object {
		in := object{"name": "f", "role": role, "runtime": "python3.13", "handler": "m.h",
			"vpcConfig": object{"subnetIds": []any{subnet}, "securityGroupIds": []any{group}}}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	c := start(t)
	e := connect(t, c, nil)
	role, subnet, group := e.world()
	key, _ := e.must("kms.Key", object{})
	tests := []struct {
		kind   string
		inputs object
		says   string
	}{
		{"lambda.Function", function("arn:aws:iam::111111111111:role/none", subnet, group, nil), "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda"},
		{"lambda.Function", function(role, "subnet-0", group, nil), "InvalidSubnetID.NotFound"},
		{"lambda.Function", function(role, subnet, "sg-0", nil), "InvalidGroup.NotFound"},
		{"lambda.Function", function(role, subnet, group, object{"layers": []any{"arn:aws:lambda:eu-west-1:111111111111:layer:l:1"}}), "Layer version arn:aws:lambda:eu-west-1:111111111111:layer:l:1 does not exist"},
		{"ec2.Subnet", object{"vpcId": "vpc-0", "cidrBlock": "10.0.2.0/24"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-0' does not exist"},
		{"iam.RolePolicy", object{"role": "none", "name": "p", "policy": anyPolicy}, "NoSuchEntity: The role with name none cannot be found."},
		{"s3.BucketPolicy", object{"bucket": "none", "policy": anyPolicy}, "NoSuchBucket"},
		{"cognito.UserGroup", object{"userPoolId": "eu-west-1_000000000", "name": "g"}, "ResourceNotFoundException: User pool"},
		{"lambda.Permission", object{"function": "none", "statementId": "s", "action": "lambda:InvokeFunction", "principal": "x"}, "Function not found: none"},
		{"apigateway.Stage", object{"restApi": "none", "deployment": "d", "stageName": "v1"}, "Invalid API identifier specified none"},
		{"kms.Alias", object{"name": "alias/a", "targetKeyId": "none"}, "NotFoundException: Key 'none' does not exist"},
		{"kms.Grant", object{"keyId": "none", "granteePrincipal": role, "operations": []any{"Decrypt"}}, "NotFoundException: Key 'none' does not exist"},
		{"kms.Grant", object{"keyId": key, "granteePrincipal": role + "-none", "operations": []any{"Decrypt"}}, "InvalidArnException: ARN does not refer to a valid principal"},
	}
	for _, tt := range tests {
		_, _, err := e.create(tt.kind, tt.inputs)
		refused(t, err, tt.says)
	}
	in := function(role, subnet, group, nil)
	id, _ := e.must("lambda.Function", in)
	_, err := e.update("lambda.Function", id, in, function(role, "subnet-0", group, nil))
	refused(t, err, "InvalidSubnetID.NotFound")
	// The default group of a VPC came with it, and another account is taken at its word.
	vpcs, err := c.store.list("", "", "ec2.Vpc")
	if err != nil || len(vpcs) != 1 {
		t.Fatal(vpcs, err)
	}
	if _, err := e.update("lambda.Function", id, in, function(role, subnet, vpcs[0].Computed["defaultSecurityGroupId"].(string),
		object{"layers": []any{"arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53"}})); err != nil {
		t.Error(err)
	}
}

func TestDeletionIsRefused(t *testing.T) {
	e := connect(t, start(t), nil)
	role, subnet, group := e.world()
	vpc := e.p.cloud
	vpcs, err := vpc.store.list("", "", "ec2.Vpc")
	if err != nil {
		t.Fatal(err)
	}
	function := object{"name": "f", "role": role, "vpcConfig": object{"subnetIds": []any{subnet}, "securityGroupIds": []any{group}}}
	e.must("lambda.Function", function)
	policy := object{"role": "r", "name": "p", "policy": anyPolicy}
	e.must("iam.RolePolicy", policy)
	table := valid()["dynamodb.Table"]
	table["deletionProtectionEnabled"] = true
	e.must("dynamodb.Table", table)
	pool, _ := e.must("cognito.UserPool", object{"name": "u", "deletionProtection": "ACTIVE"})

	refused(t, e.delete("ec2.Vpc", vpcs[0].ID, nil), "DependencyViolation: The vpc '"+vpcs[0].ID+"' has dependencies")
	refused(t, e.delete("ec2.Subnet", subnet, nil), "DependencyViolation: The subnet")
	refused(t, e.delete("ec2.SecurityGroup", group, nil), "has a dependent object")
	refused(t, e.delete("iam.Role", "r", nil), "DeleteConflict: Cannot delete entity, must delete policies first.")
	refused(t, e.delete("dynamodb.Table", "acme", table), "currently protected against deletion")
	refused(t, e.delete("cognito.UserPool", pool, nil), "deletion protection is activated")

	open := valid()["dynamodb.Table"]
	if _, err := e.update("dynamodb.Table", "acme", table, open); err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct {
		kind, id string
		inputs   object
	}{{"dynamodb.Table", "acme", open}, {"lambda.Function", "f", function}, {"ec2.Subnet", subnet, nil}, {"ec2.SecurityGroup", group, nil},
		{"ec2.Vpc", vpcs[0].ID, nil}, {"iam.RolePolicy", "r:p", policy}, {"iam.Role", "r", nil}, {"iam.Role", "r", nil}} {
		if err := e.delete(d.kind, d.id, d.inputs); err != nil {
			t.Error(err)
		}
	}
}

func TestSubnetsFitTheirNetwork(t *testing.T) {
	e := connect(t, start(t), nil)
	vpc, _ := e.must("ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"})
	e.must("ec2.Subnet", object{"vpcId": vpc, "cidrBlock": "10.0.1.0/24"})
	for cidr, says := range map[string]string{"10.0.1.128/25": "InvalidSubnet.Conflict", "10.1.0.0/24": "InvalidSubnet.Range"} {
		_, _, err := e.create("ec2.Subnet", object{"vpcId": vpc, "cidrBlock": cidr})
		refused(t, err, says)
	}
}

// TestComputed checks ids and outputs against AWS's forms.
func TestComputed(t *testing.T) {
	e := connect(t, start(t), nil)
	role, _, _ := e.world()
	for version := 1; version <= 2; version++ {
		id, state := e.must("lambda.LayerVersion", object{"layerName": "vendor"})
		if want := fmt.Sprintf("arn:aws:lambda:eu-west-1:111111111111:layer:vendor:%d", version); id != want || state["arn"] != want || state["version"] != fmt.Sprint(version) {
			t.Errorf("the layer is %s %v %v, want %s", id, state["arn"], state["version"], want)
		}
	}
	in := object{"name": "f", "role": role, "publish": true}
	id, state := e.must("lambda.Function", in)
	if state["qualifiedArn"] != state["arn"].(string)+":1" ||
		state["invokeArn"] != "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"+state["arn"].(string)+"/invocations" {
		t.Errorf("the function is %v", state)
	}
	next, err := e.update("lambda.Function", id, in, object{"name": "f", "role": role, "publish": true, "timeout": 9})
	if err != nil || next["version"] != "2" || next["arn"] != state["arn"] {
		t.Errorf("the update gave %v %v", next, err)
	}
	queue, state := e.must("sqs.Queue", object{"name": "q"})
	if queue != "https://sqs.eu-west-1.amazonaws.com/111111111111/q" || state["url"] != queue {
		t.Errorf("the queue is %s %v", queue, state)
	}
	table := valid()["dynamodb.Table"]
	table["streamEnabled"] = true
	if _, state = e.must("dynamodb.Table", table); !strings.HasPrefix(state["streamArn"].(string), "arn:aws:dynamodb:eu-west-1:111111111111:table/acme/stream/20") {
		t.Errorf("the stream is %v", state["streamArn"])
	}
	api, state := e.must("apigateway.RestApi", object{"name": "api"})
	if len(api) != 10 || state["executionArn"] != "arn:aws:execute-api:eu-west-1:111111111111:"+api {
		t.Errorf("the API is %s %v", api, state)
	}
	a, _ := e.must("apigateway.Resource", object{"restApi": api, "parentId": state["rootResourceId"], "pathPart": "a"})
	if _, state := e.must("apigateway.Resource", object{"restApi": api, "parentId": a, "pathPart": "{b}"}); state["path"] != "/a/{b}" {
		t.Errorf("the path is %v", state["path"])
	}
	pool, _ := e.must("cognito.UserPool", object{"name": "u"})
	if len(pool) != len("eu-west-1_")+9 || !strings.HasPrefix(pool, "eu-west-1_") {
		t.Errorf("the pool is %s", pool)
	}
	key, _ := e.must("kms.Key", object{})
	if len(key) != 36 || strings.Count(key, "-") != 4 {
		t.Errorf("the key is %s", key)
	}
	if grant, state := e.must("kms.Grant", object{"keyId": key, "granteePrincipal": role, "operations": []any{"Decrypt"}}); grant != fmt.Sprint(key, ":", state["grantId"]) || len(state["grantId"].(string)) != 64 {
		t.Errorf("the grant is %s %v", grant, state)
	}
}

// What belongs to a thing is gone with it.
func TestPartsGoWithTheWhole(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	e.must("iam.Role", object{"name": "r", "assumeRolePolicy": trust})
	in := object{"role": "r", "name": "p", "policy": anyPolicy}
	id, _ := e.must("iam.RolePolicy", in)
	read := func() string {
		r, err := e.p.Read(e.ctx, &pulumirpc.ReadRequest{Urn: urnOf(c, "iam.RolePolicy"), Id: id, Inputs: e.props(in)})
		if err != nil {
			t.Fatal(err)
		}
		return r.Id
	}
	if got := read(); got != id {
		t.Errorf("reading gave %q", got)
	}
	if err := c.Delete(testPlaceAccount, globalRegion, "iam.Role", "r"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "" {
		t.Errorf("the policy of a role that is gone is %q", got)
	}
}

// Eight writers in two clouds on one directory get one role between them.
func TestOneOfManyGetsTheName(t *testing.T) {
	first := start(t)
	second, err := Start(context.Background(), first.store.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	}()
	vpc, _ := connect(t, first, nil).must("ec2.Vpc", object{"cidrBlock": "10.0.0.0/16"})
	for kind, inputs := range map[string]object{
		"iam.Role":          {"name": "r", "assumeRolePolicy": trust},
		"ec2.SecurityGroup": {"name": "g", "vpcId": vpc},
		"s3.BucketV2":       {"bucket": "data"},
	} {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			e := connect(t, []*Cloud{first, second}[i%2], nil)
			wg.Go(func() { _, _, errs[i] = e.create(kind, inputs) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			}
		}
		there, err := second.store.list("", "", kind)
		if won != 1 || len(there) != 1 || err != nil {
			t.Errorf("%s: %d creations succeeded and %d are there (%v): %v", kind, won, len(there), err, errors.Join(errs...))
		}
	}
	// Layers are numbered without a gap.
	var wg sync.WaitGroup
	for i := range 8 {
		e := connect(t, []*Cloud{first, second}[i%2], nil)
		wg.Go(func() { e.must("lambda.LayerVersion", object{"layerName": "l"}) })
	}
	wg.Wait()
	if _, err := second.Get(testPlaceAccount, testRegion, "lambda.LayerVersion", "arn:aws:lambda:eu-west-1:111111111111:layer:l:8"); err != nil {
		t.Error(err)
	}
}

// After rm of a resource's file its name is free again.
func TestNameOfARemovedFileIsFree(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	e.must("s3.BucketV2", object{"bucket": "data"})
	rec, err := c.record(testPlaceAccount, testRegion, "s3.BucketV2", "data")
	if err != nil {
		t.Fatal(err)
	}
	rec.Unique = "" // as rm would, leave the claim
	if err := c.store.remove(rec); err != nil {
		t.Fatal(err)
	}
	e.must("s3.BucketV2", object{"bucket": "data"})
	// Somebody else's claim stays when an old record is taken away.
	other := connect(t, c, object{"region": "us-east-1"})
	if err := c.Delete(testPlaceAccount, testRegion, "s3.BucketV2", "data"); err != nil {
		t.Fatal(err)
	}
	other.must("s3.BucketV2", object{"bucket": "data"})
	rec.Unique = "data"
	if err := c.store.remove(rec); err != nil {
		t.Fatal(err)
	}
	_, _, err = e.create("s3.BucketV2", object{"bucket": "data"})
	refused(t, err, "BucketAlreadyOwnedByYou")
}

// A file that was edited into another's place, or into no JSON, is named.
func TestBrokenFileIsNamed(t *testing.T) {
	c := start(t)
	connect(t, c, nil).must("sqs.Queue", object{"name": "q"})
	rec, err := c.record(testPlaceAccount, testRegion, "sqs.Queue", "https://sqs.eu-west-1.amazonaws.com/111111111111/q")
	if err != nil {
		t.Fatal(err)
	}
	path := c.store.path(place{rec.Account, rec.Region}, "sqs.Queue", rec.key())
	for text, says := range map[string]string{"{": "is not the JSON of a resource", `{"type":"aws:sqs/queue:Queue","id":"x"}`: "whose file is another"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := c.Resources()
		refused(t, err, says)
		refused(t, err, path)
	}
}

// Names become files that every file system takes, each its own.
func TestFileNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"a", "A.b", ".", "..", "a/b", "a%2Fb", "arn:aws:x:::y", "é", strings.Repeat("x", 300), strings.Repeat("x", 301), ""} {
		got := fileName(name)
		if len(got) > maxFileName || strings.ContainsAny(got, `/\:`) || strings.HasPrefix(got, ".") {
			t.Errorf("%q becomes %q", name, got)
		}
		if other, twice := seen[got]; twice {
			t.Errorf("%q and %q both become %q", name, other, got)
		}
		seen[got] = name
	}
}
