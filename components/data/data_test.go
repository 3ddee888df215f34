package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/data"
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
	r := componenttest.MustRun(t, "test", access(accessArgs()), nil)
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
			if !slices.Equal(s.Resource, []string{"arn:aws:dynamodb:eu-west-1:111111111111:table/pool-a-data"}) {
				t.Errorf("%s on %v", a, s.Resource)
			}
		}
	}
	if found == 0 {
		t.Error("nothing is granted")
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
