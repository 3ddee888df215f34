package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is one run of the command: its streams, its environment, its global
// flags, and what tells the user how a change goes on.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      map[string]string
	flags    globals
	signals  *signals
	progress *progress
}

// run is the command. It gives the exit code; see exitCode. environ holds
// NAME=value pairs: the settings of the command are read from it and from
// nowhere else. Which variables Pulumi's CLI is given is package automation's
// choice from the process's environment.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer, environ []string) int {
	a := &app{in: in, out: out, err: errw, env: map[string]string{}}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		a.env[name] = value
	}
	a.progress = newProgress(errw, isTerminal(errw), a.env["NO_COLOR"] == "")
	ctx, a.signals = watchSignals(ctx, a.progress)
	a.progress.signal = a.signals
	defer a.signals.close()

	root := a.root()
	root.SetArgs(append([]string{}, args...))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	a.progress.close()
	if err != nil && asksForJSON(args, a.env) {
		a.flags.output = outputJSON // a flag that could not be read hides the others
	}
	return a.finish(err)
}

// asksForJSON looks for the output's form where the flags were not understood.
func asksForJSON(args []string, env map[string]string) bool {
	form := env["TENANTFORM_OUTPUT"]
	for i, arg := range args {
		if arg == "--" {
			break
		}
		for _, flag := range []string{"--output=", "-o=", "-o"} {
			if value, ok := strings.CutPrefix(arg, flag); ok && value != "" {
				form = value
				break
			}
		}
		if (arg == "-o" || arg == "--output") && i+1 < len(args) {
			form = args[i+1]
		}
	}
	return form == outputJSON
}

// isTerminal tells whether a stream is one that a person looks at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

const rootLong = `Tenantform creates, moves and deletes the tenants of a SaaS on AWS. A policy
decision comes before each change.

Every flag below can be set by a variable too: --functions-account is
TENANTFORM_FUNCTIONS_ACCOUNT, and so on. A flag wins over its variable.

Targets (--target):
  local      a stand-in for AWS in this process; needs no account (default)
  emulator   what AWS_ENDPOINT_URL names: LocalStack, moto or another
  aws        AWS, with the credentials of the environment (AWS_*)

Exit codes:
  0     done; a check or a dry run found nothing to object to
  1     failed: a fault, ours or a passing one
  2     bad input: a flag, an argument or a file; nothing was changed
  3     refused, by a policy or for want of a permission; a dry run says so too
  4     not found: a stack that was never brought up, for example
  5     conflict: another operation is under way, or a name is taken
  6     not possible as things are: something else has to be done first
  7     there is drift, and somebody could not be told of it
  130   interrupted

Errors go to standard error, one line a problem. With --output json standard
output holds exactly one JSON document; when the command failed, that is
{"error": {"code", "message", "fields", "findings"}, "result": ...}.`

// root makes the command with everything below it.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "tenantform",
		Short:         "Tenants on AWS: created, moved and deleted, with a policy decision before each change",
		Long:          rootLong,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.flags.resolve(a, cmd)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	a.flags.add(root)
	root.AddCommand(a.demoCommand(), a.doctorCommand(), a.versionCommand(), a.stackCommand(), a.tenantCommand(),
		a.functionCommand(), a.policyCommand(), a.driftCommand(),
		a.serveCommand(), a.workerCommand(), a.devCommand(), a.configCommand(),
		a.operationCommand(), a.serviceCommand(), a.auditCommand())
	group(root)
	for _, c := range root.Commands() {
		if c.HasSubCommands() {
			group(c)
		}
	}
	return root
}

// group makes a command that only has others below it: it shows its help, and
// refuses a word that is none of them.
func group(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		return invalid(cmd.CommandPath()+" COMMAND", args[0], "one of "+strings.Join(names, ", "))
	}
}

// exactly wants as many arguments as it has names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return invalid(names[len(args)], "", "see \""+cmd.CommandPath()+" --help\"")
		}
		if len(args) > len(names) {
			return invalid("argument", args[len(names)], "nothing: "+cmd.CommandPath()+" takes "+count(len(names), "argument"))
		}
		return nil
	}
}
