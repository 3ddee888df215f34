#!/usr/bin/env bash
# Finds the Terraform AWS provider whose version the conformance tests need, in the
# places where Terraform keeps and mirrors providers. Prints its path.
set -euo pipefail

version=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../test/awsprovider/internal/tfschema/tfschema.go")
for dir in "${TF_PLUGIN_CACHE_DIR:-}" "${HOME:-}/.terraform.d" /usr/local/share/terraform /usr/share/terraform /opt; do
    [ -n "$dir" ] && [ -d "$dir" ] || continue
    found=$(find "$dir" -type f -perm -u+x -name "terraform-provider-aws_v$version*" -print -quit 2>/dev/null || true)
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        exit 0
    fi
done
echo "there is no Terraform AWS provider $version on this machine; name one with TENANTFORM_TF_AWS_PROVIDER" >&2
exit 1
