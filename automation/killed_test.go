package automation_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// killedEngine is where the process that runs an engine is killed.
type killedEngine struct {
	name  string
	fault localcloud.Fault
	first automation.Stack // brought up before, undisturbed; nothing where it has no name
	stack automation.Stack
	size  int              // how many resources the stack has in the end
	there func(r rig) bool // the run has come to the fault
	made  int              // how many creations take effect that nobody is told of
}

func killedEngines() []killedEngine {
	at := func(types ...string) func(rig) bool {
		return func(r rig) bool {
			for _, typ := range types {
				if !r.underWay("creating", typ) {
					return false
				}
			}
			return true
		}
	}
	in := func(name, typ string, after bool) killedEngine {
		k := killedEngine{name: name, fault: localcloud.Fault{Type: typ, Operation: "create", Hang: true, After: after}, stack: sample("acme", 30), size: sampleSize, there: at(typ)}
		if after {
			k.made = 1
		}
		return k
	}
	all := []killedEngine{
		{name: "in_a_preview", fault: localcloud.Fault{Type: "aws:iam/role:Role", Operation: "check", Hang: true}, stack: sample("acme", 30), size: sampleSize,
			there: func(r rig) bool { return exists(r.stateFile()) && len(r.lockedBy()) == 0 }},
		in("before_a_creation", "aws:ec2/vpc:Vpc", false),
		in("after_a_creation_with_a_name", "aws:iam/role:Role", true),
		in("after_a_creation_with_a_generated_id", "aws:ec2/vpc:Vpc", true),
		in("after_the_last_creation", "aws:dynamodb/table:Table", true),
	}
	several := in("after_several_creations", "", true)
	several.there, several.made = at("aws:iam/role:Role", "aws:ec2/vpc:Vpc", "aws:cloudwatch/logGroup:LogGroup"), 3
	beside := in("after_a_replacement_beside_the_old_one", "aws:ec2/vpc:Vpc", true)
	beside.first, beside.stack, beside.size = small("10.0.0.0/16", "pk"), small("10.9.0.0/16", "pk"), smallSize
	instead := in("after_a_replacement_in_the_old_ones_place", "aws:dynamodb/table:Table", true)
	instead.first, instead.stack, instead.size = small("10.0.0.0/16", "pk"), small("10.0.0.0/16", "id"), smallSize
	return append(all, several, beside, instead)
}

const smallSize = 3

// small is a program whose network and whose table are replaced when its
// arguments change: the network beside the old one, the table, which has a name
// of its own, in its place.
func small(cidr, key string) automation.Stack {
	return automation.Stack{Name: "tenant-acme", Program: func(ctx *pulumi.Context) error {
		p, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(region), AllowedAccountIds: pulumi.ToStringArray([]string{account})})
		if err != nil {
			return err
		}
		o := pulumi.Provider(p)
		vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{CidrBlock: pulumi.String(cidr)}, o)
		if err != nil {
			return err
		}
		if _, err = ec2.NewSecurityGroup(ctx, "group", &ec2.SecurityGroupArgs{VpcId: vpc.ID(), Name: pulumi.String("acme")}, o); err != nil {
			return err
		}
		_, err = dynamodb.NewTable(ctx, "table", &dynamodb.TableArgs{
			Name: pulumi.String("acme-table"), HashKey: pulumi.String(key), BillingMode: pulumi.String("PAY_PER_REQUEST"),
			Attributes: dynamodb.TableAttributeArray{dynamodb.TableAttributeArgs{Name: pulumi.String(key), Type: pulumi.String("S")}},
		}, o)
		return err
	}}
}

// TestEngineKilled kills the process that runs the engine, and with it the
// program and the cloud. What becomes of the CLI is up to the kernel, or, where
// it "survives", certain: it is another process that dies with the engine, and
// the CLI has all the time to record that what was under way failed.
func TestEngineKilled(t *testing.T) {
	if dir := os.Getenv("TENANTFORM_TEST_VICTIM"); dir != "" {
		beKilled(t, dir)
		return
	}
	for _, k := range killedEngines() {
		for _, c := range []struct {
			survives bool
			then     string
		}{{false, "up"}, {true, "up"}, {true, "destroy"}} {
			name := k.name + "_then_" + c.then
			if c.survives {
				name += "_the_CLI_survives"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				k.run(t, c.survives, c.then)
			})
		}
	}
}

// beKilled is the victim: a process of its own that waits to be killed.
func beKilled(t *testing.T, dir string) {
	killtest.BeVictim()
	r := newRig(t, dir, allow{}, func(o *automation.Options) {
		if path := os.Getenv("TENANTFORM_TEST_VICTIM_CLI"); path != "" {
			o.Pulumi.Path = path
		}
	})
	for _, k := range killedEngines() {
		if k.name != os.Getenv("TENANTFORM_TEST_VICTIM_AT") {
			continue
		}
		if k.first.Name != "" {
			r.up(k.first)
		}
		r.cloud.Inject(k.fault)
		if err := os.WriteFile(armed(dir), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := r.Up(t.Context(), k.stack)
		t.Fatalf("the victim was not killed: %v", err)
	}
}

// armed is the file that a victim makes when its fault is in place.
func armed(dir string) string { return filepath.Join(dir, "armed") }

func (k killedEngine) run(t *testing.T, survives bool, then string) {
	dir := t.TempDir()
	variables := []string{"TENANTFORM_TEST_VICTIM=" + dir, "TENANTFORM_TEST_VICTIM_AT=" + k.name}
	if survives {
		script := filepath.Join(t.TempDir(), "pulumi")
		if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\n%q \"$@\"\nexit $?\n", pulumiCLI(t).Path), 0o700); err != nil {
			t.Fatal(err)
		}
		variables = append(variables, "TENANTFORM_TEST_VICTIM_CLI="+script)
	}
	victim := killtest.Start(t, "TestEngineKilled", variables...)
	r := newRig(t, dir, allow{}, nil)
	victim.KillAt("the fault", func() bool { return exists(armed(dir)) && k.there(r) }, 300*time.Millisecond)
	if survives && k.name != "in_a_preview" {
		testtime.Until(t, "the CLI's own end", func() bool { return len(r.lockedBy()) == 0 })
		if underWay, err := killtest.UnderWay(dir, "tenant-acme"); err != nil || len(underWay) != 0 {
			t.Fatalf("%v are under way, %v: the CLI did not record what the test is about", underWay, err)
		}
	}
	var res automation.Result
	testtime.Until(t, "the end of the orphaned CLI", func() bool {
		var err error
		if then == "up" {
			res, err = r.Up(t.Context(), k.stack)
		} else {
			res, err = r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"})
		}
		if tenants.CodeOf(err) == tenants.CodeConflict && strings.Contains(err.Error(), "another operation is running") {
			return false
		} else if err != nil {
			t.Fatalf("%s: %v\nthe victim said:\n%s", then, err, victim.Said())
		}
		return true
	})
	adopted := 0
	if res.Repair != nil {
		adopted = len(res.Repair.Adopted)
	}
	if adopted != k.made {
		t.Errorf("mended %+v, want %d resources adopted", res.Repair, k.made)
	}
	if then == "destroy" {
		r.whole(0)
		r.clean()
		return
	}
	r.whole(k.size)
	killtest.NothingLeft(t, dir)
	again := r.up(k.stack)
	wantChanges(t, "the run after", again.Changes, nil)
	if again.Repair != nil {
		t.Errorf("there was still something to mend: %+v", again.Repair)
	}
}
