#!/usr/bin/env bash
# Tasks over real daemons: made, joined, left, listed and shown; a journey by the rules of its task alone; and whatever
# a person or a stranger gets wrong.
. "$(dirname "$0")/lib.sh"
start_line
trainer=$BUILD/examples/example_trainer
state() { ctl "$1" task list --json | jq -er --arg name "$2" '.rows[] | select(.task == $name) | .state'; }
is() { [[ $(state "$1" "$2") == "$3" ]]; }
rule() { ctl "$1" task show "$2" --json | jq -er --arg rule "$3" '.rows[0][$rule]'; }
members() { ctl "$1" interest --json | jq -r --arg task "$2" '[.rows[] | select(.task == $task) | .node] | join(" ")'; }
are() { [[ $(members "$1" "$2") == "$3" ]]; }
start_trainer() { # NODE TASK
    "$trainer" --socket "$dir/n$1.sock" --task "$2" --classes 1,2 >>"$dir/trainer$1.log" 2>&1 &
    pid[trainer$1]=$!
}

# Made at n1: every node knows it, with its rules; nobody else takes part unasked.
key=$(ctl 1 task create fashion --classes 10 --policy compute --weight jump=0.25 --stops 4 --steps 10 --json | jq -r '.rows[0].key')
[[ $key =~ ^fashion@[0-9a-f]{32}$ ]] || fail "the key is '$key'"
for i in 2 3; do wait_for "n$i knows the task" 10 is "$i" fashion known; done
is 1 fashion joined || fail "who makes a task has not joined it"
[[ $(rule 3 fashion policy) == compute && $(rule 3 "$key" budget_stops) == 4 && $(rule 3 fashion jump) == 0.25 ]] || fail "n3 has other rules"
[[ $(rule 3 fashion creator) == "${address[1]}" ]] || fail "n3 does not know who made it"
ok "a task made at n1 is known at n2 and n3, rule by rule"

# Joined at n2, not at n3: programs say the name, and follow their node.
ctl 2 task join "${key:0:12}" >/dev/null
ctl 2 task join fashion >/dev/null || fail "joining twice is no mistake"
start_trainer 2 fashion
start_trainer 3 fashion
wait_for "n1 knows the member" 20 are 1 "$key" "${address[2]}"
wait_for "n3 is in the open task" 20 are 3 fashion "${address[3]}"
ok "who joined is a member; who did not stays outside"

# The rules of the task make the journey.
"$make_model" "$dir/mlp" >/dev/null
journey=$(ctl 1 send "$dir/mlp" --task "$key" --json 2>/dev/null | jq -r '.rows[0].journey')
over() { ctl 2 journey list --json | jq -e --arg id "$journey" '.rows[] | select(.journey == $id and .state == "ended" and .stops == 4)'; }
wait_for "the journey has made the stops of its task" 30 over
ctl 2 journey list --json | jq -e --arg id "$journey" --arg task "$key" '.rows[] | select(.journey == $id) | .task == $task' >/dev/null || fail "the journey is of another task"
ok "send --task: 4 stops, as the task's budget says"
ctl 1 interest fashion --json >"$dir/table"
jq -e '.rows[0] | .cost > 0 and .path_cost > 0 and .training_s > 0 and (.why | contains("seconds until it has trained"))' "$dir/table" >/dev/null || fail "no reason in $(cat "$dir/table")"
jq -e '.notes[0] | contains("policy compute")' "$dir/table" >/dev/null || fail "not judged by the policy of the task"
ok "$(jq -r '.notes[0]' "$dir/table" | cut -c1-150)"

# Left: the interest is withdrawn, and models go nowhere.
ctl 2 task leave fashion >/dev/null
is 2 fashion left || fail "n2 has not left"
wait_for "nobody is a member any more" 20 are 1 "$key" ""
refused 1 'nobody we know of serves task' ctl 1 send "$dir/mlp" --task "$key"
refused 1 'not joined' ctl 2 task leave fashion
refused 1 'not joined' ctl 3 task leave fashion
ctl 2 task join fashion >/dev/null
wait_for "n2 is a member again" 20 are 1 "$key" "${address[2]}"
ok "left, and joined again"

# A restart forgets nothing.
stops 2
start 2
wait_for "n2 is back" 20 is 2 fashion joined
ok "a restart forgets no membership"

# Mistakes.
refused 1 "no task 'nobody@00' is known" ctl 1 task join nobody@00
refused 1 "nobody we know of has created a task 'nobody'" ctl 1 task join nobody
refused 1 "no task 'nobody@00' is known" ctl 1 task show nobody@00
refused 1 "no task 'nobody@00' is known" ctl 1 interest nobody@00
refused 1 'no next-stop policy .telepathy.; there are coverage' ctl 1 task create x --policy telepathy
refused 1 'no weight is called .speed.; there are' ctl 1 task create x --weight speed=1
refused 1 "weight 'jump' is not understood" ctl 1 task create x --weight jump
refused 1 'jump' ctl 1 task create x --weight jump=2
refused 1 'theta' ctl 1 task create x --theta -1
refused 1 'name' ctl 1 task create 'No Name'
refused 1 'accuracy' ctl 1 task create x --accuracy 1.5
refused 1 "'soon' is not understood" ctl 1 task create x --late soon
refused 1 'sketch|classes' ctl 1 task create x --classes 65
refused 1 'no node address' ctl 1 task create x --member n2
refused 1 'no version id' ctl 1 task create x --base 12
refused 1 'sets no budget' ctl 1 send "$dir/mlp" --task open
many=()
for ((i = 0; i < 49; ++i)); do many+=(--member "${address[1]%:*}:$(printf %x $((i + 1)))"); done
refused 1 'member' ctl 1 task create x "${many[@]}"
ctl 1 task create listed --member "${address[1]}" --stops 1 >/dev/null
wait_for "n3 knows the task" 10 is 3 listed known
refused 1 'is for the members its record lists' ctl 3 task join listed
ctl 3 task create fashion >/dev/null
wait_for "n2 knows both tasks" 10 bash -c "[[ \$('$aipctl' --socket '$dir/n2.sock' task list --json | jq '[.rows[] | select(.task == \"fashion\")] | length') == 2 ]]"
ctl 2 task leave "$key" >/dev/null
refused 1 'ambiguous; say which: fashion@' ctl 2 task show fashion

# A stranger, certified by another network, in the place of n3: what it makes reaches nobody.
stops 3
"$aipctl" network create "$dir/elsewhere" >/dev/null
"$aipctl" key create "$dir/keys4" >/dev/null
"$aipctl" key certify "$dir/keys4" --network "$dir/elsewhere/network.key" >/dev/null
sed "s|state3|state4|; s|keys3|keys4|; s|n3.sock|n4.sock|" "$dir/n3.toml" >"$dir/n4.toml"
start 4
wait_for "the stranger runs" 20 ctl 4 status
ctl 4 task create intruder >/dev/null
refusals() { ctl 2 counters --json | jq '[.rows[] | select(.counter == "dropped.foreign-network") | .value] | add'; }
before=$(refusals)
refuses() { (($(refusals) > before + 1)); }
wait_for "n2 drops what the stranger says" 15 refuses
! state 2 intruder >/dev/null || fail "the task of a stranger is known at n2"
ok "the task of a stranger is known to nobody"

for i in 1 2 4; do stops "$i"; done
echo "$checks checks"
