package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tenantform/tenantform/internal/controlplane"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/tenants"
)

const configLong = `A process of the control plane takes its settings from the file that --config or
TENANTFORM_CONFIG names (tenantform.yaml where there is one), from variables, and
from flags; the later win. Secrets are never flags.`

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check and show the settings of the control plane's processes", Long: configLong}
	var process string
	sub := func(use, short, long string, run func(*settings.Settings, settings.Process) error) {
		c := &cobra.Command{Use: use, Short: short, Long: long + "\n\n" + configLong, Args: exactly(), RunE: func(cmd *cobra.Command, _ []string) error {
			p := settings.Process(process)
			if !slices.Contains([]settings.Process{"", settings.Serve, settings.Work, settings.Dev}, p) {
				return invalid("--for", process, "serve, worker or dev")
			}
			s, err := a.settingsFor(cmd, p, cmd.Name() == "show")
			if err != nil {
				return err
			}
			return run(s, p)
		}}
		c.Flags().StringVar(&process, "for", "", "serve, worker or dev: ask for what that process needs too (default: check what is given)")
		a.addSettings(c, "")
		c.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = f.Hidden || f.Name != "for" && f.Name != "config" })
		cmd.AddCommand(c)
	}
	sub("check", "Say what is wrong with the settings", "Reads the settings and the catalogues that they name, and says all that is wrong\nwith them, with where each value came from. Nothing is asked over a network.",
		func(s *settings.Settings, p settings.Process) error {
			if err := controlplane.Check(s); err != nil {
				return err
			}
			given := slices.DeleteFunc(s.Shown(p), func(x settings.Shown) bool { return !s.Given(x.Name) })
			a.show(map[string]any{"ok": true, "given": given}, func(w io.Writer) {
				fmt.Fprintf(w, "the settings are good; %s given\n", count(len(given), "setting"))
			})
			return nil
		})
	sub("show", "Show the settings, each with where it came from", "Shows every setting with its value and where that came from. A secret is shown\nas \"(secret)\".",
		func(s *settings.Settings, p settings.Process) error {
			shown := s.Shown(p)
			a.show(shown, func(w io.Writer) {
				tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
				for _, x := range shown {
					fmt.Fprintf(tw, "%s\t%s\t%s\n", x.Name, x.Value, x.Source)
				}
				_ = tw.Flush()
			})
			return nil
		})
	cmd.PersistentPreRunE = a.form
	return cmd
}

// form takes the flags that say how a command answers. Its other flags are
// settings, which a settings file may hold too.
func (a *app) form(cmd *cobra.Command, _ []string) error {
	for name, variable := range map[string]string{"output": "TENANTFORM_OUTPUT", "quiet": "TENANTFORM_QUIET"} {
		if value := a.env[variable]; value != "" && !cmd.Flags().Changed(name) {
			if err := cmd.Flags().Set(name, value); err != nil {
				return invalid(variable, value, "true or false")
			}
		}
	}
	a.progress.quiet = a.flags.quiet
	if faults := oneOf("--output", a.flags.output, outputText, outputJSON); len(faults) > 0 {
		a.flags.output = outputText
		return tenants.Invalid(faults...)
	}
	return nil
}

// addSettings declares --config and the flags of the settings that a process uses,
// beside those that every command has.
func (a *app) addSettings(cmd *cobra.Command, p settings.Process) {
	cmd.Flags().String("config", "", "settings file (default: "+settings.DefaultFile+" where it is)")
	for _, s := range settings.Table() {
		if s.Flag == "" || !s.Uses(p) || everyCommandHas(s.Flag) {
			continue
		}
		f := cmd.Flags().VarPF(&given{kind: s.Type, text: s.Default}, s.Flag, "", s.Doc)
		if s.Type == "yes or no" {
			f.NoOptDefVal = "true"
		}
	}
}

// everyCommandHas tells whether a flag is one of globals.
func everyCommandHas(flag string) bool {
	var g globals
	root := &cobra.Command{}
	g.add(root)
	return root.PersistentFlags().Lookup(flag) != nil
}

// given is the value of a flag, as it was given; what it means is package
// settings' business.
type given struct{ kind, text string }

var _ pflag.Value = (*given)(nil)

// String gives the text.
func (g *given) String() string { return g.text }

// Set takes the text.
func (g *given) Set(text string) error {
	g.text = text
	return nil
}

// Type is what the help shows.
func (g *given) Type() string {
	return map[string]string{"text": "string", "whole number": "int", "number": "float", "yes or no": "", "duration": "duration", "list": "strings"}[g.kind]
}

// settingsFor loads the settings of a process; partial ones may lack what it needs.
func (a *app) settingsFor(cmd *cobra.Command, p settings.Process, partial bool) (*settings.Settings, error) {
	flags := map[string]string{}
	for _, s := range settings.Table() {
		f := cmd.Flags().Lookup(s.Flag)
		if s.Flag == "" || f == nil || !f.Changed {
			continue
		}
		flags[s.Flag] = f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			flags[s.Flag] = strings.Join(list.GetSlice(), ",")
		}
	}
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	return settings.Load(settings.Args{Process: p, File: file, Env: a.env, Flags: flags, Partial: partial})
}

// process makes what a process of the control plane is told beside its settings.
func (a *app) process(s *settings.Settings, log io.Writer) *controlplane.Options {
	return &controlplane.Options{
		Log: telemetry.NewLogger(log, s.Log.Format, s.Log.Level), Version: versionOf().Version, Interrupt: a.signals.stop,
	}
}

// started logs where a process is reached.
func started(log *slog.Logger, name string) func(controlplane.Started) {
	return func(s controlplane.Started) {
		attrs := []any{"monitoring", s.Monitoring}
		if s.API != "" {
			attrs = append(attrs, "url", s.API)
		}
		log.Info(name+" begins", attrs...)
	}
}

// processCommand makes the command of a process.
func (a *app) processCommand(p settings.Process, short, long string, run func(cmd *cobra.Command, s *settings.Settings) error) *cobra.Command {
	cmd := &cobra.Command{Use: string(p), Short: short, Long: long + "\n\n" + configLong, Args: exactly(), RunE: func(cmd *cobra.Command, _ []string) error {
		s, err := a.settingsFor(cmd, p, false)
		if err != nil {
			return err
		}
		return run(cmd, s)
	}}
	cmd.PersistentPreRunE = a.form
	a.addSettings(cmd, p)
	return cmd
}
