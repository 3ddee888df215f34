package analyzer_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// blockSettings are the properties of a public access block.
var blockSettings = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}

// careless gives a program that forgets tags, the retention of logs, and what a
// public access block is for.
func careless(program pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		err := ctx.RegisterStackTransformation(func(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
			args := reflect.Indirect(reflect.ValueOf(a.Props))
			if args.Kind() != reflect.Struct {
				return nil
			}
			for _, name := range append([]string{"tags", "retentionInDays"}, blockSettings...) {
				if f := args.FieldByName(strings.ToUpper(name[:1]) + name[1:]); f.IsValid() && f.CanSet() {
					f.SetZero()
				}
			}
			return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: a.Opts}
		})
		if err != nil {
			return err
		}
		return program(ctx)
	}
}

// TestRemediedByUp brings up a platform that lacks what the pack can give it: without
// the remedies it is refused, with them it passes, and AWS has the values.
func TestRemediedByUp(t *testing.T) {
	c := newCommandLine(t, "platform")
	executable := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")
	rules := []string{"log_group_retention", "s3_public_access_block", "tenant_tags"}

	out, err := c.preview(careless(platform()), executable, "--policy-pack-config", c.write("platform.json", platformConfig))
	if err == nil {
		t.Errorf("a careless program passed:\n%s", out)
	}
	for _, rule := range rules {
		if !strings.Contains(out, rule) {
			t.Errorf("%s said nothing of a careless program:\n%s", rule, out)
		}
	}

	remedied := c.write("remediate.json", strings.TrimSuffix(platformConfig, "}")+`,
		"log_group_retention": {"enforcementLevel": "remediate", "days": 60}, "s3_public_access_block": "remediate", "tenant_tags": "remediate"}`)
	out, err = c.up(careless(platform()), executable, "--policy-pack-config", remedied)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(strings.Split(out, "\n"), func(line string) bool {
			return strings.Contains(line, "[remediate]") && strings.Contains(line, rule)
		}) {
			t.Errorf("the command does not tell of the remedy of %s:\n%s", rule, out)
		}
	}
	made, err := c.cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	groups, blocks, tagged := 0, 0, 0
	for _, r := range made {
		if tags, ok := r.Inputs["tags"].(map[string]any); ok {
			tagged++
			if tags["tenant-id"] != "shared" || tags["tier"] != "shared" || tags["model"] != "pool" {
				t.Errorf("%s %s has the tags %v", r.Type, r.Name, tags)
			}
		}
		switch r.Type {
		case logGroup:
			groups++
			if r.Inputs["retentionInDays"] != 60.0 || r.Inputs["tags"] == nil {
				t.Errorf("log group %s has %v", r.Name, r.Inputs)
			}
		case block:
			blocks++
			for _, setting := range blockSettings {
				if r.Inputs[setting] != true {
					t.Errorf("the block of %s has %s %v", r.Name, setting, r.Inputs[setting])
				}
			}
		}
	}
	if groups == 0 || blocks == 0 || tagged < 10 {
		t.Errorf("the platform has %d log groups, %d blocks and %d resources with tags", groups, blocks, tagged)
	}
}
