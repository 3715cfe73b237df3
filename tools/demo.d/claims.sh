# What tools/demo claims, each checked with numbers. Sourced by tools/demo.

stops=160
failed=0

pass() { say "PASS  $*"; }
claim() { # CONDITION TEXT: the condition is awk arithmetic
    if awk "BEGIN { exit !($1) }"; then pass "$2"; else say "FAIL  $2" && failed=$((failed + 1)); fi
}

say_what_this_is() {
    local how="as root: four network namespaces, DPDK ports (net_af_packet) on veth pairs, MTU 9000"
    [[ $(mode) == dpdk ]] || how="without root, or asked to: four daemons on UDP ports over loopback"
    cat <<TEXT
aipacket: a model travels to the data. Four nodes ($how):

          n1 ------- n2 ------- n3 ------- n4
                      '---------------------'
    data: n1 classes ${shards[1]}   n2 ${shards[2]}   n3 ${shards[3]}   n4 ${shards[4]}   of Fashion-MNIST, nothing shared

Routes between neighbours are found by themselves; the others are static: n1 -> n4 goes over n2 and n3.
TEXT
}

# ---- the journey ----

# Prints stops that have not been shown yet, in order, from the records all nodes have of the journey. One jq for all: a
# record keeps the last 32 stops, so this must be quick.
show_new_stops() {
    for i in 1 2 3 4; do ctl "$i" journey show "$journey" --json 2>/dev/null || true; done |
        jq -rs --argjson shown "$shown" '
            [.[].rows[] | select(.stop > $shown)] | unique_by(.stop) | to_entries
            | map(select(.value.stop == $shown + 1 + .key).value)[]
            | [.stop, .node, .lap // 0, .samples, .accuracy, .wire_bytes, .hops, .trained_ms, .version, .why] | @tsv' >"$dir/new"
    while IFS=$'\t' read -r stop node lap samples accuracy bytes hops ms version why; do
        printf '  stop %3d at %s  lap %2d  %d samples  accuracy %.3f  %7d B over %d hop(s)  %3d ms  because: %s\n' \
            "$stop" "${node_of[$node]}" "$lap" "$samples" "$accuracy" "$bytes" "$hops" "$ms" "$why"
        printf '%s %s %s %s\n' "$stop" "$accuracy" "$bytes" "$version" >>"$dir/stops"
        shown=$stop
    done <"$dir/new"
}

follow_until() { # STOP
    local limit=$((SECONDS + 90))
    while ((shown < $1)); do
        ((SECONDS < limit)) || fail "the journey did not reach stop $1; it is at $shown: $(ctl 1 journey list)"
        show_new_stops
        sleep 0.1
    done
}

# Lets a second pass while the journey goes on: a record keeps the last 32 stops, so it must be read often.
a_second_later() { for _ in 1 2 3 4; do show_new_stops && sleep 0.15; done; }

is_training() { ctl "$1" journey list --json | jq -e '.rows[] | select(.state == "training")' >/dev/null; }

start_journey() { # FILE STOPS
    ctl 1 send "$1" --task fashion --stops "$2" --json 2>/dev/null | jq -r '.rows[0].journey'
}

claim_journey_and_kills() {
    headline "1 and 3. An MLP with 64 hidden units journeys $stops stops of 10 steps; a daemon and a trainer are killed"
    "$build/examples/example_make_model" "$dir/mlp.safetensors" >/dev/null
    shown=0
    journey=$(start_journey "$dir/mlp.safetensors" "$stops")
    say "journey $journey starts at n1, without a plan: each holder picks the next stop"
    meanwhile=show_new_stops
    follow_until 40
    kill -KILL "${pid[daemon3]}"
    say "  !! SIGKILL: the daemon of n3 is dead; it is started again in a second, its trainer too"
    a_second_later
    start_daemon 3
    wait_for "n3 is back" 20 reaches_all 3
    start_trainer 3
    follow_until 80
    kill -STOP "${pid[trainer2]}"
    wait_for "the model is with the trainer of n2" 30 is_training 2
    kill -KILL "${pid[trainer2]}"
    say "  !! SIGKILL: the trainer of n2 is dead with the model in its hands; it is started again in a second"
    a_second_later
    start_trainer 2
    follow_until "$stops"
    meanwhile=true
    claim "$shown == $stops" "the model made all $stops stops, through a killed daemon and a killed trainer"
    last_version=$(awk 'END { print $4 }' "$dir/stops")
    last_lap=$(tail -n 4 "$dir/stops" | awk '{ sum += $2 } END { printf "%.4f", sum / NR }')
}

# ---- a big file ----

claim_file_across_the_line() {
    headline "2. A file of 120 MB goes from n1 to n4 over n2 and n3"
    "$build/examples/example_make_model" "$dir/big.safetensors" --random-bytes 120M >/dev/null
    ctl 4 recv --out "$dir/arrived.safetensors" --timeout 60 --json >"$dir/received" 2>/dev/null &
    local receiving=$! there
    ctl 1 send "$dir/big.safetensors" --to "${address[n4]}" --task big --json >"$dir/sent"
    wait "$receiving" || fail "n4 did not receive the file: $(cat "$dir/received")"
    say "sent      $(jq -r '.rows[0].sha256' "$dir/sent")  $(jq -r '.rows[0].bytes' "$dir/sent") bytes in $(jq -r '.rows[0].elapsed_ms' "$dir/sent") ms, receipt signed by n4"
    say "received  $(sha256sum <"$dir/arrived.safetensors" | cut -d' ' -f1)  $(stat -c %s "$dir/arrived.safetensors") bytes"
    cmp -s "$dir/big.safetensors" "$dir/arrived.safetensors" && there=1 || there=0
    claim "$there == 1" "both ends have the same file"
}

# ---- bytes ----

counter() { jq --arg name "$1" '[.rows[] | select(.counter | test($name)) | .value] | add // 0' "$2"; }

snapshot() { # NAME
    for i in 1 2 3 4; do ctl "$i" counters --json >"$dir/$1.n$i"; done
    [[ $kind == dpdk ]] || return 0
    for i in 1 2 3 4; do
        for file in $(ip netns exec "$tag-n$i" sh -c 'ls -d /sys/class/net/to*'); do
            ip netns exec "$tag-n$i" cat "$file/statistics/tx_bytes"
        done
    done | awk '{ sum += $1 } END { printf "%.0f\n", sum }' >"$dir/$1.kernel"
}

grown() { # PATTERN: by how much counters of that name grew between the snapshots, over all nodes
    local sum=0
    for i in 1 2 3 4; do sum=$((sum + $(counter "$1" "$dir/after.n$i") - $(counter "$1" "$dir/before.n$i"))); done
    echo "$sum"
}

claim_bytes_are_accounted_for() {
    headline "5a. A second model journeys 24 stops, undisturbed, counted to the byte"
    "$build/examples/example_make_model" "$dir/second.safetensors" --seed 2 >/dev/null
    rm -f "$dir/stops"
    shown=0
    snapshot before
    journey=$(start_journey "$dir/second.safetensors" 24)
    follow_until 24 >/dev/null
    sleep 1 # the last receipt
    snapshot after
    local tx originated forwarded claimed transfers other
    tx=$(grown '^port\..*\.tx_bytes$')
    originated=$(grown '^port\..*\.originated_bytes$')
    forwarded=$(grown '^port\..*\.forwarded_bytes$')
    other=$(grown '^originated\.(hello|interest|interest-ack|query)\.bytes$')
    transfers=$(grown '^originated\.(offer|accept|symbol|ack|receipt|cancel)\.bytes$')
    claimed=$(awk '{ sum += $3 } END { print sum }' "$dir/stops")
    say "the stops claim $claimed bytes of transfers; the ports sent $tx bytes: $originated by their own nodes, $forwarded for others"
    say "of what nodes sent themselves, transfers are $transfers, neighbour hellos and interest records $other"
    claim "$tx == $originated + $forwarded" "every byte a port sent was originated or forwarded, and counted as such"
    claim "$originated == $transfers + $other" "every originated byte belongs to a kind of packet"
    claim "$claimed <= $transfers && $transfers - $claimed <= 24 * 2500" \
        "the transfers' bytes are what the stops claim, but for $((transfers - claimed)) of receipts and last acknowledgements"
    [[ $kind == dpdk ]] || return 0
    local kernel packets
    kernel=$(($(cat "$dir/after.kernel") - $(cat "$dir/before.kernel")))
    packets=$(grown '^port\..*\.tx_packets$')
    claim "$kernel >= $tx + 14 * $packets && $kernel - $tx - 14 * $packets < 40000" \
        "the kernel counted $kernel bytes on the veths: the ports' $tx and 14 of Ethernet on each of $packets packets"
}

# ---- learning ----

claim_learning() {
    headline "4. What the journey was worth (1,000 test images; every model made the same number of steps)"
    "$build/examples/example_baseline" --stops "$stops" --json | tail -n 1 >"$dir/baseline"
    local alone pooled
    alone=$(jq .alone "$dir/baseline")
    pooled=$(jq .pooled "$dir/baseline")
    printf '  at one node alone %.3f    travelled (mean of the last lap) %.3f    pooled %.3f\n' "$alone" "$last_lap" "$pooled"
    claim "$last_lap >= $pooled - 0.15" "the travelled model is within 15 points of pooled training"
    claim "$last_lap >= $alone + 0.35" "it is at least 35 points above the one that stayed"
}

show_tables() {
    headline "What a node says about itself"
    say "n1 routes:" && ctl 1 routes
    say "n1 interest:" && ctl 1 interest fashion
    say "n1 ledger, the end of it:" && ctl 1 ledger log | tail -n 8 | cut -c1-180
    say "audit of the last version of the journey, $last_version, asked of n1:"
    local audit=0
    ctl 1 ledger audit "$last_version" --network "$dir/network/network.pub" >"$dir/audit" || audit=$?
    head -n 4 "$dir/audit" | cut -c1-200
    say "  ..."
    tail -n 3 "$dir/audit" | cut -c1-200
    claim "$audit == 0 && $(grep -c ' verified *$' "$dir/audit" || true) == $stops + 1" \
        "all $stops stops and the origin were found in four ledgers, every signature and proof checked"
}

claim_outside_proof() {
    headline "5b. The ledgers, checked by a Go program that shares no code with us"
    local root good=0
    root=$(awk '{ print $3 }' "$dir/network/network.pub")
    for i in 1 2 3 4; do
        ctl "$i" ledger export "$dir/export$i" >/dev/null
        if tests/outside/run.sh "$dir/export$i" "$root" 2>&1 | sed "s/^/  n$i: /" | tee "$dir/outside$i" | cut -c1-180; then
            grep -q 'outside verification: good' "$dir/outside$i" && good=$((good + 1))
        fi
    done
    claim "$good == 4" "it verified every checkpoint and proof of four ledgers, and refused each after one flipped bit"
}

verdict() {
    headline "done"
    if ((failed > 0)); then say "$failed claim(s) FAILED" && exit 1; fi
    say "every claim holds; $((SECONDS - begin)) s in all"
}
