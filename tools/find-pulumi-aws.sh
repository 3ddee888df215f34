#!/usr/bin/env bash
# Finds pulumi-aws 6: what TENANTFORM_PULUMI_AWS names, then PATH, then the plugins
# that pulumi has installed. Prints its path; fails without a word when there is none.
set -euo pipefail

if [ -n "${TENANTFORM_PULUMI_AWS:-}" ]; then
    printf '%s\n' "$TENANTFORM_PULUMI_AWS"
    exit 0
fi
if found=$(command -v pulumi-resource-aws); then
    printf '%s\n' "$found"
    exit 0
fi
home=${PULUMI_HOME:-${HOME:-}/.pulumi}
found=$(printf '%s\n' "$home"/plugins/resource-aws-v6.*/pulumi-resource-aws | sort -V | tail -n 1)
[ -x "$found" ] || exit 1
printf '%s\n' "$found"
