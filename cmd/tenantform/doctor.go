package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// The states of a check.
const (
	stateOK      = "ok"
	stateMissing = "missing" // required: doctor fails
	stateNotice  = "notice"  // worth knowing; nothing is wrong
)

// finding is one thing that doctor looked at.
type finding struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, missing or notice
	Found string `json:"found"`
	Do    string `json:"do,omitempty"` // what to do about it
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is installed, what is missing and what to do",
		Long: `Looks at what a run needs: the pulumi command, the directory, the tier
catalogue, the policies, the target; and at what killed runs left behind. It
changes nothing. Exit code 6 when something required is missing.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks := a.examine(cmd.Context())
			a.show(checks, func(w io.Writer) { writeFindingsTable(w, checks) })
			for _, c := range checks {
				if c.State == stateMissing {
					return &failed{err: tenants.Errorf(tenants.CodeFailedPrecondition, "something required is missing"), silent: true}
				}
			}
			return nil
		},
	}
}

func writeFindingsTable(w io.Writer, checks []finding) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, c := range checks {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", c.State, c.Name, c.Found)
		if c.Do != "" {
			fmt.Fprintf(tw, "\t\t-> %s\n", c.Do)
		}
	}
	_ = tw.Flush()
}

func (a *app) examine(ctx context.Context) []finding {
	v := versionOf()
	checks := []finding{
		{Name: "tenantform", State: stateOK, Found: v.Version + ", " + v.Go + " (Go itself is not needed to run it)"},
		examinePulumi(),
		examineTemporal(),
		examineDir(a.flags.dir),
		a.examineCatalogue(),
		examinePolicies(ctx),
	}
	checks = append(checks, a.examineTarget()...)
	if a.flags.target == targetLocal {
		checks = append(checks, a.examineCloud(ctx))
	}
	return append(checks, a.examineLeftovers()...)
}

func examinePulumi() finding {
	cli, err := automation.FindPulumi(nil)
	if err != nil {
		return finding{Name: "pulumi", State: stateMissing, Found: oneLine(err.Error()),
			Do: "run \"make build\" in a checkout, or install Pulumi " + automation.MinPulumi + " or later and put it on PATH, or name it in TENANTFORM_PULUMI"}
	}
	return finding{Name: "pulumi", State: stateOK, Found: fmt.Sprintf("%s at %s (at least %s is needed)", cli.Version, cli.Path, automation.MinPulumi)}
}

// examineTemporal looks for what only dev needs.
func examineTemporal() finding {
	path, err := workflows.FindTemporal(filepath.Join("bin", "temporal"))
	if err != nil {
		return finding{Name: "temporal", State: stateNotice, Found: "none; only \"tenantform dev\" needs it",
			Do: "run \"make dev\" in a checkout, which builds it, or name one in TENANTFORM_TEMPORAL"}
	}
	return finding{Name: "temporal", State: stateOK, Found: path + ", for \"tenantform dev\""}
}

// examineDir tells whether the directory, or the nearest one above that exists,
// takes files, by making one there and removing it.
func examineDir(dir string) finding {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return finding{Name: "directory", State: stateMissing, Found: err.Error()}
	}
	at := abs
	for !exists(at) && filepath.Dir(at) != at {
		at = filepath.Dir(at)
	}
	f, err := os.CreateTemp(at, ".tenantform-doctor-")
	if err != nil {
		return finding{Name: "directory", State: stateMissing, Found: abs + " cannot be written: " + reasonOf(err), Do: "choose another with --dir, or give yourself the right to write there"}
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	if at != abs {
		return finding{Name: "directory", State: stateOK, Found: abs + ", will be made at the first run"}
	}
	return finding{Name: "directory", State: stateOK, Found: abs}
}

func reasonOf(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func (a *app) examineCatalogue() finding {
	name := a.flags.tiers
	if name == "" {
		name = "the built-in catalogue"
	}
	c, err := a.flags.catalogue()
	if err != nil {
		return finding{Name: "tiers", State: stateMissing, Found: strings.Join(problems(err), "; "), Do: "correct the file, or leave --tiers away to use the built-in catalogue"}
	}
	return finding{Name: "tiers", State: stateOK, Found: fmt.Sprintf("%s: %s", name, strings.Join(c.Names(), ", "))}
}

func examinePolicies(ctx context.Context) finding {
	gate, err := policies.New(ctx, nil)
	if err != nil {
		return finding{Name: "policies", State: stateMissing, Found: oneLine(err.Error()), Do: "this is a defect of the build; report it"}
	}
	return finding{Name: "policies", State: stateOK, Found: count(len(gate.Rules()), "rule") + " compiled"}
}

func (a *app) examineTarget() []finding {
	g := &a.flags
	if err := g.needTarget(a); err != nil {
		return []finding{{Name: "target", State: stateMissing, Found: g.target + ": " + strings.Join(problems(err), "; "), Do: "set what is named"}}
	}
	found := fmt.Sprintf("%s, %s, %s, accounts %s and %s (functions)", g.target, g.environment, g.region, g.account, g.functionsAccount)
	if g.target == targetLocal {
		return []finding{{Name: "target", State: stateOK, Found: found + "; needs nothing else"}}
	}
	checks := []finding{{Name: "target", State: stateOK, Found: found}}
	named := ""
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		if a.env[name] != "" {
			named = name
			break
		}
	}
	c := finding{Name: "credentials", State: stateOK, Found: "from " + named}
	if named == "" {
		c = finding{Name: "credentials", State: stateNotice, Found: "no AWS_* variable names any",
			Do: "set AWS_PROFILE or AWS_ACCESS_KEY_ID, unless the machine's own role is meant"}
	}
	return append(checks, c)
}

func (a *app) examineCloud(ctx context.Context) finding {
	dir := a.flags.cloudDir()
	if !exists(dir) {
		return finding{Name: "local cloud", State: stateOK, Found: "empty; will be made at the first run"}
	}
	cloud, err := localcloud.Start(ctx, dir, nil)
	if err != nil {
		return finding{Name: "local cloud", State: stateMissing, Found: oneLine(err.Error())}
	}
	defer func() { _ = cloud.Close() }()
	all, err := cloud.Resources()
	if err != nil {
		return finding{Name: "local cloud", State: stateMissing, Found: oneLine(err.Error()), Do: "a file in " + dir + " is damaged: restore it or remove it"}
	}
	return finding{Name: "local cloud", State: stateOK, Found: count(len(all), "resource") + " in " + dir}
}

// examineLeftovers looks for runs that go on, and for what killed runs left.
func (a *app) examineLeftovers() []finding {
	dir := a.flags.dir
	leases, _ := filepath.Glob(filepath.Join(dir, "leases", "*.lease"))
	var alive, dead []string
	for _, path := range leases {
		name := strings.TrimSuffix(filepath.Base(path), ".lease")
		if held(path) {
			alive = append(alive, name)
		} else {
			dead = append(dead, name)
		}
	}
	var checks []finding
	if len(alive) > 0 {
		checks = append(checks, finding{Name: "runs", State: stateNotice, Found: "under way: " + strings.Join(alive, ", ")})
	}
	if len(dead) > 0 {
		checks = append(checks, finding{Name: "runs", State: stateNotice, Found: "were killed: " + strings.Join(dead, ", "),
			Do: "run the same command again: it mends what is left and goes on"})
	}
	locks, _ := filepath.Glob(filepath.Join(dir, "state", ".pulumi", "locks", "*", "*", "*", "*.json"))
	if len(locks) > 0 && len(alive) == 0 {
		var names []string
		for _, path := range locks {
			names = append(names, filepath.Base(filepath.Dir(path)))
		}
		checks = append(checks, finding{Name: "locks", State: stateNotice, Found: "of Pulumi, on: " + strings.Join(names, ", "),
			Do: "the next run of the stack clears it when its owner is dead, and says who holds it when not"})
	}
	if dirs, _ := filepath.Glob(filepath.Join(dir, "runs", "*")); len(dirs) > 0 && len(alive) == 0 {
		checks = append(checks, finding{Name: "runs", State: stateNotice, Found: fmt.Sprintf("%d left in runs/ by killed runs", len(dirs)),
			Do: "remove what is in " + filepath.Join(dir, "runs") + "; nothing in it is needed"})
	}
	if len(checks) == 0 {
		checks = append(checks, finding{Name: "runs", State: stateOK, Found: "none under way, nothing left behind"})
	}
	return checks
}

// held tells whether a process has the lease's file locked.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return errors.Is(err, syscall.EWOULDBLOCK)
	}
	return false
}
