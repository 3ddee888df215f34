package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// The values of --output and --target.
const (
	outputText = "text"
	outputJSON = "json"

	targetLocal    = "local"
	targetEmulator = "emulator"
	targetAWS      = "aws"
)

// The accounts of the local target: there is nobody whose they could be.
const (
	localAccount          = "111111111111"
	localFunctionsAccount = "222222222222"
)

// globals are the flags of every command.
type globals struct {
	dir, tiers, environment, region    string
	account, functionsAccount          string
	target, output, supernet           string
	zones, functionsZones              []string
	quiet, unsigned, direct            bool
	apiURL, tokenFile                  string
	environmentSaid                    bool // by flag or variable
	accountSource, functionsSource     string
	regionSource, environmentSource    string
	outputSource, targetSource, dirSrc string
	supernetSource                     string
	apiURLSource, tokenFileSource      string
	directSource                       string
}

// add declares the flags.
func (g *globals) add(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&g.dir, "dir", ".tenantform", "directory of state, tenants and the local cloud")
	f.StringVar(&g.tiers, "tiers", "", "tier catalogue, a YAML file (default: the built-in one)")
	f.StringVar(&g.environment, "environment", "dev", "dev, staging or production")
	f.StringVar(&g.region, "region", "eu-west-1", "AWS region of what names none itself")
	f.StringVar(&g.account, "account", "", "AWS account of the service, 12 digits (required unless the target is local)")
	f.StringVar(&g.functionsAccount, "functions-account", "", "AWS account where tenants' functions run, 12 digits (required unless the target is local)")
	f.StringVar(&g.supernet, "supernet", stacks.DefaultSupernet, "private IPv4 range from which silos' networks get theirs, a /20 each")
	f.StringSliceVar(&g.zones, "zones", nil, "availability zones for silos, two or more a region (default: those that most accounts have)")
	f.StringSliceVar(&g.functionsZones, "functions-zones", nil, "availability zones for tenants' functions, two or more (default: those that most accounts have)")
	f.StringVar(&g.target, "target", targetLocal, "local, emulator or aws")
	f.StringVarP(&g.output, "output", "o", outputText, "text or json")
	f.BoolVar(&g.unsigned, "unsigned-functions", false, "in production too, take tenants' code that the platform's signing profile has not signed")
	f.StringVar(&g.apiURL, "api-url", "", "where the control plane is (default: the one that \"tenantform dev\" runs on --dir)")
	f.StringVar(&g.tokenFile, "token-file", "", "file with the token for the control plane; TENANTFORM_TOKEN may hold the token itself")
	f.BoolVar(&g.direct, "direct", false, "tenants: work in this process on --dir, without a control plane")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "no progress on standard error")
}

// resolve fills flags that are not given from the environment and checks all.
func (g *globals) resolve(a *app, cmd *cobra.Command) error {
	sources := map[string]string{}
	for _, name := range []string{"dir", "tiers", "environment", "region", "account", "functions-account", "supernet", "zones", "functions-zones", "unsigned-functions", "target", "output", "quiet", "api-url", "token-file", "direct"} {
		flag := cmd.Flags().Lookup(name)
		sources[name] = "--" + name
		variable := "TENANTFORM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value, set := a.env[variable]
		if flag == nil || flag.Changed || !set || value == "" {
			continue
		}
		sources[name] = variable
		if err := cmd.Flags().Set(name, value); err != nil {
			return invalid(variable, value, "true or false")
		}
	}
	g.environmentSaid = sources["environment"] != "--environment" || cmd.Flags().Changed("environment")
	g.accountSource, g.functionsSource = sources["account"], sources["functions-account"]
	g.regionSource, g.environmentSource = sources["region"], sources["environment"]
	g.supernetSource = sources["supernet"]
	g.apiURLSource, g.tokenFileSource, g.directSource = sources["api-url"], sources["token-file"], sources["direct"]
	g.outputSource, g.targetSource, g.dirSrc = sources["output"], sources["target"], sources["dir"]
	return g.check(a, sources)
}

func (g *globals) check(a *app, sources map[string]string) error {
	output := g.output
	if output != outputJSON {
		g.output = outputText // an error about another value is shown as text
	}
	fields := oneOf(g.outputSource, output, outputText, outputJSON)
	fields = append(fields, oneOf(g.targetSource, g.target, targetLocal, targetEmulator, targetAWS)...)
	fields = append(fields, oneOf(g.environmentSource, g.environment, "dev", "staging", "production")...)
	fields = append(fields, tenants.ValidateRegion(g.regionSource, g.region)...)
	for _, f := range g.networks().Faults() {
		f.Field = g.supernetSource
		fields = append(fields, f)
	}
	fields = append(fields, stacks.ZoneFaults(sources["zones"], g.zones)...)
	fields = append(fields, stacks.ZoneFaults(sources["functions-zones"], g.functionsZones)...)
	if g.dir == "" {
		fields = append(fields, tenants.FieldError{Field: g.dirSrc, Allowed: "a directory"})
	}
	if g.target == targetLocal {
		if g.account == "" {
			g.account = localAccount
		}
		if g.functionsAccount == "" {
			g.functionsAccount = localFunctionsAccount
			if g.account == localFunctionsAccount {
				g.functionsAccount = localAccount
			}
		}
	}
	for _, c := range []struct{ source, value string }{{g.accountSource, g.account}, {g.functionsSource, g.functionsAccount}} {
		if c.value != "" && !isAccount(c.value) {
			fields = append(fields, tenants.FieldError{Field: c.source, Value: c.value, Allowed: "an AWS account id, 12 digits"})
		}
	}
	if g.account != "" && g.account == g.functionsAccount {
		fields = append(fields, tenants.FieldError{Field: g.functionsSource, Value: g.functionsAccount,
			Allowed: "an account other than " + g.accountSource + ": tenants' own code is kept apart from the core"})
	}
	a.progress.quiet = g.quiet
	return tenants.Invalid(fields...)
}

// needTarget checks what only the commands need that reach the target.
func (g *globals) needTarget(a *app) error {
	if g.target == targetLocal {
		return nil
	}
	var fields []tenants.FieldError
	for _, c := range []struct{ source, value string }{{g.accountSource, g.account}, {g.functionsSource, g.functionsAccount}} {
		if c.value == "" {
			fields = append(fields, tenants.FieldError{Field: c.source, Allowed: "an AWS account id, 12 digits: with --target " + g.target + " nothing is guessed"})
		}
	}
	if g.target == targetEmulator && a.env["AWS_ENDPOINT_URL"] == "" {
		fields = append(fields, tenants.FieldError{Field: "AWS_ENDPOINT_URL", Allowed: `the emulator's address, "http://localhost:4566" for example`})
	}
	return tenants.Invalid(fields...)
}

func oneOf(field, value string, allowed ...string) []tenants.FieldError {
	if slices.Contains(allowed, value) {
		return nil
	}
	return []tenants.FieldError{{Field: field, Value: value, Allowed: "one of " + strings.Join(allowed, ", ")}}
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

func (g *globals) settings() stacks.Settings {
	return stacks.Settings{Environment: g.environment, Region: g.region, AccountID: g.account, FunctionsAccountID: g.functionsAccount,
		Zones: g.zones, FunctionsZones: g.functionsZones}
}

func (g *globals) networks() stacks.SiloNetworks { return stacks.SiloNetworks{Supernet: g.supernet} }

func (g *globals) catalogue() (tenants.Catalogue, error) {
	if g.tiers == "" {
		return tenantfile.DefaultCatalogue()
	}
	return tenantfile.ReadCatalogue(g.tiers)
}

// The parts of --dir that are this command's own; the engine keeps its own
// beside them.
func (g *globals) storeDir() string { return filepath.Join(g.dir, "store") }
func (g *globals) cloudDir() string { return filepath.Join(g.dir, "cloud") }

// exists tells whether there is something at a path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// renamed gives an error whose fields are named as the command line names them.
func renamed(err error, names map[string]string) error {
	return refield(err, func(f *tenants.FieldError) {
		for _, from := range slices.Sorted(maps.Keys(names)) {
			if f.Field == from {
				f.Field = names[from]
				return
			}
			if rest, ok := strings.CutPrefix(f.Field, from+"["); ok {
				f.Field = names[from] + "[" + rest
				return
			}
		}
	})
}

// refield gives an error with its fields changed; another error as it is.
func refield(err error, change func(*tenants.FieldError)) error {
	e, ok := err.(*tenants.Error) //nolint:errorlint // only an error that is nothing else is rewritten
	if !ok {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i := range out.Fields {
		change(&out.Fields[i])
	}
	return &out
}
