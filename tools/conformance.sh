#!/usr/bin/env bash
# Runs the conformance suite: every component and every stack's program on the real
# AWS provider, against an emulator of AWS.
#
#   tools/conformance.sh make [go test's flags]   writes docs/conformance.md; fails when a piece is missing
#   tools/conformance.sh test [go test's flags]   says in one line which piece is missing, and is content
#
# The pieces: moto_server on PATH; and pulumi-aws, or else the Terraform AWS provider
# (tools/find-aws-provider.sh). TENANTFORM_CONFORMANCE=off leaves the suite out of "test".
# Eight lives run at a time, which mostly wait, and need 6 GB of memory together.
set -euo pipefail

mode=${1:-}
shift || true
case $mode in make | test) ;; *)
    echo "tools/conformance.sh: unknown mode '$mode'; it is make or test" >&2
    exit 2
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SECONDS=0

# without says that the suite is not run, and why.
without() {
    if [ "$mode" = make ]; then
        echo "conformance: $*" >&2
        exit 1
    fi
    echo "conformance: NOT RUN: $*"
    exit 0
}

if [ "$mode" = test ] && [ "${TENANTFORM_CONFORMANCE:-}" = off ]; then without "TENANTFORM_CONFORMANCE is off"; fi
command -v moto_server >/dev/null || without "moto_server, the emulator of AWS, is not on PATH; install moto[server]"

if plugin=$(tools/find-pulumi-aws.sh); then
    export TENANTFORM_PULUMI_AWS=$plugin
    echo "conformance: on pulumi-aws, $plugin"
else
    if [ -z "${TENANTFORM_TF_AWS_PROVIDER:-}" ]; then
        TENANTFORM_TF_AWS_PROVIDER=$(tools/find-aws-provider.sh 2>&1) || without "$TENANTFORM_TF_AWS_PROVIDER"
    fi
    TENANTFORM_TERRAFORM_BRIDGE=$(tools/ensure.sh terraform-bridge)
    export TENANTFORM_TF_AWS_PROVIDER TENANTFORM_TERRAFORM_BRIDGE
    echo "conformance: on $TENANTFORM_TF_AWS_PROVIDER"
    (cd test/awsprovider && ../../tools/progress.sh beat "the provider" go test -timeout 10m ./...)
fi
TENANTFORM_PULUMI=$(tools/ensure.sh pulumi)
export TENANTFORM_PULUMI
if [ "$mode" = make ]; then export TENANTFORM_CONFORMANCE_REPORT=$PWD/docs/conformance.md; fi
(cd test/conformance && ../../tools/progress.sh beat "conformance" go test -count 1 -parallel 8 -timeout 40m . "$@")
echo "conformance: done in $((SECONDS / 60))m$((SECONDS % 60))s"
