package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// languageHost does for the program what pulumi-language-go does: it starts the
// compiled binary in the program's directory with the environment that the SDK
// reads.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	binary string
	mu     sync.Mutex
	output strings.Builder
}

// serveLanguage serves a host on loopback until the test ends and gives its address.
func serveLanguage(t *testing.T, binary string) (*languageHost, string) {
	t.Helper()
	h := &languageHost{binary: binary}
	cancel := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(srv *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(srv, h)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(cancel)
		if err := <-handle.Done; err != nil {
			t.Error(err)
		}
	})
	return h, fmt.Sprintf("127.0.0.1:%d", handle.Port)
}

func (h *languageHost) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *languageHost) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (h *languageHost) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (h *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

// Run starts the binary. An error of the program is a part of the response, as
// the engine expects it.
func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	config, err := json.Marshal(req.GetConfig())
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	engine := ""
	if len(req.GetArgs()) > 0 {
		engine = req.GetArgs()[0]
	}
	cmd := exec.CommandContext(ctx, h.binary)
	cmd.Dir = req.GetInfo().GetProgramDirectory()
	env := map[string]string{
		"PULUMI_ORGANIZATION":       req.GetOrganization(),
		"PULUMI_PROJECT":            req.GetProject(),
		"PULUMI_ROOT_DIRECTORY":     req.GetInfo().GetRootDirectory(),
		"PULUMI_STACK":              req.GetStack(),
		"PULUMI_CONFIG":             string(config),
		"PULUMI_CONFIG_SECRET_KEYS": string(secrets),
		"PULUMI_DRY_RUN":            strconv.FormatBool(req.GetDryRun()),
		"PULUMI_PARALLEL":           strconv.Itoa(int(req.GetParallel())),
		"PULUMI_MONITOR":            req.GetMonitorAddress(),
		"PULUMI_ENGINE":             engine,
		"PATH":                      os.Getenv("PATH"),
		"HOME":                      os.Getenv("HOME"),
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, k+"="+env[k])
	}
	out, err := cmd.CombinedOutput()
	h.mu.Lock()
	h.output.Write(out)
	h.mu.Unlock()
	if err != nil {
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with %v: %s", err, out)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

func (h *languageHost) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.output.String()
}
