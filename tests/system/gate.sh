#!/usr/bin/env bash
# The admission gate over real daemons (rfc/0013): n2 poisons what it trains, and what it hands on does not stay unseen.
. "$(dirname "$0")/lib.sh"
start_line
trainer=$BUILD/examples/example_trainer
start_trainer() { # NODE OPTIONS...
    "$trainer" --socket "$dir/n$1.sock" --task fashion --classes 0,1,2,3 --steps 20 "${@:2}" >>"$dir/trainer$1.log" 2>&1 &
    pid[trainer$1]=$!
}
members() { ctl "$1" interest fashion --json | jq -e '[.rows[] | select(.state != "no route")] | length == 3'; }
quarantined() { ctl "$1" models quarantine --json | jq -er '.rows[0].version'; }
caught() { quarantined 1 || quarantined 3; }
over() { for i in 1 2 3; do ctl "$i" journey list --json; done | jq -es --arg id "$journey" 'any(.[].rows[]; .journey == $id and .state == "ended" and .stops_left == 0)'; }

# A limit of the rule that asks programs, and of it alone: what they measure over the control socket decides.
ctl 1 task create fashion --classes 10 --weight gate.loss=0.3 --stops 5 >/dev/null
for i in 2 3; do wait_for "n$i knows the task and joins" 10 ctl "$i" task join fashion; done
start_trainer 1
start_trainer 2 --poison -3
start_trainer 3
for i in 1 2 3; do wait_for "n$i knows three members" 30 members "$i"; done

"$make_model" "$dir/mlp" >/dev/null
journey=$(ctl 1 send "$dir/mlp" --task fashion --json 2>/dev/null | jq -r '.rows[0].journey')
wait_for "a poisoned version is rejected" 60 caught
if quarantined 1 >/dev/null 2>&1; then at=1; else at=3; fi
bad=$(quarantined $at)
row=$(ctl $at models quarantine --json | jq -c '.rows[0]')
jq -e --arg from "${address[2]}" '.rule == "loss" and .from == $from and .maker == $from and .rejected_from >= 1' <<<"$row" >/dev/null || fail "the quarantine says $row"
ok "n$at rejected a version of n2: $(jq -r .why <<<"$row")"
grep -q "^measured $bad on 4 classes" "$dir/trainer$at.log" || fail "the program of n$at was not asked"
ok "its program measured that version, over the control socket"

# The ledger of the node that rejected says so, signed, with the rule and its figures.
index=$(ctl $at ledger log --json | jq -er '[.rows[] | select(.what == "rejected")][0].index')
entry=$(ctl $at ledger show "$index" --json)
jq -e --arg bad "$bad" --arg from "${address[2]}" '.rows[0] | .version == $bad and .what == "rejected"' <<<"$entry" >/dev/null || fail "the entry is $entry"
for word in rule loss before after limit class; do grep -q "$word" <<<"$entry" || fail "no '$word' in the entry $entry"; done
ok "entry $index: rejected by the rule, with its figures"
ctl $at ledger verify >/dev/null || fail "the ledger of n$at does not verify"

# The journey went on from the last good version, to its end.
wait_for "the journey has ended" 90 over
! grep -q "$bad" <(ctl $((4 - at)) models list --json) || fail "the poisoned version travelled on"
ok "the journey ended; the poisoned version stayed at n$at"

# What n2 is worth as a next stop.
ctl $at interest fashion --json | jq -e --arg n2 "${address[2]}" --arg other "${address[$((4 - at))]}" \
    '(.rows[] | select(.node == $n2) | .distrust_hops) > 0 and (.rows[] | select(.node == $other) | .distrust_hops) == 0' >/dev/null || fail "nobody is farther away"
ok "n2 is farther away as a next stop, the honest node is not"

for i in 1 2 3; do stops "$i"; done
echo "$checks checks"
