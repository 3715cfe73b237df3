#!/usr/bin/env bash
# The history of a model, over real daemons: audited online, exported, audited again with every daemon dead, refused after
# one flipped bit; a key is rotated on the way; a leaf is verified by openssl; an identity is put out of the network.
. "$(dirname "$0")/lib.sh"
trainer=$BUILD/examples/example_trainer
shards=(none 0,1,2,3 4,5,6 7,8,9)
root=$dir/network/network.pub
stops=8
start_trainer() {
    "$trainer" --socket "$dir/n$1.sock" --task fashion --classes "${shards[$1]}" >>"$dir/trainer$1.log" 2>&1 &
    pid[trainer$1]=$!
}
members() { (($(ctl 1 interest fashion --json | jq '.rows | length') == 3)); }
ended() { for i in 1 2 3; do ctl "$i" journey list --json; done | jq -rs '[.[].rows[] | select(.state == "ended")][-1].version // empty'; }
over() { (($(for i in 1 2 3; do ctl "$i" journey list --json; done | jq -s '[.[].rows[] | select(.state == "ended")] | length') == $1)); }
verified() { jq -e '[.rows[].verdict] | all(. == "verified")' "$1" >/dev/null; }

start_line
for i in 1 2 3; do start_trainer "$i"; done
wait_for "n1 knows three trainers" 60 members
"$make_model" "$dir/mlp" >/dev/null
ctl 1 send "$dir/mlp" --task fashion --stops "$stops" >/dev/null 2>&1
wait_for "the journey is over" 120 over 1
version=$(ended)
ctl 2 ledger audit "$version" --network "$root" --json --dot "$dir/l.dot" --svg "$dir/l.svg" >"$dir/audit" ||
    fail "audit: $(jq -c '.notes, .rows[].verdict' "$dir/audit")"
verified "$dir/audit" || fail "audit: $(jq -c '.rows[].verdict' "$dir/audit")"
ok "online: $(jq -r '.notes[0]' "$dir/audit")"
jq -e '[.rows[] | select(.what == "sgd") | .custody] | index("good")' "$dir/audit" >/dev/null || fail "no giver's proof was checked"
grep -q "digraph lineage" "$dir/l.dot" && grep -q "<svg" "$dir/l.svg" || fail "not drawn"
ok "drawn as DOT and SVG"

# All that has left its maker was witnessed; the checker says how much is enough.
before=$(jq -r '.rows[1].version' "$dir/audit")
for i in 1 2 3; do
    echo "witness n$i $(ctl "$i" ledger witness --json | jq -r '.notes[] | select(startswith("our witness key ")) | ltrimstr("our witness key ")')"
done >"$dir/witnesses"
(cat "$dir/witnesses" && printf 'group one any n1 n2 n3\nquorum one\n') >"$dir/policy"
(cat "$dir/witnesses" && printf 'group every all n1 n2 n3\nquorum every\n') >"$dir/strict"
ctl 2 ledger audit "$before" --network "$root" --policy "$dir/policy" --json >"$dir/audit" ||
    fail "policy: $(jq -c '.rows[] | [.node, .entry, .cosigned_by, .verdict]' "$dir/audit")"
ok "every step cosigned as the policy asks: $(jq -r '[.rows[].cosigned_by] | unique | join(", ")' "$dir/audit")"
status=0
ctl 2 ledger audit "$before" --network "$root" --policy "$dir/strict" --json >"$dir/audit" || status=$?
((status == 4)) || fail "nobody cosigns his own ledger, yet the strict policy holds: status $status"

# The weights themselves: what the node holds of the history, and a file that somebody has.
ctl 2 ledger audit "$version" --network "$root" --bytes --json >"$dir/audit" || fail "bytes: $(jq -c '.rows[].verdict' "$dir/audit")"
held=$(jq '[.rows[] | select(.bytes == "good")] | length' "$dir/audit")
((held > 0)) || fail "no weights were hashed"
for i in 1 2 3; do ctl "$i" models export "$before" --out "$dir/before.safetensors" >/dev/null 2>&1 && break; done
ctl 2 ledger audit "$before" --network "$root" --file "$dir/before.safetensors" --json >"$dir/audit" || fail "the file is not verified"
[[ $(jq -r '.rows[0].bytes' "$dir/audit") == good ]] || fail "the file was not hashed"
status=0
ctl 2 ledger audit "$version" --network "$root" --file "$dir/before.safetensors" --json >"$dir/audit" || status=$?
((status == 4)) || fail "weights of another version: status $status"
ok "weights of $held versions hashed; a file is told from another: $(jq -r '.rows[0].verdict' "$dir/audit")"

# The key of n2 is rotated; its log stays whole.
old=$(ctl 2 key list --json | jq -r '.rows[-1].key')
stops 2
"$aipctl" key rotate "$dir/keys2" --compromised "its disk was stolen" >/dev/null
start 2
wait_for "n2 is back" 20 ctl 2 status
ctl 2 key list --json >"$dir/keys"
[[ $(jq -r '.rows[-1].change, .rows[-1].reason' "$dir/keys" | paste -sd:) == "revoked:its disk was stolen" ]] || fail "$(cat "$dir/keys")"
[[ $(jq -r '.rows[-1].key' "$dir/keys") != "$old" ]] || fail "the key is the old one"
ctl 2 ledger export "$dir/export2" >/dev/null
(($(wc -l <"$dir/export2/vkey") == 2)) || fail "the export has not both keys"
"$aipctl" ledger verify "$dir/export2" --network "$root" >/dev/null || fail "the export of n2 does not verify"
ok "the log of n2 is whole under both keys"
wait_for "history is good after the rotation" 30 ctl 3 ledger audit "$version" --network "$root"
ok "history stays good after the rotation"

# A version gets a name, the others lose their bytes, all keep their entries.
ctl 1 models list --json | jq -r '.rows[0].version' >"$dir/tagged"
ctl 1 models tag fashion@good "$(cat "$dir/tagged")" >/dev/null
ctl 1 models prune --keep 0 >/dev/null
ctl 1 models list --json | jq -e --arg v "$(cat "$dir/tagged")" '[.rows[].version] | index($v) != null' >/dev/null || fail "a tagged version was pruned"
ctl 1 ledger audit "$version" --network "$root" >"$dir/audit" || fail "$(cat "$dir/audit")"
ok "tagged, pruned, and the history is still there"

# openssl verifies a leaf.
ctl 2 ledger show "$(ctl 2 ledger log --json | jq '[.rows[] | select(.what == "sgd")][0].index')" --dsse "$dir/dsse" >/dev/null
openssl pkeyutl -verify -rawin -in "$dir/dsse/pae" -sigfile "$dir/dsse/sig" -pubin -inkey "$dir/dsse/key.pem" >/dev/null ||
    fail "openssl does not verify the leaf"
ok "openssl verifies a leaf"

# All of the history in one file, for later.
ctl 1 ledger export --lineage "$version" "$dir/model.lineage" >/dev/null

# The network root puts n3 out; n2 hears of it from n1.
"$aipctl" key revoke "$dir/keys3/identity.pub" --network "$dir/network/network.key" --out "$dir/n3.revocation" >/dev/null
"$aipctl" key revoke "$dir/keys3/identity.pub" --network "$dir/network/network.key" --out "$dir/early.revocation" --from 2026-01-01T00:00:00Z >/dev/null
ctl 1 key announce "$dir/n3.revocation" >/dev/null
wait_for "n2 has heard of the revocation" 20 grep -q "has revoked identity" "$dir/n2.log"
ok "a revocation travels"

# Members may do the same together, once the root has said how many.
other=$(printf '%064d' 7)
"$aipctl" key allow-votes 2 --network "$dir/network/network.key" --out "$dir/votes.rule" >/dev/null
for i in 1 2; do "$aipctl" key vote "$other" --keys "$dir/keys$i" --out "$dir/vote$i" >/dev/null; done
if ctl 1 key announce "$dir/vote1" >/dev/null 2>&1; then fail "a vote counted before the root allowed any"; fi
for word in votes.rule vote1 vote2; do ctl 1 key announce "$dir/$word" >/dev/null || fail "$word"; done
wait_for "n2 has heard of both votes" 20 grep -q "2 members have revoked identity $other" "$dir/n2.log"
ok "two members put an identity out together"

# Offline, from that file.
for i in 1 2 3; do kill -KILL "${pid[$i]}" && unset "pid[$i]"; done
"$aipctl" ledger audit --bundle "$dir/model.lineage" --network "$root" --json >"$dir/audit" || fail "offline: $(jq -c '.notes, .rows[].verdict' "$dir/audit")"
verified "$dir/audit" || fail "offline: $(jq -c '.rows[].verdict' "$dir/audit")"
ok "offline, every daemon dead: $(jq -r '.notes[0]' "$dir/audit")"
if command -v go >/dev/null; then
    "$(dirname "$0")/../outside/lineage.sh" "$dir/model.lineage" "$(awk '{print $NF}' "$root")" "$dir/early.revocation" >"$dir/outside" || fail "outside: $(cat "$dir/outside")"
    ok "with nothing of ours: $(sed -n "s|^$dir/model.lineage: ||p" "$dir/outside")"
else
    echo "no go: the history is not checked by others' programs"
fi

# The same with the word that n3 was revoked from before its step.
{ head -c -32 "$dir/model.lineage" && printf '\005\000\000\000\165' && cat "$dir/early.revocation"; } >"$dir/revoked.lineage"
openssl dgst -sha256 -binary "$dir/revoked.lineage" >"$dir/digest"
cat "$dir/digest" >>"$dir/revoked.lineage"
status=0
"$aipctl" ledger audit --bundle "$dir/revoked.lineage" --network "$root" --json >"$dir/audit" || status=$?
((status == 4)) || fail "a revoked identity: status $status"
grep -q "was revoked from 2026-01-01T00:00:00Z by the network root" "$dir/audit" || fail "$(jq -c '.rows[].verdict' "$dir/audit")"
ok "a step by an identity that was revoked from before it: not verified"

at=$(($(wc -c <"$dir/model.lineage") / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$dir/model.lineage" | tr -d ' ')
printf "\\$(printf %o $((byte ^ 1)))" | dd of="$dir/model.lineage" bs=1 seek="$at" conv=notrunc 2>/dev/null
status=0
"$aipctl" ledger audit --bundle "$dir/model.lineage" --network "$root" >/dev/null 2>"$dir/said" || status=$?
((status == 4)) || fail "a flipped bit: status $status"
ok "one flipped bit: $(cat "$dir/said")"
echo "$checks checks"
