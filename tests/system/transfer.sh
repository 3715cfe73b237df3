#!/usr/bin/env bash
# A file crosses a node in between; a receiver and a sender are killed in the middle and the rest goes on from there.
. "$(dirname "$0")/lib.sh"
start_line

"$make_model" "$dir/model" --random-bytes 30M >/dev/null
ctl 3 recv --out "$dir/got" --timeout 60 >/dev/null 2>&1 &
ctl 1 send "$dir/model" --to "${address[3]}" >/dev/null 2>&1
wait_for "the file is there" 20 cmp "$dir/model" "$dir/got"
ok "30 MB from n1 to n3 through n2"

# The receiver dies half-way. The sending daemon keeps custody; what had arrived is not sent again.
"$make_model" "$dir/big" --random-bytes 300M --seed 2 >/dev/null
symbols() { ctl 1 counters --json | jq '.rows[] | select(.counter == "originated.symbol.bytes") | .value'; }
before=$(symbols)
ctl 1 send "$dir/big" --to "${address[3]}" >"$dir/sent" 2>&1 &
sending=$!
half() { (($(symbols) - before > 150000000)); }
wait_for "half of it is sent" 60 half
kill -KILL "${pid[3]}"
start 3
ctl 3 status >/dev/null 2>&1 || wait_for "n3 is back" 20 ctl 3 status
ctl 3 recv --out "$dir/got2" --timeout 90 >/dev/null 2>&1 &
wait "$sending" || fail "the send did not survive its receiver: $(cat "$dir/sent")"
wait_for "the big file is there" 60 cmp "$dir/big" "$dir/got2"
sent=$(($(symbols) - before))
((sent < 450000000)) || fail "$sent bytes were sent for a file of 300 MB: what had arrived was sent again"
ok "300 MB through the death of its receiver, $sent bytes sent"

# The sender dies. After its restart the transfer goes on without the program that asked for it.
"$make_model" "$dir/third" --random-bytes 300M --seed 3 >/dev/null
before=$(symbols)
ctl 1 send "$dir/third" --to "${address[3]}" >/dev/null 2>&1 || true &
wait_for "half of it is sent" 60 half
kill -KILL "${pid[1]}"
start 1
ctl 3 recv --out "$dir/got3" --timeout 90 >/dev/null 2>&1 &
wait_for "the third file is there" 80 cmp "$dir/third" "$dir/got3"
ok "300 MB through the death of its sender"

for i in 1 2 3; do stops "$i"; done
ok "every daemon stops on SIGTERM, with status 0"
echo "$checks checks"
