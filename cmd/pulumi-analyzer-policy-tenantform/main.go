// Command pulumi-analyzer-policy-tenantform is Tenantform's policy pack: the
// Pulumi engine starts it for a directory whose PulumiPolicy.yaml names the
// runtime tenantform, or as an executable that is given to --policy-pack itself.
//
// It prints its port to standard output and says on standard error what keeps it
// from starting. Rules of one's own come from the directories that -bundle names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/analyzer"
	"github.com/tenantform/tenantform/tenants"
)

func main() {
	signal.Ignore(os.Interrupt) // the engine, which gets it too, ends what goes on
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-analyzer-policy-tenantform:", err)
		os.Exit(1)
	}
}

// run takes what the engine gives: its address, the directory of the pack unless
// the pack is an executable, and the options of the pack's runtime as flags.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts := analyzer.Options{Version: version()}
	flags := flag.NewFlagSet("pulumi-analyzer-policy-tenantform", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("bundle", "a `directory` with rules of your own; may be repeated", func(dir string) error {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = errors.New("it is no directory")
		}
		if err != nil {
			return tenants.Errorf(tenants.CodeInvalid, "the bundle %s cannot be used: %w", dir, err)
		}
		opts.Own = append(opts.Own, policies.Own{Name: dir, FS: os.DirFS(dir)})
		return nil
	})
	takeEngineFlags(flags)
	var plain []string // flags come before and after the engine's arguments
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			plain, args = append(plain, args[0]), args[1:]
			continue
		}
		if err := flags.Parse(args); err != nil {
			return err
		}
		args = flags.Args()
	}
	if len(plain) == 0 {
		return errors.New("the engine's address is missing: give this program to pulumi preview --policy-pack")
	}
	server, err := analyzer.New(ctx, &opts)
	if err != nil {
		return err
	}
	return analyzer.Serve(ctx, server, plain[0], stdout)
}

// takeEngineFlags takes what the engine gives every plugin when its own logs or
// traces are asked for, and does nothing with it: what the pack is told holds
// secrets in plain text, and is for no log and no trace.
func takeEngineFlags(flags *flag.FlagSet) {
	flags.String("tracing", "", "taken from the engine, and without effect")
	flags.Bool("logtostderr", false, "taken from the engine, and without effect")
	flags.Int("v", 0, "taken from the engine, and without effect")
}

// version gives the module's version, 0.0.0 for a build of a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") || strings.Contains(info.Main.Version, "+dirty") {
		return "0.0.0"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
