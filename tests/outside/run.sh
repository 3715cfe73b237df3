#!/bin/sh
# run.sh DIRECTORY [ROOT-KEY-HEX]: an exported ledger, and its tiles if DIRECTORY-tiles is there, must be accepted by the
# Go verifier, and a copy must be refused after one bit is flipped in an entry, in a proof, in a checkpoint, in a tile
# and in a bundle; DIRECTORY-thief, if it is there, must be refused. Builds the verifier first, offline, from Debian's golang-golang-x-mod-dev.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
export_dir=${1:?usage: run.sh DIRECTORY [ROOT-KEY-HEX]}
root=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" GOFLAGS= \
    go build -o "$work/verify_ledger" "$here"/verify_ledger/*.go

tiles=
check() { "$work/verify_ledger" ${root:+-root "$root"} ${tiles:+-tiles "$tiles"} "$1"; }

# flip FILE: inverts the lowest bit of the byte in the middle of FILE; of a checkpoint, in the middle of what its log
# wrote, since signatures of others are for those who believe them.
flip() {
    case $1 in
        */checkpoint/*) at=$(($(head -n 5 "$1" | wc -c) / 2)) ;;
        *) at=$(($(wc -c <"$1") / 2)) ;;
    esac
    byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}

# largest DIRECTORY: the file in it with the most bytes, so that the flip does not land in a header.
largest() { find "$1" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-; }

must_fail() {
    if check "$work/copy" 2>"$work/said"; then
        echo "run.sh: FAILED: a flipped bit in $1 was not noticed" >&2
        exit 1
    fi
    if ! grep -q 'verify_ledger: FAILED' "$work/said"; then
        cat "$work/said" >&2
        exit 1
    fi
    echo "flipped bit in $1: $(sed 's/.*FAILED: [^:]*: //' "$work/said")"
}

# openssl_verifies ENTRY [SPOIL]: the DSSE signature of a leaf, by openssl, under the key of the log that its keyid names. SPOIL does
# something to what was signed first.
openssl_verifies() {
    jq -rj .payload "$1" | base64 -d >"$work/payload"
    type=$(jq -r .payloadType "$1")
    printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$work/payload")" | cat - "$work/payload" >"$work/pae"
    jq -rj '.signatures[0].sig' "$1" | base64 -d >"$work/sig"
    vkey=$(grep -F "$(jq -r '.signatures[0].keyid' "$1")+" "$export_dir/vkey")
    # SubjectPublicKeyInfo of Ed25519 (RFC 8410), then the key without the type byte of the vkey.
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && echo "$vkey" | cut -d+ -f3- | base64 -d | tail -c +2; } >"$work/key.der"
    ${2:-true} "$work/pae"
    openssl pkeyutl -verify -rawin -in "$work/pae" -sigfile "$work/sig" -pubin -keyform DER -inkey "$work/key.der" >/dev/null
}

check "$export_dir"
if command -v openssl >/dev/null && command -v jq >/dev/null; then
    for entry in $(find "$export_dir/entry" -name '*00') "$export_dir/entry/0" "$export_dir/entry/1"; do
        openssl_verifies "$entry" || { echo "run.sh: FAILED: openssl does not verify $entry" >&2 && exit 1; }
    done
    if openssl_verifies "$export_dir/entry/0" flip 2>/dev/null; then
        echo "run.sh: FAILED: openssl verifies a spoiled leaf" >&2
        exit 1
    fi
    echo "openssl verifies the leaves, and not a spoiled one"
else
    echo "skipped: openssl or jq is not installed"
fi
for part in entry inclusion consistency checkpoint; do
    [ -n "$(ls "$export_dir/$part")" ] || continue
    rm -rf "$work/copy"
    cp -r "$export_dir" "$work/copy"
    file=$(largest "$work/copy/$part")
    flip "$file"
    must_fail "$part/$(basename "$file")"
done
if [ -d "$export_dir-tiles" ]; then
    tiles=$export_dir-tiles
    check "$export_dir"
    for part in 0 entries; do
        rm -rf "$work/copy" "$work/tiles"
        cp -r "$export_dir" "$work/copy"
        cp -r "$export_dir-tiles" "$work/tiles"
        tiles=$work/tiles
        flip "$(largest "$work/tiles/tile/$part")"
        must_fail "tile/$part"
    done
fi
if [ -d "$export_dir-thief" ]; then
    tiles=
    if check "$export_dir-thief" 2>"$work/said" || ! grep -q "was the log's before" "$work/said"; then
        cat "$work/said" >&2
        echo "run.sh: FAILED: a revoked key that rotated itself back in was not noticed" >&2
        exit 1
    fi
    echo "a revoked key that rotated itself back in: refused"
fi
echo "outside verification: good"
