#!/usr/bin/env bash
# Runs a command and keeps telling that it is at work.
#
#   tools/progress.sh count LABEL COMMAND...   hides the output, counts the packages that "go build -v"
#                                              names, and shows the output's end when the command fails
#   tools/progress.sh beat LABEL COMMAND...    passes the output on, and adds a line when none came
#
# A line at least every PROGRESS_SECONDS, 10 unless set. All of its own lines go
# to standard error. It ends with the command's status.
set -euo pipefail

every=${PROGRESS_SECONDS:-10}
mode=$1 label=$2
shift 2
SECONDS=0

elapsed() { printf '%dm%02ds' $((SECONDS / 60)) $((SECONDS % 60)); }
say() { printf '%s: %s\n' "$label" "$*" >&2; }

count() {
    local pid status=0 tick=0
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    "$@" >"$log" 2>&1 &
    pid=$!
    trap 'kill "$pid" 2>/dev/null || true; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        tick=$((tick + 1))
        if [ $((tick % every)) -eq 0 ]; then
            say "$(elapsed), $(grep -c '^go: downloading' "$log" || true) modules downloaded, $(grep -cE '^[^ #:]+$' "$log" || true) packages compiled"
        fi
    done
    wait "$pid" || status=$?
    if [ "$status" -ne 0 ]; then
        grep -vE '^[^ #:]+$|^go: downloading' "$log" | tail -n 60 >&2 || true
        say "failed after $(elapsed) with status $status: $*"
    elif [ "$SECONDS" -ge "$every" ]; then
        say "done in $(elapsed)"
    fi
    return "$status"
}

# show passes lines on until there are none, and fills silence.
show() {
    local line='' status
    while :; do
        if IFS= read -r -t "$every" line; then
            printf '%s\n' "$line"
        else
            status=$?
            printf '%s' "$line"
            [ "$status" -gt 128 ] || return 0 # not the timeout: the output has ended
            say "$(elapsed), still at work"
        fi
    done
}

case $mode in
count) count "$@" ;;
beat) "$@" 2>&1 | show ;;
*)
    echo "tools/progress.sh: unknown mode $mode; it is count or beat" >&2
    exit 2
    ;;
esac
