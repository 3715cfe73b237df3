#!/usr/bin/env bash
# Other people's Babel routers carry our routes, and a stock kernel with those routes forwards our packets: babeld and bird,
# each without and with a MAC (RFC 8967). Needs root for network namespaces.
#
#     A (aipacketd) toM ====== toA router toB ====== toM B (aipacketd)
#                                  babeld or bird, kernel forwarding
set -euo pipefail
: "${BUILD:?the build directory}"
aipctl=$BUILD/cli/aipctl
aipacketd=$BUILD/daemons/aipacketd/aipacketd
tag=aipb$$
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
declare -A pid=() address=()

skip() { echo "SKIPPED: $*" && exit 77; }
[[ $(id -u) == 0 ]] || skip "needs root: it makes network namespaces and opens raw packet ports"
for program in ip jq; do command -v "$program" >/dev/null || skip "the program $program is not there"; done
routers=()
for program in babeld bird; do
    if command -v "$program" >/dev/null; then routers+=("$program"); else echo "without $program, which is not there"; fi
done
((${#routers[@]})) || skip "neither babeld nor bird is there"
ip netns add "$tag-A" 2>/dev/null || skip "cannot make network namespaces"
dir=$(mktemp -d)

clean_up() {
    local status=$?
    set +e
    stop_all
    ((status == 0)) || tail -n 15 "$dir"/*.log >&2
    for name in A M B; do ip netns del "$tag-$name" 2>/dev/null; done
    rm -rf "$dir"
    exit "$status"
}
trap clean_up EXIT

fail() { echo "FAILED: $*" >&2 && exit 1; }
stop() { kill "${pid[$1]}" 2>/dev/null && wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
stop_all() { for name in "${!pid[@]}"; do stop "$name"; done; }
ctl() { "$aipctl" --socket "$dir/$1.sock" "${@:2}"; }

# wait_for WHAT SECONDS COMMAND...
wait_for() {
    local what=$1 limit=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < limit)) || fail "not within the time: $what"
        sleep 0.1
    done
}

make_links() {
    local node
    ip netns add "$tag-M" && ip netns add "$tag-B"
    ip netns exec "$tag-M" sysctl -qw net.ipv6.conf.all.forwarding=1
    for node in A B; do
        ip link add toM netns "$tag-$node" type veth peer name "to$node" netns "$tag-M"
        ip netns exec "$tag-$node" sysctl -qw net.ipv6.conf.toM.disable_ipv6=1 # or the kernel answers for us
        ip netns exec "$tag-M" sysctl -qw "net.ipv6.conf.to$node.accept_dad=0" # its link-local address is there at once
        ip -n "$tag-$node" link set lo up
        ip -n "$tag-$node" link set toM up
        ip -n "$tag-M" link set "to$node" up
    done
    ip -n "$tag-M" link set lo up
}

make_keys() {
    local node
    "$aipctl" network create "$dir/network" >/dev/null
    for node in A B; do
        "$aipctl" key create "$dir/keys$node" >/dev/null
        address[$node]=$("$aipctl" key certify "$dir/keys$node" --network "$dir/network/network.key" --json | jq -r '.rows[0].address')
    done
    (umask 077 && echo "$key" >"$dir/babel.key")
}

start_node() { # NODE KEY-FILE
    cat >"$dir/$1.toml" <<END
[node]
state_dir = "$dir/state$1"
key_dir = "$dir/keys$1"
hello_interval_ms = 500

[control]
socket = "$dir/$1.sock"

[[port]]
name = "toM"
kind = "dpdk"
device = "net_af_packet0,iface=toM"
foreign_routers = true
babel_key = "$2"
END
    ip netns exec "$tag-$1" "$aipacketd" --config "$dir/$1.toml" >>"$dir/$1.log" 2>&1 &
    pid[$1]=$!
}

start_babeld() { # KEY or nothing
    local keyed=()
    [[ -z $1 ]] || keyed=(-C "key id k type hmac-sha256 value $1" -C "default key k")
    ip netns exec "$tag-M" babeld -I "$dir/babeld.pid" -S "$dir/babeld.state" "${keyed[@]}" \
        -C "default type tunnel enable-timestamps true hello-interval 1" -C "interface toA" -C "interface toB" \
        -C "redistribute local deny" >>"$dir/router.log" 2>&1 &
    pid[M]=$!
}

start_bird() { # KEY or nothing
    local keyed=""
    [[ -z $1 ]] || keyed="authentication mac; password $(sed 's/../&:/g; s/:$//' <<<"$1") { algorithm hmac sha256; };"
    cat >"$dir/bird.conf" <<END
log stderr all;
router id 10.0.0.2;
protocol device { }
protocol kernel { ipv6 { export all; }; }
protocol babel {
    ipv6 { import all; export where source = RTS_BABEL; };
    interface "to*" { type wired; hello interval 1 s; $keyed };
}
END
    ip netns exec "$tag-M" bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl" -P "$dir/bird.pid" >>"$dir/router.log" 2>&1 &
    pid[M]=$!
}

reaches() { ctl "$1" routes --json | jq -e --arg to "${address[$2]}" '.rows[] | select(.destination == $to and .selected)'; }
forgot() { ! reaches "$1" "$2"; }
carries() { ip -n "$tag-M" -6 route show proto "$1" | grep "^${address[$2]}" | grep -qv unreachable; }

crosses_the_router() { # NAME
    "$BUILD/examples/example_make_model" "$dir/file" --random-bytes 3M >/dev/null
    ctl B recv --out "$dir/got" --timeout 60 >>"$dir/recv.log" 2>&1 &
    local receiving=$!
    ctl A send "$dir/file" --to "${address[B]}" >>"$dir/send.log" 2>&1 || fail "$1: the file was not taken: $(tail -n 1 "$dir/send.log")"
    wait "$receiving" || fail "$1: the file did not arrive"
    cmp "$dir/file" "$dir/got" || fail "$1: another file arrived"
    rm "$dir/got" "$dir/file"
}

a_line_through() { # ROUTER KEY or nothing
    local name="$1${2:+ with a MAC}" begin=$SECONDS
    "start_$1" "$2"
    for node in A B; do start_node "$node" "${2:+$dir/babel.key}"; done
    wait_for "$name: A has a route to B" 30 reaches A B
    wait_for "$name: B has a route to A" 30 reaches B A
    for node in A B; do wait_for "$name: the router has a route to $node" 20 carries "${1/babeld/babel}" "$node"; done
    echo "ok: $name carries our routes, within $((SECONDS - begin)) s"
    crosses_the_router "$name"
    echo "ok: the kernel forwards 3 MB of AI packets by the routes of $name"
    stop B
    wait_for "$name: A forgets B" 60 forgot A B
    echo "ok: B is gone, and A learns it through $name"
    stop_all
}

make_keys
make_links
for router in "${routers[@]}"; do
    a_line_through "$router" ""
    a_line_through "$router" "$key"
done
