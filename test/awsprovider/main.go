// Command pulumi-resource-aws is a Pulumi provider of the package aws that is made
// of the Terraform AWS provider, Pulumi's own plugin for any Terraform provider,
// and a translation of names. It is for tests: it knows the types that the
// project's components use, and runs the very provider code that pulumi-aws runs.
//
// Environment:
//
//	TENANTFORM_TF_AWS_PROVIDER   the Terraform AWS provider's binary, version 5.100.0
//	TENANTFORM_TERRAFORM_BRIDGE  pulumi-resource-terraform-provider, built from tools/terraform-bridge
//	TENANTFORM_AWSPROVIDER_DIR   where archives are kept as files; the user's cache when empty
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
	"github.com/tenantform/tenantform/test/awsprovider/internal/proxy"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

func run() error {
	provider := os.Getenv("TENANTFORM_TF_AWS_PROVIDER")
	if proxy.IsWrapper(os.Args[0]) {
		return proxy.Exec(provider, os.Args[1:])
	}
	var engine string
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(a, "-") {
			engine = a
		}
	}
	if engine == "" {
		return fmt.Errorf("usage: pulumi-resource-aws <address of the engine>; Pulumi starts this program")
	}
	dir := os.Getenv("TENANTFORM_AWSPROVIDER_DIR")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		dir = filepath.Join(cache, "tenantform-awsprovider")
	}
	catalogue, err := names.Default()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	runtime.LockOSThread()
	bridge, err := proxy.Bridge{Plugin: os.Getenv("TENANTFORM_TERRAFORM_BRIDGE"), Provider: provider, Engine: engine, Dir: dir}.Start(ctx)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(proxy.MaxMessage))
	rpc.RegisterResourceProviderServer(server, proxy.New(bridge, catalogue, filepath.Join(dir, "assets")))
	if err := rpcutil.Healthcheck(ctx, engine, 5*time.Second, server.Stop); err != nil {
		return fmt.Errorf("the engine at %s: %w", engine, err)
	}
	// The engine reads the port from the first line.
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	return server.Serve(listener)
}
