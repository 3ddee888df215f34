#!/usr/bin/env bash
# Finds a tool that a make target needs, and builds it into bin/ where it is
# missing or too old. Prints the tool's path; whatever else there is to say goes
# to standard error.
#
#   tools/ensure.sh pulumi          TENANTFORM_PULUMI, then PATH, then bin/
#   tools/ensure.sh golangci-lint   PATH, then bin/
#   tools/ensure.sh conftest        PATH, then bin/
#   tools/ensure.sh terraform-bridge   TENANTFORM_TERRAFORM_BRIDGE, then bin/
#   tools/ensure.sh temporal        TENANTFORM_TEMPORAL, then PATH, then bin/
#   tools/ensure.sh workflowcheck   PATH, then bin/
#
# The version that is built is the one that tools/<tool>/go.mod pins. The oldest
# pulumi that will do is MinPulumi in automation/cli.go; of golangci-lint only the
# pinned version will do, so that everybody gets the same findings, and of temporal
# the pinned one or a later one of the same major version.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PULUMI_SKIP_UPDATE_CHECK=true

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "ensure: $*"
    exit 1
}

# pinned MODULE: the version in the tool's go.mod.
pinned() { awk -v module="$1" '$1 == module { print $2; found = 1 } $1 == "require" && $2 == module { print $3; found = 1 } END { exit !found }' "$root/tools/$tool/go.mod"; }

# version_of PATH: "3.256.0", or nothing when it is not a working tool.
version_of() {
    local out=''
    case $tool in
    pulumi) out=$("$1" version 2>/dev/null) || return 0 ;;
    golangci-lint) out=$("$1" version --short 2>/dev/null) || return 0 ;;
    temporal) out=$("$1" --version 2>/dev/null | awk '$1 == "temporal" && $2 == "version" { print $3 }') || return 0 ;;
    workflowcheck) out=$(go version -m "$1" 2>/dev/null | awk '$1 == "mod" || $1 == "dep" { if ($2 == "go.temporal.io/sdk/contrib/tools/workflowcheck") print $3 }') || return 0 ;;
    conftest | terraform-bridge) out=$(go version -m "$1" 2>/dev/null | awk '$1 == "mod" { print $3 }') || return 0 ;;
    esac
    out=${out#v}
    printf '%s' "${out%%[-+]*}" | tr -d '[:space:]'
}

# enough VERSION: whether a version that was found will do.
enough() {
    [ -n "$1" ] && case $tool in
    pulumi | temporal) awk -v have="$1" -v want="$minimum" -v tool="$tool" 'BEGIN {
            split(have, h, "."); split(want, w, ".")
            if (tool == "temporal" && h[1] + 0 != w[1] + 0) exit 1
            for (i = 1; i <= 3; i++) { if (h[i] + 0 > w[i] + 0) exit 0; if (h[i] + 0 < w[i] + 0) exit 1 }
        }' ;;
    golangci-lint | terraform-bridge | workflowcheck) [ "$1" = "${version#v}" ] ;;
    esac
}

tool=${1:-}
case $tool in
pulumi)
    package=github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
    version=$(pinned github.com/pulumi/pulumi/pkg/v3) || fail "tools/pulumi/go.mod does not name github.com/pulumi/pulumi/pkg/v3"
    minimum=$(sed -n 's/^const MinPulumi = "\(.*\)"$/\1/p' "$root/automation/cli.go")
    [ -n "$minimum" ] || fail "automation/cli.go does not define MinPulumi"
    needed="$minimum or later"
    flags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version"
    takes="about 6 minutes on two cores"
    ;;
golangci-lint)
    package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint
    version=$(pinned github.com/golangci/golangci-lint/v2) || fail "tools/golangci-lint/go.mod does not name github.com/golangci/golangci-lint/v2"
    needed="${version#v}"
    flags="-s -w -X main.version=${version#v}"
    takes="about 2 minutes on two cores"
    ;;
terraform-bridge)
    package=github.com/pulumi/pulumi-terraform-bridge/v3/dynamic
    version=$(pinned github.com/pulumi/pulumi-terraform-bridge/v3) || fail "tools/terraform-bridge/go.mod does not name github.com/pulumi/pulumi-terraform-bridge/v3"
    binary=pulumi-resource-terraform-provider
    needed="${version#v}"
    flags="-s -w"
    takes="about 3 minutes on two cores"
    ;;
conftest)
    package=github.com/open-policy-agent/conftest
    version=$(pinned github.com/open-policy-agent/conftest) || fail "tools/conftest/go.mod does not name github.com/open-policy-agent/conftest"
    needed="${version#v}"
    flags="-s -w"
    takes="about 3 minutes on two cores"
    ;;
temporal)
    package=github.com/temporalio/cli/cmd/temporal
    version=$(pinned github.com/temporalio/cli) || fail "tools/temporal/go.mod does not name github.com/temporalio/cli"
    minimum=${version#v}
    needed="$minimum or later of the same major version"
    flags="-s -w -X github.com/temporalio/cli/temporalcli.Version=${version#v}"
    takes="about 4 minutes on two cores"
    ;;
workflowcheck)
    package=go.temporal.io/sdk/contrib/tools/workflowcheck
    version=$(pinned go.temporal.io/sdk/contrib/tools/workflowcheck) || fail "tools/workflowcheck/go.mod does not name go.temporal.io/sdk/contrib/tools/workflowcheck"
    needed="${version#v}"
    flags="-s -w"
    takes="seconds"
    ;;
*) fail "unknown tool '$tool'; it is pulumi, golangci-lint, conftest, terraform-bridge, temporal or workflowcheck" ;;
esac
binary=${binary:-$tool}

if [ "$tool" = terraform-bridge ] && [ -n "${TENANTFORM_TERRAFORM_BRIDGE:-}" ]; then
    printf '%s\n' "$TENANTFORM_TERRAFORM_BRIDGE"
    exit 0
fi

if [ "$tool" = pulumi ] && [ -n "${TENANTFORM_PULUMI:-}" ]; then
    found=$(version_of "$TENANTFORM_PULUMI")
    enough "$found" || fail "TENANTFORM_PULUMI=$TENANTFORM_PULUMI is no pulumi of version $needed (found: ${found:-nothing that answers}); unset it, or name one that is"
    printf '%s\n' "$TENANTFORM_PULUMI"
    exit 0
fi

if [ "$tool" = temporal ] && [ -n "${TENANTFORM_TEMPORAL:-}" ]; then
    found=$(version_of "$TENANTFORM_TEMPORAL")
    enough "$found" || fail "TENANTFORM_TEMPORAL=$TENANTFORM_TEMPORAL is no temporal of version $needed (found: ${found:-nothing that answers}); unset it, or name one that is"
    printf '%s\n' "$TENANTFORM_TEMPORAL"
    exit 0
fi

why="there is none on PATH and none in bin/"
for path in "$(command -v "$binary" || true)" "$root/bin/$binary"; do
    [ -n "$path" ] && [ -x "$path" ] || continue
    found=$(version_of "$path")
    if enough "$found"; then
        printf '%s\n' "$path"
        exit 0
    fi
    why="$path is version ${found:-unknown}, and $needed is needed"
done

command -v go >/dev/null || fail "$tool has to be built, and there is no go command; install Go from https://go.dev/dl"
say "Building $tool $version from source into bin/: $why. This takes $takes, once."
mkdir -p "$root/bin"
out="$root/bin/.$binary.$$"
trap 'rm -f "$out"' EXIT
cd "$root/tools/$tool"
"$root/tools/progress.sh" count "building $tool" go build -v -trimpath -ldflags "$flags" -o "$out" "$package" ||
    fail "$tool could not be built; see above. The build needs the module proxy (GOPROXY) or a filled module cache"
mv "$out" "$root/bin/$binary"
found=$(version_of "$root/bin/$binary")
enough "$found" || fail "bin/$binary was built, and says that it is version '${found:-unknown}'; expected $needed"
printf '%s\n' "$root/bin/$binary"
