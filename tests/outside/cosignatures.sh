#!/bin/sh
# cosignatures.sh VECTORS: the Go team's note package believes the cosignature in rfc/vectors/0014, and no longer once a
# bit of the checkpoint is flipped. Builds the verifier first, offline, from Debian's golang-golang-x-mod-dev.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
vectors=${1:?usage: cosignatures.sh RFC-VECTORS}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" GOFLAGS= \
    go build -o "$work/verify" "$here/verify_cosignatures/main.go"

log=$(cat "$vectors/0004/log.vkey")
witness=$(cat "$vectors/0014/witness.vkey")
"$work/verify" "$vectors/0014/cosigned.checkpoint" "$log" "$witness"

sed '2s/7/8/' "$vectors/0014/cosigned.checkpoint" >"$work/another"
if "$work/verify" "$work/another" "$log" "$witness" 2>"$work/said"; then
    echo "cosignatures.sh: FAILED: another size was not noticed" >&2
    exit 1
fi
grep -q 'verify_cosignatures: FAILED' "$work/said"
if "$work/verify" "$vectors/0004/log.checkpoint" "$log" "$witness" 2>"$work/said"; then
    echo "cosignatures.sh: FAILED: a missing cosignature was not noticed" >&2
    exit 1
fi
grep -q 'verify_cosignatures: FAILED' "$work/said"
echo "cosignatures: good"
