// Package tfschema asks a Terraform provider's binary for its schema, by way of
// the terraform command and without any registry.
package tfschema

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Version is that of the Terraform AWS provider that pulumi-aws 6.83 wraps.
const Version = "5.100.0"

// Read gives the output of "terraform providers schema -json" for the AWS
// provider's binary. It works in dir, which must be empty, and takes seconds.
func Read(ctx context.Context, dir, provider string) ([]byte, error) {
	if provider == "" {
		return nil, errors.New("no Terraform AWS provider was named; set TENANTFORM_TF_AWS_PROVIDER to its binary")
	}
	provider, err := filepath.Abs(provider)
	if err != nil {
		return nil, err
	}
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		return nil, fmt.Errorf("the terraform command is needed to read a provider's schema: %w", err)
	}
	mirror := filepath.Join(dir, "mirror", "registry.terraform.io", "hashicorp", "aws", Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(mirror, 0o755); err != nil {
		return nil, err
	}
	if err := os.Symlink(provider, filepath.Join(mirror, "terraform-provider-aws_v"+Version+"_x5")); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "terraform.rc")
	files := map[string]string{
		config: fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.Join(dir, "mirror")),
		filepath.Join(dir, "main.tf"): fmt.Sprintf(
			"terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = %q\n    }\n  }\n}\n", Version),
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	var out []byte
	for _, args := range [][]string{{"init", "-no-color", "-input=false"}, {"providers", "schema", "-json"}} {
		cmd := exec.CommandContext(ctx, terraform, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1")
		if out, err = cmd.Output(); err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return nil, fmt.Errorf("terraform %s: %w: %s", args[0], err, exit.Stderr)
			}
			return nil, fmt.Errorf("terraform %s: %w", args[0], err)
		}
	}
	return out, nil
}
