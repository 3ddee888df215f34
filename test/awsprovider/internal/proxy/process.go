package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// wrapperName is the name under which the bridge starts Terraform's AWS provider:
// it takes the provider's name from the file's.
const wrapperName = "terraform-provider-aws"

// MaxMessage is the size of the largest message between the processes, in bytes:
// the engine's own limit.
const MaxMessage = 400 << 20

// Bridge says where the processes behind the proxy come from.
type Bridge struct {
	Plugin   string // Pulumi's plugin for any Terraform provider
	Provider string // Terraform's AWS provider
	Engine   string // address of Pulumi's engine
	Dir      string // for what is kept between runs; is created
}

// IsWrapper tells whether this process was started by the bridge in the place of
// Terraform's AWS provider.
func IsWrapper(argv0 string) bool { return filepath.Base(argv0) == wrapperName }

// Start starts the bridge with Terraform's AWS provider. Both end with this
// process, however that ends. The caller must stay on the operating system's
// thread that it calls from: the system ties the processes to it.
func (b Bridge) Start(ctx context.Context) (rpc.ResourceProviderClient, error) {
	for what, path := range map[string]string{"the bridge's plugin": b.Plugin, "Terraform's AWS provider": b.Provider} {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return nil, fmt.Errorf("%s is not at %q", what, path)
		}
	}
	wrapper, err := b.wrapper()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.Plugin, b.Engine)
	cmd.Env = append(os.Environ(), "TENANTFORM_TF_AWS_PROVIDER="+b.Provider)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = endsWithParent()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the bridge's plugin does not start: %w", err)
	}
	lines := bufio.NewReader(stdout)
	port, err := lines.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the bridge's plugin said no port: %w", errors.Join(err, cmd.Wait()))
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)))
	if err != nil {
		return nil, err
	}
	client := rpc.NewResourceProviderClient(conn)
	args := []string{"--include", strings.Join(names.TerraformTypes(), ","), wrapper}
	if _, err := client.Parameterize(ctx, &rpc.ParameterizeRequest{Parameters: &rpc.ParameterizeRequest_Args{
		Args: &rpc.ParameterizeRequest_ParametersArgs{Args: args}}}); err != nil {
		return nil, fmt.Errorf("the bridge does not take Terraform's AWS provider: %w", err)
	}
	return client, nil
}

// wrapper makes a link to this program under the name that the bridge asks for.
func (b Bridge) wrapper() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(b.Dir, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	link := filepath.Join(dir, wrapperName)
	if target, err := os.Readlink(link); err == nil && target == self {
		return link, nil
	}
	temp := fmt.Sprintf("%s/.%d", dir, os.Getpid())
	if err := os.Symlink(self, temp); err != nil {
		return "", err
	}
	return link, os.Rename(temp, link)
}

// Exec turns this process into Terraform's AWS provider, tied to its parent. It
// returns only when it fails.
func Exec(provider string, args []string) error {
	if err := tieToParent(); err != nil {
		return err
	}
	return syscall.Exec(provider, append([]string{provider}, args...), os.Environ())
}
