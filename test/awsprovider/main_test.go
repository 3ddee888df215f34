package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// engine is as much of Pulumi's engine as a provider talks to.
type engine struct {
	rpc.UnimplementedEngineServer
	t *testing.T
}

func (e engine) Log(_ context.Context, r *rpc.LogRequest) (*emptypb.Empty, error) {
	e.t.Logf("%s %s", r.Severity, r.Message)
	return &emptypb.Empty{}, nil
}

func serveEngine(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	rpc.RegisterEngineServer(s, engine{t: t})
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// start builds and starts the provider; it is skipped where the pieces are missing.
func start(t *testing.T) (rpc.ResourceProviderClient, *exec.Cmd) {
	t.Helper()
	bridge := os.Getenv("TENANTFORM_TERRAFORM_BRIDGE")
	if bridge == "" {
		bridge, _ = filepath.Abs("../../bin/pulumi-resource-terraform-provider")
	}
	provider := os.Getenv("TENANTFORM_TF_AWS_PROVIDER")
	if provider == "" {
		t.Skip("TENANTFORM_TF_AWS_PROVIDER does not name a Terraform AWS provider")
	}
	if _, err := os.Stat(bridge); err != nil {
		t.Skipf("there is no bridge; tools/ensure.sh terraform-bridge builds it: %v", err)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "pulumi-resource-aws")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, serveEngine(t))
	cmd.Env = append(os.Environ(), "TENANTFORM_TF_AWS_PROVIDER="+provider, "TENANTFORM_TERRAFORM_BRIDGE="+bridge, "TENANTFORM_AWSPROVIDER_DIR="+filepath.Join(dir, "kept"),
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing", "AWS_EC2_METADATA_DISABLED=true")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return rpc.NewResourceProviderClient(conn), cmd
}

func object(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProvider(t *testing.T) {
	client, cmd := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	config := object(t, map[string]any{"region": "eu-west-1", "skipCredentialsValidation": "true", "skipRequestingAccountId": "true", "skipMetadataApiCheck": "true", "version": "6.83.2"})
	began := time.Now()
	checked, err := client.CheckConfig(ctx, &rpc.CheckRequest{Urn: "urn:pulumi:s::p::pulumi:providers:aws::core", News: config})
	t.Logf("CheckConfig %v: %v", time.Since(began), err)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(checked)
	began = time.Now()
	configured, err := client.Configure(ctx, &rpc.ConfigureRequest{Args: checked.Inputs, AcceptSecrets: true, AcceptResources: true})
	t.Logf("Configure %v: %v", time.Since(began), err)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(configured)
	began = time.Now()
	res, err := client.Check(ctx, &rpc.CheckRequest{Urn: "urn:pulumi:s::p::aws:cloudwatch/metricAlarm:MetricAlarm::a", Name: "a", Type: "aws:cloudwatch/metricAlarm:MetricAlarm",
		News: object(t, map[string]any{"name": "x", "comparisonOperator": "nonsense", "evaluationPeriods": 1})})
	t.Logf("Check %v: %v %v", time.Since(began), err, res)
	if err != nil {
		t.Fatal(err)
	}

	children := descendants(t, cmd.Process.Pid)
	if len(children) < 2 {
		t.Fatalf("%d processes below the provider, want the bridge and Terraform's provider", len(children))
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, pid := range children {
		deadline := time.Now().Add(10 * time.Second)
		for alive(pid) && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
		if alive(pid) {
			t.Errorf("process %d outlived the provider", pid)
		}
	}
}

// alive tells whether a process runs; one that is only waiting to be collected does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// descendants gives the processes below one.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Skipf("this system does not list a process's children: %v", err)
	}
	var data []byte
	for _, list := range lists { // each thread has those that it started
		of, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		data = append(append(data, of...), ' ')
	}
	var found []int
	for _, f := range strings.Fields(string(data)) {
		child, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		found = append(append(found, child), descendants(t, child)...)
	}
	return found
}
