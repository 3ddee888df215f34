package automation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/blang/semver"

	"github.com/tenantform/tenantform/tenants"
)

// MinPulumi is the oldest pulumi CLI that the engine works with: the first that
// launches a policy pack's executable directly.
const MinPulumi = "3.255.0"

// CLI is a pulumi command and its version.
type CLI struct {
	Path    string
	Version semver.Version
}

// FindPulumi looks for a pulumi CLI that is recent enough: what the variable
// TENANTFORM_PULUMI names, then PATH, then the further places. The error,
// CodeFailedPrecondition, says what was looked at and what to do.
func FindPulumi(places []string) (CLI, error) {
	var candidates []string
	named := os.Getenv("TENANTFORM_PULUMI")
	if named != "" {
		candidates = []string{named}
	} else {
		if p, err := exec.LookPath("pulumi"); err == nil {
			candidates = append(candidates, p)
		}
		candidates = append(candidates, places...)
		if self, err := os.Executable(); err == nil {
			candidates = append(candidates, filepath.Join(filepath.Dir(self), "pulumi"))
		}
	}
	var seen []string
	for _, c := range candidates {
		cli, err := probePulumi(c)
		if err == nil {
			return cli, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			seen = append(seen, fmt.Sprintf("%s: %v", c, err))
		}
	}
	looked := "TENANTFORM_PULUMI, PATH and beside this program"
	if named != "" {
		looked = "TENANTFORM_PULUMI=" + named
	}
	if len(seen) > 0 {
		looked += " (" + strings.Join(seen, "; ") + ")"
	}
	return CLI{}, tenants.Errorf(tenants.CodeFailedPrecondition,
		"no pulumi CLI of version %s or later was found in %s; run \"make build\" to build one into bin/, or install Pulumi and put it on PATH", MinPulumi, looked)
}

// probePulumi asks a file for its version.
func probePulumi(path string) (CLI, error) {
	if _, err := os.Stat(path); err != nil {
		return CLI{}, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return CLI{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, abs, "version")
	cmd.Env = []string{"PULUMI_SKIP_UPDATE_CHECK=true", "HOME=" + os.TempDir(), "PULUMI_HOME=" + filepath.Join(os.TempDir(), "tenantform-probe")}
	defer os.RemoveAll(filepath.Join(os.TempDir(), "tenantform-probe"))
	out, err := cmd.Output()
	if err != nil {
		return CLI{}, fmt.Errorf("does not answer to \"version\": %w", err)
	}
	text := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	v, err := semver.ParseTolerant(text)
	if err != nil {
		return CLI{}, fmt.Errorf("says %q, which is no version", text)
	}
	if v.LT(semver.MustParse(MinPulumi)) {
		return CLI{}, fmt.Errorf("is version %s, older than %s", v, MinPulumi)
	}
	return CLI{Path: abs, Version: v}, nil
}
