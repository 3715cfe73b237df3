#!/bin/sh
# lineage.sh BUNDLE ROOT-KEY-HEX [REVOCATION]: the Go verifier must accept a lineage bundle (rfc/0004 section 7.2), and must refuse copies
# in which one bit of an entry is flipped and the digest at the end made to fit again, or another network's root is named, or
# to which the revocation of one of the nodes is added.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bundle=${1:?usage: lineage.sh BUNDLE ROOT-KEY-HEX}
root=${2:?usage: lineage.sh BUNDLE ROOT-KEY-HEX}
revocation=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" GOFLAGS= \
    go build -o "$work/verify_ledger" "$here"/verify_ledger/*.go

must_fail() { # WHAT ROOT FILE
    if "$work/verify_ledger" -root "$2" -lineage "$3" 2>"$work/said" || ! grep -q 'verify_ledger: FAILED' "$work/said"; then
        cat "$work/said" >&2
        echo "lineage.sh: FAILED: $1 was not noticed" >&2
        exit 1
    fi
}

# flip AT: a copy with the lowest bit of this byte inverted, and a digest that fits.
flip() {
    byte=$(od -An -tu1 -j "$1" -N 1 "$bundle" | tr -d ' ')
    { head -c "$1" "$bundle" && printf "\\$(printf %o $((byte ^ 1)))" && tail -c "+$(($1 + 2))" "$bundle" | head -c -32; } >"$work/copy"
    seal
}

seal() {
    openssl dgst -sha256 -binary "$work/copy" >"$work/digest"
    cat "$work/digest" >>"$work/copy"
}

"$work/verify_ledger" -root "$root" -lineage "$bundle"
entries=$(grep -abo '"payload":"' "$bundle" | cut -d: -f1)
for at in $entries; do
    flip $((at + 400))
    must_fail "a flipped bit in the entry at byte $at" "$root" "$work/copy"
done
echo "a flipped bit in any of $(echo "$entries" | wc -l) entries: refused"
must_fail "another network" "$(printf %064d 9)" "$bundle"
cp "$bundle" "$work/copy"
printf x >>"$work/copy"
must_fail "a byte too many" "$root" "$work/copy"
if [ -n "$revocation" ]; then # item kind 5, 117 bytes
    { head -c -32 "$bundle" && printf '\005\000\000\000\165' && cat "$revocation"; } >"$work/copy"
    seal
    must_fail "a revocation" "$root" "$work/copy"
    grep -q "was revoked" "$work/said" || { cat "$work/said" >&2 && exit 1; }
    echo "a step by a revoked identity: refused"
fi
echo "outside verification of a lineage: good"
