package localcloud

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestSettings(t *testing.T) {
	role := object{"roleArn": "arn:aws:iam::222222222222:role/tenantform-deployer"}
	tests := []struct {
		name   string
		opts   Options
		config object
		want   place
		says   string
	}{
		{"the default account", Options{}, object{"region": "eu-west-1"}, place{defaultAccount, "eu-west-1"}, ""},
		{"the one allowed", Options{}, object{"region": "eu-west-1", "allowedAccountIds": `["333333333333"]`}, place{"333333333333", "eu-west-1"}, ""},
		{"the role's, as JSON", Options{}, object{"region": "eu-west-1", "assumeRole": `{"roleArn":"arn:aws:iam::222222222222:role/x/y"}`}, place{"222222222222", "eu-west-1"}, ""},
		{"the role's, as an object", Options{}, object{"region": "eu-west-1", "assumeRole": role, "allowedAccountIds": []any{"222222222222"}}, place{"222222222222", "eu-west-1"}, ""},
		{"a role elsewhere than allowed", Options{}, object{"region": "eu-west-1", "assumeRole": role, "allowedAccountIds": []any{"111111111111"}}, place{}, "AWS account ID not allowed: 222222222222"},
		{"credentials elsewhere than allowed", Options{AccountID: "444444444444"}, object{"region": "eu-west-1", "allowedAccountIds": []any{"111111111111"}}, place{}, "AWS account ID not allowed: 444444444444"},
		{"forbidden", Options{}, object{"region": "eu-west-1", "forbiddenAccountIds": []any{defaultAccount}}, place{}, "not allowed"},
		{"no role", Options{}, object{"region": "eu-west-1", "assumeRole": object{"roleArn": "deployer"}}, place{}, "not the ARN of a role"},
		{"no region", Options{}, object{}, place{}, "invalid AWS Region"},
		{"the options' region", Options{Region: "us-east-1"}, object{}, place{defaultAccount, "us-east-1"}, ""},
	}
	for _, tt := range tests {
		got, err := tt.opts.settingsFrom(resource.NewPropertyMapFromMap(tt.config))
		if tt.says != "" {
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: got %v, want ...%s...", tt.name, err, tt.says)
			}
			continue
		}
		if err != nil || got.at != tt.want {
			t.Errorf("%s: got %v %v, want %v", tt.name, got.at, err, tt.want)
		}
	}
}

func TestCheckConfig(t *testing.T) {
	c := start(t)
	for want, config := range map[string]object{
		"":                  {"region": "eu-west-1", "version": "6.83.2", "skipRegionValidation": "true", "endpoints": `[{"s3":"http://x"}]`, "defaultTags": `{"tags":{"a":"b"}}`},
		"regoin":            {"region": "eu-west-1", "regoin": "x"},
		"allowedAccountIds": {"region": "eu-west-1", "allowedAccountIds": "1"},
		"endpoints[0].s33":  {"region": "eu-west-1", "endpoints": []any{object{"s33": "x"}}},
		"region":            {},
	} {
		got := ""
		if broken := c.checkConfig(resource.NewPropertyMapFromMap(config)); len(broken) > 0 {
			got = broken[0].path
		}
		if got != want {
			t.Errorf("%v: it complains about %q, want %q", config, got, want)
		}
	}
}

func TestDefaultTags(t *testing.T) {
	e := connect(t, start(t), object{"region": testRegion, "defaultTags": `{"tags":{"managed-by":"tenantform","tier":"x"}}`})
	_, state := e.must("sqs.Queue", object{"name": "q", "tags": object{"tier": "free"}})
	all := state["tagsAll"].(map[string]any)
	if all["managed-by"] != "tenantform" || all["tier"] != "free" || len(state["tags"].(map[string]any)) != 1 {
		t.Errorf("tags are %v, all of them %v", state["tags"], all)
	}
}

func TestInvoke(t *testing.T) {
	e := connect(t, start(t), object{"region": "eu-west-1", "assumeRole": `{"roleArn":"arn:aws:iam::222222222222:role/d"}`})
	for token, want := range map[string]string{
		"aws:index/getCallerIdentity:getCallerIdentity": "222222222222", "aws:index/getRegion:getRegion": "eu-west-1", "aws:index/getPartition:getPartition": "aws",
		"aws:index/getAvailabilityZones:getAvailabilityZones": "eu-west-1",
	} {
		r, err := e.p.Invoke(e.ctx, &pulumirpc.InvokeRequest{Tok: token, Args: e.props(object{})})
		if err != nil || r.Return.AsMap()["id"] != want {
			t.Errorf("%s gave %v %v", token, r, err)
		}
	}
	_, err := e.p.Invoke(e.ctx, &pulumirpc.InvokeRequest{Tok: "aws:ec2/getAmi:getAmi"})
	refused(t, err, "aws:ec2/getAmi:getAmi")
}

func TestUnknownTypeIsNamed(t *testing.T) {
	e := connect(t, start(t), nil)
	_, err := e.p.Check(e.ctx, &pulumirpc.CheckRequest{Urn: "urn:pulumi:dev::p::aws:rds/instance:Instance::db"})
	refused(t, err, "aws:rds/instance:Instance")
}

// A provider that was not configured on this connection must not guess where it is.
func TestUnconfiguredConnection(t *testing.T) {
	c := start(t)
	e := &engine{t: t, p: &provider{cloud: c}, ctx: connections{}.TagConn(t.Context(), nil)}
	_, _, err := e.create("ec2.Vpc", object{})
	refused(t, err, "not configured")
}

func TestAutonaming(t *testing.T) {
	c := start(t)
	e := connect(t, c, nil)
	check := func(short string, olds, news object, o *pulumirpc.CheckRequest_AutonamingOptions) map[string]any {
		t.Helper()
		r, err := e.p.Check(e.ctx, &pulumirpc.CheckRequest{Urn: urnOf(c, short), Name: "Thing", Olds: e.props(olds), News: e.props(news), RandomSeed: []byte("0123456789abcdef"), Autonaming: o})
		if err != nil || len(r.Failures) > 0 {
			t.Fatal(err, r)
		}
		return r.Inputs.AsMap()
	}
	first := check("s3.BucketV2", object{}, object{}, nil)
	name := first["bucket"].(string)
	if !strings.HasPrefix(name, "thing-") || len(name) != len("thing-")+suffixLength {
		t.Errorf("the bucket is called %s", name)
	}
	if again := check("s3.BucketV2", first, object{"forceDestroy": true}, nil); again["bucket"] != name {
		t.Errorf("the name went from %s to %v", name, again["bucket"])
	}
	if q := check("sqs.Queue", object{}, object{"fifoQueue": true}, nil)["name"].(string); !strings.HasSuffix(q, ".fifo") {
		t.Errorf("the FIFO queue is called %s", q)
	}
	if k := check("kms.Alias", object{}, object{"targetKeyId": "k"}, nil)["name"].(string); !strings.HasPrefix(k, "alias/Thing-") {
		t.Errorf("the alias is called %s", k)
	}
	proposed := &pulumirpc.CheckRequest_AutonamingOptions{ProposedName: "as-proposed", Mode: pulumirpc.CheckRequest_AutonamingOptions_ENFORCE}
	if got := check("sqs.Queue", object{}, object{}, proposed)["name"]; got != "as-proposed" {
		t.Errorf("the name is %v", got)
	}
	if got := check("sqs.Queue", object{}, object{"name": "mine"}, nil); got["name"] != "mine" || got[defaultsKey] != nil {
		t.Errorf("an explicit name became %v", got)
	}
}
