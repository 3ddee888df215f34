package analyzer

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const (
	// maxMessage is the largest message, in bytes: the engine's own limit, in
	// sdk/go/common/util/rpcutil of Pulumi.
	maxMessage = 400 << 20
	// pulse is how often the engine is asked whether it is still there.
	pulse = time.Minute
)

// Serve serves a pack on loopback until ctx ends or the engine at an address has
// gone, and prints the port to out, which is how the engine learns it. An empty
// address is not watched.
func Serve(ctx context.Context, s *Server, engine string, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, pulse, stop); err != nil {
			return fmt.Errorf("the engine at %s: %w", engine, err)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the policy pack cannot listen: %w", err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterAnalyzerServer(server, s)
	defer context.AfterFunc(ctx, func() {
		s.cancel()
		server.Stop()
	})()
	if _, err := fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("the port cannot be told: %w", err)
	}
	return server.Serve(listener)
}
