package names_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

const lifecycle = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"

func typeOf(t *testing.T, token string) names.Type {
	t.Helper()
	typ, err := defaultCatalogue(t).Type(token)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestTranslateThereAndBack(t *testing.T) {
	m := resource.NewPropertyMapFromMap
	for name, c := range map[string]struct {
		token       string
		aws, bridge resource.PropertyMap
	}{
		"a name": {"aws:cloudwatch/metricAlarm:MetricAlarm", m(map[string]any{"name": "a", "threshold": 1.0}), m(map[string]any{"alarmName": "a", "threshold": 1.0})},
		"one object in a list": {lifecycle,
			m(map[string]any{"rules": []any{map[string]any{"id": "r", "filter": map[string]any{"prefix": "p", "and": map[string]any{"prefix": "q"}}}}}),
			m(map[string]any{"rules": []any{map[string]any{"id": "r", "filters": []any{map[string]any{"prefix": "p", "ands": []any{map[string]any{"prefix": "q"}}}}}}})},
		"a list of one as its element": {"aws:s3/bucketV2:BucketV2",
			m(map[string]any{"versionings": []any{map[string]any{"enabled": true}}}),
			m(map[string]any{"versioning": map[string]any{"enabled": true}})},
		"a list of text as its element": {"aws:apigateway/restApi:RestApi",
			m(map[string]any{"endpointConfiguration": map[string]any{"types": "REGIONAL"}}),
			m(map[string]any{"endpointConfiguration": map[string]any{"types": []any{"REGIONAL"}}})},
		"an irregular plural": {"aws:dynamodb/table:Table",
			m(map[string]any{"globalSecondaryIndexes": []any{map[string]any{"name": "i"}}}),
			m(map[string]any{"globalSecondaryIndices": []any{map[string]any{"name": "i"}}})},
		"names of defaults": {"aws:lambda/permission:Permission", m(map[string]any{"__defaults": []any{"function"}}), m(map[string]any{"__defaults": []any{"functionName"}})},
		"what is not known": {"aws:ec2/vpc:Vpc", m(map[string]any{"vpcId": "vpc-1", "__meta": "x"}), m(map[string]any{"vpcId": "vpc-1", "__meta": "x"})},
		"a secret": {lifecycle,
			resource.PropertyMap{"rules": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{"filter": resource.MakeSecret(resource.NewProperty(m(map[string]any{"prefix": "p"})))})})},
			resource.PropertyMap{"rules": resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{"filters": resource.MakeSecret(resource.NewProperty([]resource.PropertyValue{resource.NewProperty(m(map[string]any{"prefix": "p"}))}))})})}},
		"what is not known yet": {"aws:sns/topicSubscription:TopicSubscription",
			resource.PropertyMap{"topic": resource.MakeComputed(resource.NewProperty(""))}, resource.PropertyMap{"topicArn": resource.MakeComputed(resource.NewProperty(""))}},
	} {
		t.Run(name, func(t *testing.T) {
			typ := typeOf(t, c.token)
			if got := typ.Translate(c.aws, names.ToBridge); !got.DeepEquals(c.bridge) {
				t.Errorf("for the bridge: %v, want %v", got, c.bridge)
			}
			if got := typ.Translate(c.bridge, names.ToAWS); !got.DeepEquals(c.aws) {
				t.Errorf("for pulumi-aws: %v, want %v", got, c.aws)
			}
		})
	}
}

func TestTranslateEmptyListOfOne(t *testing.T) {
	got := typeOf(t, lifecycle).Translate(resource.NewPropertyMapFromMap(map[string]any{"rules": []any{map[string]any{"filters": []any{}}}}), names.ToAWS)
	want := resource.NewPropertyMapFromMap(map[string]any{"rules": []any{map[string]any{"filter": nil}}})
	if !got.DeepEquals(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTranslatePath(t *testing.T) {
	for _, c := range []struct{ token, aws, bridge string }{
		{"aws:cloudwatch/metricAlarm:MetricAlarm", "name", "alarmName"},
		{"aws:cloudwatch/metricAlarm:MetricAlarm", `dimensions["name"]`, `dimensions["name"]`},
		{"aws:cloudwatch/metricAlarm:MetricAlarm", "tags.name", "tags.name"},
		{lifecycle, "rules[0].filter.and.prefix", "rules[0].filters[0].ands[0].prefix"},
		{lifecycle, "rules[0].filter", "rules[0].filters"},
		{"aws:s3/bucketV2:BucketV2", "versionings[0].enabled", "versioning.enabled"},
		{"aws:dynamodb/table:Table", "globalSecondaryIndexes[1].name", "globalSecondaryIndices[1].name"},
		{"aws:ec2/vpc:Vpc", "nothing.known[3]", "nothing.known[3]"},
	} {
		typ := typeOf(t, c.token)
		if got := typ.TranslatePath(c.aws, names.ToBridge); !samePath(t, got, c.bridge) {
			t.Errorf("%s for the bridge: %s, want %s", c.aws, got, c.bridge)
		}
		if got := typ.TranslatePath(c.bridge, names.ToAWS); !samePath(t, got, c.aws) {
			t.Errorf("%s for pulumi-aws: %s, want %s", c.bridge, got, c.aws)
		}
	}
}

func samePath(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := resource.ParsePropertyPath(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := resource.ParsePropertyPath(b)
	if err != nil {
		t.Fatal(err)
	}
	return x.String() == y.String()
}

func TestUnknownType(t *testing.T) {
	if _, err := defaultCatalogue(t).Type("aws:redshift/cluster:Cluster"); err == nil {
		t.Error("a type that is not translated was found")
	}
}
