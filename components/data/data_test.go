package data_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/location"
)

func tableArgs() *data.TableArgs {
	return &data.TableArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo-data",
		KeyARN: pulumi.String("arn:key"), DeletionProtection: true,
	}
}

func table(a *data.TableArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := data.NewTable(ctx, "acme-silo-data", a)
		return err
	}
}

func TestTableKeepsData(t *testing.T) {
	r := componenttest.MustRun(t, "test", table(tableArgs()), nil)
	componenttest.Check(t, r)
	made := r.One(t, "aws:dynamodb/table:Table").Inputs
	for key, want := range map[string]any{
		"name": "acme-silo-data", "billingMode": "PAY_PER_REQUEST", "hashKey": "pk", "rangeKey": "sk",
		"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES", "deletionProtectionEnabled": true,
	} {
		if made[key] != want {
			t.Errorf("%s is %v, want %v", key, made[key], want)
		}
	}
	if made["pointInTimeRecovery"].(map[string]any)["enabled"] != true {
		t.Error("it cannot be restored")
	}
	sse := made["serverSideEncryption"].(map[string]any)
	if sse["enabled"] != true || sse["kmsKeyArn"] != "arn:key" {
		t.Errorf("encryption: %v", sse)
	}
}

func TestStream(t *testing.T) {
	for stream, want := range map[data.Stream][2]any{
		data.StreamKeysOnly: {true, "KEYS_ONLY"},
		data.StreamNewImage: {true, "NEW_IMAGE"},
		data.StreamNone:     {false, nil},
	} {
		a := tableArgs()
		a.Stream = stream
		made := componenttest.MustRun(t, "test", table(a), nil).One(t, "aws:dynamodb/table:Table").Inputs
		if made["streamEnabled"] != want[0] || made["streamViewType"] != want[1] {
			t.Errorf("%s: enabled %v, view %v", stream, made["streamEnabled"], made["streamViewType"])
		}
	}
}

func TestExpiry(t *testing.T) {
	a := tableArgs()
	if ttl, has := componenttest.MustRun(t, "test", table(a), nil).One(t, "aws:dynamodb/table:Table").Inputs["ttl"]; has {
		t.Errorf("expiry that nobody asked for: %v", ttl)
	}
	a.TTLAttribute = "expires"
	ttl := componenttest.MustRun(t, "test", table(a), nil).One(t, "aws:dynamodb/table:Table").Inputs["ttl"].(map[string]any)
	if ttl["enabled"] != true || ttl["attributeName"] != "expires" {
		t.Errorf("expiry %v", ttl)
	}
}

func TestEveryIndexIsPartitionedByTenant(t *testing.T) {
	a := tableArgs()
	a.Indexes = []data.Index{
		{Name: "by-time", SortKey: "created", Type: data.Number},
		{Name: "by-time-slim", SortKey: "created", Type: data.Number, KeysOnly: true},
		{Name: "by-customer", SortKey: "customer", Attributes: []string{"total", "currency"}},
	}
	r := componenttest.MustRun(t, "test", table(a), nil)
	componenttest.Check(t, r)
	made := r.One(t, "aws:dynamodb/table:Table").Inputs
	want := map[string][2]any{"by-time": {"created", "ALL"}, "by-time-slim": {"created", "KEYS_ONLY"}, "by-customer": {"customer", "INCLUDE"}}
	for _, i := range made["globalSecondaryIndexes"].([]any) {
		index := i.(map[string]any)
		if index["hashKey"] != data.PartitionKey {
			t.Errorf("%v is partitioned by %v", index["name"], index["hashKey"])
		}
		if got := [2]any{index["rangeKey"], index["projectionType"]}; got != want[index["name"].(string)] {
			t.Errorf("%v: %v", index["name"], got)
		}
		if attributes, has := index["nonKeyAttributes"].([]any); has != (index["name"] == "by-customer") || has && len(attributes) != 2 {
			t.Errorf("%v holds %v", index["name"], attributes)
		}
	}
	var names []string
	for _, attribute := range made["attributes"].([]any) {
		a := attribute.(map[string]any)
		names = append(names, a["name"].(string)+":"+a["type"].(string))
	}
	if !slices.Equal(names, []string{"pk:S", "sk:S", "created:N", "customer:S"}) {
		t.Errorf("attributes %v", names)
	}
}

func TestProductionIsNoWeakerThanDev(t *testing.T) {
	in := func(environment string) map[string]any {
		a := tableArgs()
		a.Location.Environment, a.Tags.Environment = environment, environment
		made := componenttest.MustRun(t, "test", table(a), nil).One(t, "aws:dynamodb/table:Table").Inputs
		delete(made, "tags")
		return made
	}
	if dev, production := in(location.Dev), in(location.Production); !reflect.DeepEqual(dev, production) {
		t.Errorf("dev %v\nproduction %v", dev, production)
	}
}

func accessArgs() *data.AccessArgs {
	return &data.AccessArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", RoleName: "acme-pool-a-data",
		Table: "pool-a-data", KeyARN: pulumi.String("arn:key"), RuntimeRole: "tenantform-runtime",
	}
}

func access(a *data.AccessArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := data.NewTenantAccess(ctx, "acme-access", a)
		return err
	}
}

func TestEveryGrantIsBoundToTheTenantsItems(t *testing.T) {
	const pool = "arn:aws:dynamodb:eu-west-1:111111111111:table/pool-a-data"
	indexed := accessArgs()
	indexed.Indexes = []string{"by-time", "by-customer"}
	r := componenttest.MustRun(t, "test", access(indexed), nil)
	componenttest.Check(t, r)
	found := 0
	for _, s := range componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]) {
		for _, a := range s.Action {
			if strings.HasPrefix(a, "kms:") {
				if !slices.Equal(s.Resource, []string{"arn:key"}) || s.Condition["StringEquals"]["kms:ViaService"][0] != "dynamodb.eu-west-1.amazonaws.com" {
					t.Errorf("%s on %v when %v", a, s.Resource, s.Condition)
				}
				continue
			}
			found++
			if a == "dynamodb:Scan" || strings.Contains(a, "*") || strings.HasPrefix(a, "dynamodb:PartiQL") {
				t.Errorf("%s is allowed: it is not bound by a leading key", a)
			}
			if got := s.Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]; !slices.Equal(got, []string{"acme"}) {
				t.Errorf("%s: leading keys %v", a, got)
			}
			if got := s.Condition["Null"]["dynamodb:LeadingKeys"]; !slices.Equal(got, []string{"false"}) {
				t.Errorf("%s passes without a key: %v", a, got)
			}
			ofIndexes := slices.Equal(s.Resource, []string{pool + "/index/by-time", pool + "/index/by-customer"}) && a == "dynamodb:Query"
			if !ofIndexes && !slices.Equal(s.Resource, []string{pool}) {
				t.Errorf("%s on %v", a, s.Resource)
			}
		}
	}
	if found != 9 {
		t.Errorf("%d actions are granted", found)
	}
	plain := componenttest.MustRun(t, "test", access(accessArgs()), nil).One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]
	if strings.Contains(plain.(string), "/index/") {
		t.Error("indexes that nobody asked for are granted")
	}
}

func TestOnlyTheRuntimeForThisTenantAssumesTheRole(t *testing.T) {
	r := componenttest.MustRun(t, "test", access(accessArgs()), nil)
	trust := componenttest.Statements(t, r.One(t, "aws:iam/role:Role").Inputs["assumeRolePolicy"])
	if len(trust) != 1 {
		t.Fatalf("%d statements", len(trust))
	}
	if got := trust[0].Condition["ArnEquals"]["aws:PrincipalArn"]; !slices.Equal(got, []string{"arn:aws:iam::111111111111:role/tenantform-runtime"}) {
		t.Errorf("trusted: %v", got)
	}
	if got := trust[0].Condition["StringEquals"]["aws:RequestTag/TenantID"]; !slices.Equal(got, []string{"acme"}) {
		t.Errorf("session tag: %v", got)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*data.TableArgs)
		words  []string
	}{
		"short name": {func(a *data.TableArgs) { a.Name = "ab" }, []string{"Name", `"ab"`}},
		"long name":  {func(a *data.TableArgs) { a.Name = strings.Repeat("n", 256) }, []string{"1 to 255"}},
		"no key":     {func(a *data.TableArgs) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
		"stream":     {func(a *data.TableArgs) { a.Stream = "ALL" }, []string{"Stream", `"ALL"`, "NEW_AND_OLD_IMAGES"}},
		"expiry":     {func(a *data.TableArgs) { a.TTLAttribute = "sk" }, []string{"TTLAttribute", `"sk"`, "other than"}},
		"expiry of text": {func(a *data.TableArgs) {
			a.TTLAttribute, a.Indexes = "until", []data.Index{{Name: "by-end", SortKey: "until"}}
		}, []string{"TTLAttribute", `"until"`, "number"}},
		"indexes": {func(a *data.TableArgs) {
			for n := range 21 {
				a.Indexes = append(a.Indexes, data.Index{Name: "by-" + strconv.Itoa(n), SortKey: "created"})
			}
		}, []string{"Indexes", `"21"`, "0 to 20"}},
		"index": {func(a *data.TableArgs) { a.Indexes = []data.Index{{Name: "ab", SortKey: ""}} }, []string{"Indexes[0].Name", "Indexes[0].SortKey is missing"}},
		"index by the tenant": {func(a *data.TableArgs) { a.Indexes = []data.Index{{Name: "by-pk", SortKey: "pk"}} },
			[]string{"Indexes[0].SortKey", `"pk"`}},
		"indexes that disagree": {func(a *data.TableArgs) {
			a.Indexes = []data.Index{{Name: "one", SortKey: "at"}, {Name: "one", SortKey: "at", Type: data.Number}}
		}, []string{"each index once", "Indexes[1].Type", `"N"`}},
		"index type": {func(a *data.TableArgs) { a.Indexes = []data.Index{{Name: "one", SortKey: "at", Type: "X"}} }, []string{"Indexes[0].Type", `"X"`}},
		"both": {func(a *data.TableArgs) {
			a.Indexes = []data.Index{{Name: "one", SortKey: "at", KeysOnly: true, Attributes: []string{"x"}}}
		}, []string{"Indexes[0].KeysOnly", "not together"}},
		"attributes": {func(a *data.TableArgs) {
			a.Indexes = []data.Index{{Name: "one", SortKey: "at", Attributes: strings.Split(strings.Repeat("x,", 100)+"x", ",")}}
		}, []string{"Indexes.Attributes", `"101"`, "0 to 100"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := tableArgs()
			c.change(a)
			r, err := componenttest.Run("test", table(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "data", "acme-silo-data")...)
		})
	}
	for name, c := range map[string]struct {
		change func(*data.AccessArgs)
		words  []string
	}{
		"every tenant": {func(a *data.AccessArgs) { a.TenantID = "*" }, []string{"TenantID", `"*"`}},
		"long role":    {func(a *data.AccessArgs) { a.RoleName = strings.Repeat("r", 65) }, []string{"RoleName", "1 to 64"}},
		"no runtime":   {func(a *data.AccessArgs) { a.RuntimeRole = "" }, []string{"RuntimeRole is missing"}},
		"every index":  {func(a *data.AccessArgs) { a.Indexes = []string{"*"} }, []string{"Indexes", `"*"`}},
		"every table":  {func(a *data.AccessArgs) { a.Table = "*" }, []string{"Table", `"*"`}},
		"no key":       {func(a *data.AccessArgs) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := accessArgs()
			c.change(a)
			r, err := componenttest.Run("test", access(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "data", "acme-access")...)
		})
	}
}

// TestProductionProtects holds the table to being protected in production
// without asking, and to being let go when released.
func TestProductionProtects(t *testing.T) {
	for name, c := range map[string]struct {
		environment     string
		asked, released bool
		want            bool
	}{
		"dev":              {location.Dev, false, false, false},
		"dev, asked":       {location.Dev, true, false, true},
		"production":       {location.Production, false, false, true},
		"production, gone": {location.Production, true, true, false},
	} {
		a := tableArgs()
		a.Location.Environment, a.DeletionProtection, a.Released = c.environment, c.asked, c.released
		r := componenttest.MustRun(t, "test", table(a), nil)
		if got := r.One(t, "aws:dynamodb/table:Table").Inputs["deletionProtectionEnabled"]; got != c.want {
			t.Errorf("%s: protected %v, want %v", name, got, c.want)
		}
	}
}
