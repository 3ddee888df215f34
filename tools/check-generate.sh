#!/usr/bin/env bash
# Runs the generators and fails when that changed a file: what they make is
# committed. Files that are changed already, and not by a generator, do not matter.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
before=$(mktemp)
trap 'rm -f "$before"' EXIT

# fingerprints: a line with hash and name for each file of the project.
fingerprints() {
    git ls-files --cached --others --exclude-standard | sort -u | while IFS= read -r file; do
        [ -f "$file" ] && printf '%s %s\n' "$(git hash-object -- "$file")" "$file"
    done
}

fingerprints >"$before"
go generate ./...
if changed=$(fingerprints | diff "$before" - | sed -n 's/^[<>] [0-9a-f]* //p' | sort -u) && [ -z "$changed" ]; then
    echo "Generated files are up to date."
    exit 0
fi
printf 'These generated files were not up to date; commit them as they are now:\n%s\n' "$changed" >&2
exit 1
