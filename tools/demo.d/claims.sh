# What tools/demo claims, each checked with numbers. Sourced by tools/demo.

stops=160        # as the task says
counted=24       # stops of the second journey
time_limit=180   # seconds in all
failed=0
verdicts=()

# claim CONDITION TEXT: the condition is awk arithmetic, the text has the numbers.
claim() {
    local word=PASS
    awk "BEGIN { exit !($1) }" || { word=FAIL && failed=$((failed + 1)); }
    verdicts+=("$word  $2")
    say "$word  $2"
}

say_what_this_is() {
    local how="four network namespaces, DPDK ports (net_af_packet) on veth pairs, MTU 9000"
    [[ $kind == dpdk ]] || how="four daemons on UDP ports over loopback"
    cat <<TEXT
aipacket: the data stays where it is, and the model travels to it.
Here: $how ($because).

          n1 ------- n2 ------- n3 ------- n4      at each node a daemon, aipacketd, and beside it
                      \\                    /       a trainer program that alone holds its images
                       '------------------'

    Fashion-MNIST, nothing shared:  n1 classes ${shards[1]}   n2 ${shards[2]}   n3 ${shards[3]}   n4 ${shards[4]}

Nobody is told where anything is: neighbours find each other, and Babel finds the routes; n1 reaches n4 over n2.
TEXT
}

# ---- the journey ----

# Prints the stops that have not been shown yet, in order, and appends them to $record. A journey record keeps the last
# 32 stops, so this must be quick; stops that are lost to it all the same are not waited for.
show_new_stops() {
    for i in 1 2 3 4; do ctl "$i" journey show "$journey" --json 2>/dev/null || true; done |
        jq -rs --argjson shown "$shown" '
            [.[].rows[] | select(.stop > $shown)] | unique_by(.stop)
            | (if length > 0 and .[-1].stop > $shown + 36 then .[0].stop else $shown + 1 end) as $from
            | to_entries | map(select(.value.stop == $from + .key).value)[]
            | [.stop, .node, .lap // 0, .samples, .accuracy, .wire_bytes, .hops, .trained_ms, .version, .why] | @tsv' >"$dir/new"
    while IFS=$'\t' read -r stop node lap samples accuracy bytes hops ms version why; do
        ((stop == shown + 1)) || say "  (stops $((shown + 1)) to $((stop - 1)) were over before this script looked)"
        printf '  stop %3d at %s  lap %2d  %d samples  accuracy %.3f  %7d B over %d hop(s)  %4d ms  because: %s\n' \
            "$stop" "${node_of[$node]}" "$lap" "$samples" "$accuracy" "$bytes" "$hops" "$ms" "$why"
        printf '%s %s %s %s %s %s\n' "$stop" "$accuracy" "$bytes" "$hops" "$version" "${node_of[$node]}" >>"$record"
        shown=$stop
    done <"$dir/new"
}

follow_until() { # STOP
    local limit=$((SECONDS + 60))
    while ((shown < $1)); do
        ((SECONDS < limit)) || fail "the journey did not reach stop $1; it is at $shown: $(ctl 1 journey list)"
        show_new_stops
        sleep 0.1
    done
}

start_journey() { # FILE NAME OPTIONS...
    local file=$1
    record=$dir/stops.$2
    shift 2
    : >"$record"
    shown=0
    journey=$(ctl 1 send "$file" --task fashion "$@" --json 2>"$dir/said" | jq -r '.rows[0].journey')
    [[ -n $journey ]] || fail "the journey did not start: $(cat "$dir/said")"
}

a_second_later() { for _ in 1 2 3 4; do show_new_stops && sleep 0.2; done; }

is_training() { ctl "$1" journey list --json | jq -e '.rows[] | select(.state == "training")' >/dev/null; }

# Stops the trainer of a node in its tracks and waits until it has the model, so that what is killed next holds it.
catch_at() { # NODE
    kill -STOP "${pid[trainer$1]}"
    wait_for "the model is with the trainer of n$1" 30 is_training "$1"
    sleep 0.2
    show_new_stops
}

kill_daemon_that_holds_the_model() {
    catch_at 3
    kill -KILL "${pid[daemon3]}"
    kill -CONT "${pid[trainer3]}"
    say "  !! SIGKILL: the daemon of n3 is dead, with the model in its custody after stop $shown"
    a_second_later
    local before=$shown
    start_daemon 3
    wait_for "n3 is back" 20 reaches_all 3
    say "  !! n3 is started again: $(sed -n 's/.*\(ledger of [0-9]* entries\).*/\1/p' "$dir/n3.log" | tail -n 1), and has the model still; its trainer is started too"
    claim "$shown == $before" "while its holder was dead the model was nowhere else: no stop after $before"
    start_trainer 3
}

kill_trainer_that_holds_the_model() {
    catch_at 2
    kill -KILL "${pid[trainer2]}"
    say "  !! SIGKILL: the trainer of n2 is dead with the model in its hands after stop $shown"
    a_second_later
    say "  !! the daemon of n2 says: $(sed -n 's/.* info \(the program that held\)/\1/p' "$dir/n2.log" | tail -n 1)"
    start_trainer 2
}

claim_journey_and_kills() {
    headline "1 and 3. An MLP with 64 hidden units journeys $stops stops of 10 steps; a daemon and a trainer are killed"
    "$make_model" "$dir/mlp.safetensors" >/dev/null
    snapshot first
    start_journey "$dir/mlp.safetensors" first
    say "journey $journey starts at n1, without a plan: each holder picks the next stop, by the rules of the task"
    meanwhile=show_new_stops
    follow_until 40
    kill_daemon_that_holds_the_model
    follow_until 80
    kill_trainer_that_holds_the_model
    follow_until "$stops"
    meanwhile=true
    sleep 0.5 # the last receipt
    local copies
    copies=$(for i in 1 2 3 4; do ctl "$i" journey list --json; done | jq -s '[.[].rows[] | select(.state != "passed on")] | length')
    claim "$shown == $stops && $copies == 1" \
        "the model made $shown of $stops stops, through a killed daemon and a killed trainer, and $copies node has it in custody now"
    snapshot first-end
    last_version=$(awk 'END { print $5 }' "$record")
    last_lap=$(tail -n 4 "$record" | awk '{ sum += $2 } END { printf "%.4f", sum / NR }')
    claim_kernel_saw_the_journey
}

# ---- a big file ----

claim_file_across_the_line() {
    headline "2. A file of 120 MB goes from n1 to n4 over n2 and n3"
    "$make_model" "$dir/big.safetensors" --random-bytes 120M >/dev/null
    "$aipctl" --socket "$dir/n4.sock" recv --out "$dir/arrived.safetensors" --timeout 60 --json >"$dir/received" 2>"$dir/said" &
    pid[recv]=$!
    ctl 1 send "$dir/big.safetensors" --to "${address[n4]}" --task big --json >"$dir/sent"
    wait "${pid[recv]}" || fail "n4 did not receive the file: $(tail -n 1 "$dir/said")"
    unset 'pid[recv]'
    local sent arrived ms bytes same=0
    sent=$(sha256sum <"$dir/big.safetensors" | cut -d' ' -f1)
    arrived=$(sha256sum <"$dir/arrived.safetensors" | cut -d' ' -f1)
    bytes=$(stat -c %s "$dir/arrived.safetensors")
    ms=$(jq -r '.rows[0].elapsed_ms' "$dir/sent")
    say "  at n1, sha256sum  $sent"
    say "  at n4, sha256sum  $arrived"
    [[ $sent == "$arrived" && $sent == "$(jq -r '.rows[0].sha256' "$dir/sent")" ]] && same=1
    claim "$same && $bytes >= 100000000" "$bytes bytes went from n1 to n4 through n2 in $ms ms, n4 signed the receipt, both ends have the same SHA-256"
}

# ---- bytes ----

counter() { jq --arg name "$1" '[.rows[] | select(.counter | test($name)) | .value] | add // 0' "$2"; }

snapshot() { # NAME: every node's counters, and the kernel's bytes and packets sent on all veths
    for i in 1 2 3 4; do ctl "$i" counters --json >"$dir/$1.n$i"; done
    [[ $kind == dpdk ]] || return 0
    for i in 1 2 3 4; do
        ip netns exec "$tag-n$i" sh -c 'for at in /sys/class/net/to*/statistics; do echo $(cat $at/tx_bytes $at/tx_packets); done'
    done | awk '{ bytes += $1; packets += $2 } END { printf "%.0f\n", bytes - 14 * packets }' >"$dir/$1.kernel"
}

# How many bytes the kernel sent between two snapshots, without the 14 of Ethernet on each packet.
kernel_grew() { echo $(($(cat "$dir/$2.kernel") - $(cat "$dir/$1.kernel"))); }

grown() { # PATTERN: by how much counters of that name grew from before to after, over all nodes
    local sum=0
    for i in 1 2 3 4; do sum=$((sum + $(counter "$1" "$dir/after.n$i") - $(counter "$1" "$dir/before.n$i"))); done
    echo "$sum"
}

# Counters of a killed daemon begin anew; the kernel's do not.
claim_kernel_saw_the_journey() {
    [[ $kind == dpdk ]] || return 0
    local kernel claimed
    kernel=$(kernel_grew first first-end)
    claimed=$(awk '{ sum += $3 * $4 } END { printf "%.0f", sum }' "$record")
    claim "$kernel >= $claimed && $kernel <= $claimed * 1.05" \
        "the stops claim $claimed bytes, each times its links; the kernel counted $kernel on the veths ($((kernel - claimed)) of offers, receipts, routing, interest, and repeats to the dead)"
}

claim_bytes_are_accounted_for() {
    headline "5a. A second model journeys $counted stops, undisturbed, counted to the byte"
    "$make_model" "$dir/second.safetensors" --seed 2 >/dev/null
    snapshot before
    start_journey "$dir/second.safetensors" second --stops "$counted"
    follow_until "$counted" >/dev/null
    sleep 1 # the last receipt
    snapshot after
    local tx originated forwarded claimed carried kinds models papers
    tx=$(grown '^port\..*\.tx_bytes$')
    originated=$(grown '^port\..*\.originated_bytes$')
    forwarded=$(grown '^port\..*\.forwarded_bytes$')
    models=$(grown '^originated\.(accept|symbol|ack)\.bytes$')
    papers=$(grown '^originated\.(offer|receipt|cancel)\.bytes$')
    kinds=$(grown '^originated\..*\.bytes$')
    claimed=$(awk '{ sum += $3 } END { print sum }' "$record")
    carried=$(awk '{ sum += $3 * ($4 - 1) } END { print sum }' "$record")
    say "  the stops claim $claimed bytes; nodes in between carried $carried of them again"
    say "  nodes sent $models bytes of models and acknowledgements, $papers of offers and receipts, $((kinds - models - papers)) of routing and interest"
    claim "$tx == $originated + $forwarded" "ports sent $tx bytes = $originated of their own nodes + $forwarded for others"
    claim "$originated == $kinds" "of the $originated every byte belongs to one kind of packet"
    claim "$models >= $claimed && $models <= $claimed * 1.005" "the stops claim what was sent, but for $((models - claimed)) bytes that came late or again"
    claim "$forwarded >= $carried && $forwarded - $carried <= 2 * ($kinds - $claimed)" \
        "what was carried for others is what the stops' hops say, and $((forwarded - carried)) bytes of offers, receipts and interest"
    [[ $kind == dpdk ]] || return 0
    local kernel
    kernel=$(kernel_grew before after)
    claim "$kernel >= $tx - 10000 && $kernel <= $tx + 10000" "the kernel counted $kernel bytes on the veths, the ports $tx (routing between two readings)"
}

# ---- learning ----

claim_learning() {
    headline "4. What the journey was worth (1,000 test images; every model made the same number of steps)"
    "$baseline" --stops "$stops" --classes "${shards[1]}" --json | tail -n 1 >"$dir/baseline"
    local alone pooled
    alone=$(jq .alone "$dir/baseline")
    pooled=$(jq .pooled "$dir/baseline")
    printf '  at n1 alone %.3f    travelled (mean of the last lap) %.3f    pooled %.3f\n' "$alone" "$last_lap" "$pooled"
    claim "$last_lap >= $pooled - 0.15" "travelled $last_lap is within 15 points of pooled $(printf %.4f "$pooled")"
    claim "$last_lap >= $alone + 0.35" "travelled $last_lap is at least 35 points above alone $(printf %.4f "$alone")"
}

show_tables() {
    headline "What a node says about itself"
    say "aipctl routes, at n1:" && ctl 1 routes
    say "aipctl task show fashion, at n4:" && ctl 4 task show fashion
    say "aipctl interest fashion, at n1:" && ctl 1 interest fashion
    say "aipctl ledger log, at n1, the end of it:" && ctl 1 ledger log | tail -n 8 | cut -c1-180
}

# ---- proofs ----

claim_audit() {
    headline "4. aipctl ledger audit of the last version of the journey, asked of n1"
    local status=0 steps chain=0
    ctl 1 ledger audit "$last_version" --network "$dir/network/network.pub" >"$dir/audit" || status=$?
    head -n 4 "$dir/audit" | cut -c1-200
    say "  ..."
    tail -n 3 "$dir/audit" | cut -c1-200
    ctl 1 ledger audit "$last_version" --network "$dir/network/network.pub" --json >"$dir/audit.json" || status=$?
    steps=$(jq '[.rows[] | select(.verdict == "verified")] | length' "$dir/audit.json")
    claim "$status == 0 && $steps == $stops + 1" "$steps versions, $stops stops and the origin, found in four ledgers; every signature and proof checked"
    # The same versions, in the same order, as the stops said when they were made.
    jq -r '.rows[].version' "$dir/audit.json" | tac | tail -n +2 | awk '{ print NR, $1 }' >"$dir/chain"
    awk '{ print $1, $5 }' "$dir/stops.first" | grep -vxFf "$dir/chain" >"$dir/strangers" || chain=1
    claim "$chain" "all $(wc -l <"$dir/stops.first") versions that were shown above are in it, each at its stop: nothing was lost"
}

claim_outside_proof() {
    headline "5b. The ledgers, checked by a Go program that shares no code with us"
    local root good=0
    root=$(awk '{ print $3 }' "$dir/network/network.pub")
    for i in 1 2 3 4; do
        ctl "$i" ledger export "$dir/export$i" >/dev/null
        if tests/outside/run.sh "$dir/export$i" "$root" >"$dir/outside$i" 2>&1; then good=$((good + 1)); fi
        sed "s/^/  n$i: /" "$dir/outside$i" | cut -c1-180
    done
    claim "$good == 4" "it verified every checkpoint and proof of $good of 4 ledgers, and refused each after one flipped bit"
}

verdict() {
    local took=$((SECONDS - begin))
    headline "done"
    claim "$took <= $time_limit" "all of this took $took s; $time_limit are allowed"
    say ""
    printf '%s\n' "${verdicts[@]}"
    if ((failed > 0)); then say "$failed of ${#verdicts[@]} claims FAILED" && exit 1; fi
    say "all ${#verdicts[@]} claims hold"
}
