package automation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// BenchmarkTenants creates pooled tenants, in local mode, with the real policies:
//
//	tenants/min    created a minute, all of them at once
//	cpu-s/tenant   processor seconds of the whole process tree
//	peak-MB        resident memory of the whole process tree, at its highest
//	resources      in a tenant's stack, as Pulumi counts them
//	aws            those of them that are of AWS
//
// The engine is Tenantform's (preview, decision, update); "automation-api" is
// the same program brought up by Pulumi's Automation API as it comes, without
// preview or decision: what one would write instead.
func BenchmarkTenants(b *testing.B) {
	for _, n := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("engine/%d", n), func(b *testing.B) { benchmarkTenants(b, n, engineUp) })
		b.Run(fmt.Sprintf("automation-api/%d", n), func(b *testing.B) { benchmarkTenants(b, n, plainUp) })
	}
}

// creator brings up one tenant's stack.
type creator func(ctx context.Context, e *automation.Engine, dir string, cloud *localcloud.Cloud, s automation.Stack) error

func engineUp(ctx context.Context, e *automation.Engine, _ string, _ *localcloud.Cloud, s automation.Stack) error {
	_, err := e.Up(ctx, s)
	return err
}

// plainUp is the Automation API as its documentation shows it.
func plainUp(ctx context.Context, _ *automation.Engine, dir string, cloud *localcloud.Cloud, s automation.Stack) error {
	env := map[string]string{
		"PULUMI_CONFIG_PASSPHRASE": "bench", "PULUMI_BACKEND_URL": "file://" + filepath.Join(dir, "state"), "PULUMI_HOME": filepath.Join(dir, "home"),
		"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
	}
	for k, v := range cloud.Env() {
		env[k] = v
	}
	cli, err := automation.FindPulumi([]string{"../bin/pulumi"})
	if err != nil {
		return err
	}
	cmd, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: filepath.Dir(filepath.Dir(cli.Path))})
	if err != nil {
		return err
	}
	stack, err := auto.UpsertStackInlineSource(ctx, s.Name, automation.Project, s.Program, auto.Pulumi(cmd), auto.EnvVars(env))
	if err != nil {
		return err
	}
	defer os.RemoveAll(stack.Workspace().WorkDir())
	_, err = stack.Up(ctx, optup.SuppressProgress())
	return err
}

func benchmarkTenants(b *testing.B, n int, up creator) {
	catalogue := tenants.Catalogue{Tiers: []tenants.Tier{{
		Name: "free", Model: tenants.ModelPool, Cell: "a", RateLimit: 5, BurstLimit: 10, MonthlyQuota: 10000, FunctionMemoryMB: 128,
		FunctionTimeoutSec: 5, FunctionConcurrent: 1, FunctionCount: 1, LogRetentionDays: 7,
	}}}
	settings := stacks.Settings{Environment: "dev", Region: region, AccountID: account, FunctionsAccountID: "222222222222"}
	for b.Loop() {
		b.StopTimer()
		ctx := b.Context()
		dir := b.TempDir()
		cloud, err := localcloud.Start(ctx, filepath.Join(dir, "cloud"), nil)
		if err != nil {
			b.Fatal(err)
		}
		gate, err := policies.New(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		cli, err := automation.FindPulumi([]string{"../bin/pulumi"})
		if err != nil {
			b.Fatal(err)
		}
		engine, err := automation.New(dir, gate, &automation.Options{Pulumi: cli, Env: cloud.Env(), Catalogue: catalogue})
		if err != nil {
			b.Fatal(err)
		}
		pool := automation.Stack{Name: "pool-a", Subject: policies.Subject{Program: policies.ProgramPool, Environment: "dev", Region: region, Account: account},
			Program: stacks.Pool(stacks.PoolSpec{Settings: settings, Cell: "a", Tiers: catalogue.Tiers})}
		if err := up(ctx, engine, dir, cloud, pool); err != nil {
			b.Fatal(err)
		}
		before, err := cloud.Resources()
		if err != nil {
			b.Fatal(err)
		}
		peak := watchMemory(ctx)
		cpu := processorSeconds()
		start := time.Now()
		b.StartTimer()

		var wg sync.WaitGroup
		slots := make(chan struct{}, 4)
		for i := range n {
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if err := up(ctx, engine, dir, cloud, pooledTenant(settings, catalogue.Tiers[0], fmt.Sprintf("tenant%02d", i))); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()

		b.StopTimer()
		took := time.Since(start)
		b.ReportMetric(float64(n)/took.Minutes(), "tenants/min")
		b.ReportMetric((processorSeconds()-cpu)/float64(n), "cpu-s/tenant")
		b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
		after, err := cloud.Resources()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(after)-len(before))/float64(n), "aws")
		b.ReportMetric(float64(inState(b, filepath.Join(dir, "state", ".pulumi", "stacks", automation.Project, tenants.StackName("tenant00")+".json"))), "resources")
		if err := cloud.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// inState counts the resources in the state of a stack.
func inState(b *testing.B, path string) int {
	b.Helper()
	var state struct {
		Checkpoint struct {
			Latest struct {
				Resources []any `json:"resources"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		b.Fatal(err)
	}
	return len(state.Checkpoint.Latest.Resources)
}

func pooledTenant(settings stacks.Settings, tier tenants.Tier, id string) automation.Stack {
	return automation.Stack{
		Name:    tenants.StackName(id),
		Subject: policies.Subject{Program: policies.ProgramTenant, TenantID: id, Environment: "dev", Region: region, Account: account, Tiers: []string{tier.Name}},
		Program: stacks.Tenant(stacks.TenantSpec{Settings: settings, TenantID: id, Name: id, CostCenter: id,
			Placements: []stacks.Placement{{Placement: tier.Placement(), Tier: tier}}}),
	}
}

// processorSeconds is what this process and its ended children have used.
func processorSeconds() float64 {
	var sum float64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
		}
	}
	return sum
}

// watchMemory samples the resident memory, in bytes, of this process and its
// descendants every 50 ms until asked for the highest sum.
func watchMemory(ctx context.Context) (peak func() int64) {
	ctx, cancel := context.WithCancel(ctx)
	var highest atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if now := treeMemory(); now > highest.Load() {
				highest.Store(now)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return func() int64 { cancel(); <-done; return highest.Load() }
}

func treeMemory() int64 {
	children := map[int][]int{}
	resident := map[int]int64{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		if len(fields) < 22 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		pages, _ := strconv.ParseInt(fields[21], 10, 64)
		children[parent] = append(children[parent], pid)
		resident[pid] = pages * int64(os.Getpagesize())
	}
	var sum func(int) int64
	sum = func(pid int) int64 {
		total := resident[pid]
		for _, c := range children[pid] {
			total += sum(c)
		}
		return total
	}
	return sum(os.Getpid())
}
