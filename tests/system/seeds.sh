#!/usr/bin/env bash
# Nodes that know only a seed find each other (rfc/0011 section 7), over IPv4 and over IPv6, and stay together when the
# seed dies. n6 has a certificate of another network and gets nothing.
#
#     n1 is the seed; n2 n3 n4 n5 know its address and nothing else
. "$(dirname "$0")/lib.sh"
nodes=(2 3 4 5)

make_keys_of_five() {
    "$aipctl" network create "$dir/network" >/dev/null
    "$aipctl" network create "$dir/elsewhere" >/dev/null
    for i in 1 2 3 4 5 6; do
        "$aipctl" key create "$dir/keys$i" >/dev/null
        local root=$dir/network/network.key
        ((i < 6)) || root=$dir/elsewhere/network.key
        address[$i]=$("$aipctl" key certify "$dir/keys$i" --network "$root" --json | jq -r '.rows[0].address')
    done
}
write_mesh_config() { # NODE HOST SEEDS
    printf '[node]\nstate_dir = "%s"\nkey_dir = "%s"\nhello_interval_ms = 200\n\n[control]\nsocket = "%s"\n' "$dir/state$1" "$dir/keys$1" "$dir/n$1.sock"
    printf '\n[[port]]\nname = "mesh"\nkind = "udp"\nlisten = "%s:%d"\nlearn_peers = true\nseeds = [%s]\n' "$2" $((base + $1)) "$3"
}
counter() { ctl "$1" counters --json | jq -r --arg name "$2" '.rows[] | select(.counter == $name) | .value'; }
more_than() { (($(counter "$1" "$2") > $3)); }
# Everybody has a link, up both ways, to each of the others.
meshed() {
    for i in "$@"; do
        (($(ctl "$i" peers --json | jq '[.rows[] | select(.state == "up")] | length') >= $# - 1)) || return 1
    done
}
all_ping() {
    for i in "$@"; do
        for j in "$@"; do
            ((i == j)) || ctl "$i" ping "${address[$j]}" -c 1 >/dev/null 2>&1 || return 1
        done
    done
}

make_keys_of_five
for host in 127.0.0.1 "[::1]"; do
    write_mesh_config 1 "$host" "" >"$dir/n1.toml"
    for i in "${nodes[@]}"; do write_mesh_config "$i" "$host" "\"$host:$((base + 1))\"" >"$dir/n$i.toml"; done
    for i in 1 "${nodes[@]}"; do start "$i"; done
    wait_for "five nodes with a link to each other" 40 meshed 1 "${nodes[@]}"
    wait_for "everybody reaches everybody" 20 all_ping 1 "${nodes[@]}"
    ok "$host: five nodes, four of which knew the seed alone, reach each other"

    write_mesh_config 6 "$host" "\"$host:$((base + 1))\"" >"$dir/n6.toml"
    start 6
    wait_for "the stranger asks" 20 more_than 1 dropped.foreign-network 3
    (($(counter 6 join.accepted) == 0)) || fail "a node of another network got an answer"
    [[ $(ctl 6 peers --json | jq '.rows | length') == 0 ]] || fail "a node of another network has peers"
    ok "$host: a node of another network gets nothing: $(counter 1 dropped.foreign-network) packets dropped as foreign-network"
    stops 6

    kill -KILL "${pid[1]}"
    wait "${pid[1]}" 2>/dev/null || true
    wait_for "they reach each other without the seed" 20 all_ping "${nodes[@]}"
    ok "$host: the seed is dead, and they still reach each other"
    for i in "${nodes[@]}"; do stops "$i"; done
    unset "pid[1]"
done
echo "$checks checks"
