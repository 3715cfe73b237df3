#!/usr/bin/env bash
# A model journeys over three nodes. The neighbours of n2 have cosigned its ledger, which a checker's policy accepts or
# not; n2 keeps its ledger as tiles that the Go verifier reads; n3 does its part although the disk of its tiles is full.
. "$(dirname "$0")/lib.sh"
trainer=$BUILD/examples/example_trainer
stops=12
small=$dir/small

start_line
stops 3
mkdir "$small"
if mount -t tmpfs -o size=8k none "$small" 2>/dev/null; then mounted=$small; else touch "$small/tiles"; fi
printf '\n[storage]\ntiles_dir = "%s"\n' "$small/tiles" >>"$dir/n3.toml"
start 3
wait_for "n1 reaches n3 again" 20 reaches 1 3
for i in 1 2 3; do
    "$trainer" --socket "$dir/n$i.sock" --task fashion --classes "$((i - 1))" >>"$dir/trainer$i.log" 2>&1 &
    pid[trainer$i]=$!
done
members() { (($(ctl 1 interest fashion --json | jq '.rows | length') == 3)); }
wait_for "n1 knows three trainers" 40 members
over() { for i in 1 2 3; do ctl "$i" journey list --json; done | jq -es '[.[].rows[].state | select(. != "passed on")] == ["ended"]'; }
"$make_model" "$dir/mlp" >/dev/null
ctl 1 send "$dir/mlp" --task fashion --stops "$stops" >/dev/null 2>&1
wait_for "the journey is over" 60 over
ok "$stops stops were made"

cosigned() { [[ $(ctl 2 ledger checkpoint --json | jq '[.rows[] | select(.signature == "cosignature")] | length') == 2 ]]; }
wait_for "n1 and n3 have cosigned the newest checkpoint of n2" 20 cosigned
ctl 2 ledger witness --json >"$dir/witnesses"
vkey() { jq -r --arg node "${address[$1]}" '.rows[] | select(.role == "witnesses us" and .node == $node) | .vkey' "$dir/witnesses"; }
[[ $(vkey 1) == *+* && $(vkey 3) == *+* ]] || fail "ledger witness does not name both: $(cat "$dir/witnesses")"
[[ $(jq '[.rows[] | select(.role == "we witness")] | length' "$dir/witnesses") == 2 ]] || fail "n2 witnesses not both its neighbours"
ok "the neighbours of n2 have cosigned its newest checkpoint, and n2 theirs"

ctl 2 ledger export "$dir/export" >/dev/null
self=$(jq -r '.notes[] | select(startswith("our witness key ")) | sub("our witness key "; "")' "$dir/witnesses")
policy() { # QUORUM: of n1, n3, and n2 itself, which cosigns nothing of its own
    printf 'log %s\nwitness n1 %s\nwitness n3 %s\nwitness n2 %s\ngroup neighbours %s n1 n3 n2\nquorum neighbours\n' \
        "$(cat "$dir/export/vkey")" "$(vkey 1)" "$(vkey 3)" "$self" "$1" >"$dir/policy"
}
policy 2
ctl 2 ledger verify --policy "$dir/policy" >/dev/null || fail "two of three are there"
newest=$(ls "$dir/export/checkpoint" | sort -n | tail -n 1)
"$aipctl" ledger verify --policy "$dir/policy" "$dir/export/checkpoint/$newest" >/dev/null || fail "an exported checkpoint"
"$aipctl" ledger verify --policy "$dir/policy" "$dir/export/inclusion/0" >/dev/null || fail "an exported proof"
ok "a policy of two cosignatures is satisfied, by the daemon and by its exported files"
policy 3
refused 4 'not verified: ' ctl 2 ledger verify --policy "$dir/policy"
refused 4 'not verified: ' "$aipctl" ledger verify --policy "$dir/policy" "$dir/export/inclusion/0"

caught_up() { cmp "$dir/state2/tiles/checkpoint" "$dir/export/checkpoint/$newest"; }
wait_for "the tiles of n2 are as new as its ledger, cosignatures too" 20 caught_up
cp -r "$dir/state2/tiles" "$dir/export-tiles"
if command -v go >/dev/null; then
    "$(dirname "$0")/../outside/run.sh" "$dir/export" >"$dir/outside" 2>&1 || fail "outside: $(cat "$dir/outside")"
    ok "the Go verifier reads the tiles that the daemon of n2 wrote"
fi

told() { [[ $(grep -c 'tiles are not written' "$dir/n3.log") == 1 ]]; }
wait_for "n3 says that it cannot write its tiles" 20 told
ctl 3 ledger verify --network "$dir/network/network.pub" >/dev/null || fail "the ledger of n3 does not verify"
ok "$(grep -o 'tiles are not written.*' "$dir/n3.log" | cut -c1-100)"
[[ $(ctl 1 ledger forks --json | jq '.rows | length') == 0 ]] || fail "somebody is quarantined"
for i in 1 2 3; do stops "$i"; done
echo "$checks checks"
