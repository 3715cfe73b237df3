#!/usr/bin/env bash
# Daemons and trainers are killed at moments nobody chose while a model journeys. It makes every stop of its budget, one
# node has it at the end, and its whole history verifies. KILLS and SEED may be given.
. "$(dirname "$0")/lib.sh"
RANDOM=${SEED:=$((10#$(date +%N) % 32768))}
echo "seed $SEED"
trainer=$BUILD/examples/example_trainer
shards=(none 0,1,2,3 4,5,6 7,8,9)
stops=300
start_trainer() {
    "$trainer" --socket "$dir/n$1.sock" --task fashion --classes "${shards[$1]}" >>"$dir/trainer$1.log" 2>&1 &
    pid[trainer$1]=$!
}
members() { (($(ctl 1 interest fashion --json | jq '.rows | length') == 3)); }
made() { for i in 1 2 3; do ctl "$i" journey list --json 2>/dev/null || true; done | jq -s '[.[].rows[].stops] | max // 0'; }
over() { for i in 1 2 3; do ctl "$i" journey list --json; done | jq -es '[.[].rows[].state | select(. != "passed on")] == ["ended"]'; }

start_line
for i in 1 2 3; do start_trainer "$i"; done
wait_for "n1 knows three trainers" 40 members
"$make_model" "$dir/mlp" >/dev/null
ctl 1 send "$dir/mlp" --task fashion --stops "$stops" >/dev/null 2>&1

for ((kill = 1; kill <= ${KILLS:-6}; ++kill)); do
    sleep "0.$((RANDOM % 10))"
    node=$((1 + RANDOM % 3))
    if ((RANDOM % 2)); then
        kill -KILL "${pid[$node]}"
        echo "the daemon of n$node is killed after stop $(made)"
        sleep "0.$((RANDOM % 10))"
        start "$node"
        wait_for "n$node is back" 20 ctl "$node" status
        kill -KILL "${pid[trainer$node]}" 2>/dev/null || true # unless it has ended with its daemon
    else
        kill -KILL "${pid[trainer$node]}"
        echo "the trainer of n$node is killed after stop $(made)"
    fi
    start_trainer "$node"
done 2>/dev/null

wait_for "the journey is over" 120 over
(($(made) == stops)) || fail "the journey ended after $(made) stops of $stops"
ok "all $stops stops were made, and one node, no other, has the model"
for i in 1 2 3; do
    ctl "$i" ledger verify --network "$dir/network/network.pub" >/dev/null || fail "the ledger of n$i does not verify"
done
ok "three ledgers verify"
last=$(for i in 1 2 3; do ctl "$i" journey list --json; done | jq -rs '[.[].rows[] | select(.state == "ended")][0].version')
ctl 2 ledger audit "$last" --network "$dir/network/network.pub" --json >"$dir/audit" || fail "audit: $(jq -r '.notes[0]' "$dir/audit")"
trained=$(jq '[.rows[] | select(.what == "sgd")] | length' "$dir/audit")
((trained == stops)) || fail "the audit finds $trained stops of $stops"
ok "the history of the last version: $(jq -r '.notes[0]' "$dir/audit")"
for i in 1 2 3; do stops "$i"; done
echo "$checks checks"
