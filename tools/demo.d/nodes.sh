# Four nodes, their links, daemons and trainers; and how to get rid of them. Sourced by tools/demo.

build=${BUILD:-build/release}
[[ $build == /* ]] || build=$PWD/$build
aipctl=$build/cli/aipctl
aipacketd=$build/daemons/aipacketd/aipacketd
trainer=$build/examples/example_trainer
make_model=$build/examples/example_make_model
baseline=$build/examples/example_baseline
tag=aip$$ # of namespaces; interfaces live inside them
shards=(none 0,7,8 1,6,9 2,5 3,4)
links=("1 2" "2 3" "3 4" "2 4")
declare -A pid=() address=() node_of=()
dir=""
kind=""

say() { printf '%s\n' "$*"; }
headline() { printf '\n--- %s (%d s)\n' "$*" $((SECONDS - begin)); }
fail() { say "demo: $*" >&2 && exit 1; }

# dpdk or udp, and why.
choose_kind() {
    kind=udp
    if [[ ${AIP_DEMO:-} == udp ]]; then
        because="AIP_DEMO=udp asks for it"
    elif [[ $(id -u) != 0 ]]; then
        because="not root, and DPDK ports in network namespaces need root"
    elif ! ip netns add "$tag-try" 2>/dev/null; then
        because="root, but not allowed to make network namespaces here"
    else
        ip netns del "$tag-try"
        kind=dpdk
        because="root, and allowed to make network namespaces"
    fi
}

some_live() { ((${#pid[@]} > 0)) && kill -0 "${pid[@]}" 2>/dev/null; }

clean_up() {
    local status=$?
    set +e
    trap '' INT TERM HUP
    if some_live; then
        kill "${pid[@]}" 2>/dev/null
        kill -CONT "${pid[@]}" 2>/dev/null
        for _ in {1..50}; do some_live && sleep 0.1 || break; done
        kill -KILL "${pid[@]}" 2>/dev/null
    fi
    if [[ -n $dir && $kind == dpdk ]]; then
        for i in 1 2 3 4; do ip netns del "$tag-n$i" 2>/dev/null; done
    fi
    if [[ -n $dir ]]; then
        if [[ $keep == yes ]]; then say "kept: $dir"; else rm -rf "$dir"; fi
    fi
    exit "$status"
}

in_node() { # NODE COMMAND...: where that node's network is; never returns
    local node=$1
    shift
    if [[ $kind == dpdk ]]; then exec ip netns exec "$tag-n$node" "$@"; else exec "$@"; fi
}

ctl() { # NODE ARGUMENTS...
    local node=$1
    shift
    "$aipctl" --socket "$dir/n$node.sock" "$@"
}

# background NAME COMMAND...: remembered by its name, and killed at the end. Disowned, so that the shell does not comment.
background() {
    local name=$1
    shift
    "$@" &
    pid[$name]=$!
    disown
}

start_daemon() { background "daemon$1" in_node "$1" "$aipacketd" --config "$dir/n$1.toml" >>"$dir/n$1.log" 2>&1; }

start_trainer() {
    background "trainer$1" in_node "$1" "$trainer" --socket "$dir/n$1.sock" --task fashion --classes "${shards[$1]}" \
        >>"$dir/trainer$1.log" 2>&1
}

# wait_for WHAT SECONDS COMMAND...: until COMMAND succeeds. Meanwhile the command in `meanwhile` is run.
meanwhile=true
wait_for() {
    local what=$1 limit=$((SECONDS + $2))
    shift 2
    until "$@"; do
        ((SECONDS < limit)) || fail "$what: not within the time; the logs: $(tail -n 3 "$dir"/n*.log)"
        $meanwhile
        sleep 0.1
    done
}

make_keys() {
    "$aipctl" network create "$dir/network" >/dev/null
    for i in 1 2 3 4; do
        "$aipctl" key create "$dir/keys$i" >/dev/null
        address[n$i]=$("$aipctl" key certify "$dir/keys$i" --network "$dir/network/network.key" --json | jq -r '.rows[0].address')
        node_of[${address[n$i]}]=n$i
    done
}

# One veth pair per link; the kernel's own IPv6 is off there, or it would answer for us.
make_links() {
    for i in 1 2 3 4; do
        ip netns add "$tag-n$i"
        ip -n "$tag-n$i" link set lo up
    done
    for link in "${links[@]}"; do
        set -- $link
        ip link add "to$2" netns "$tag-n$1" mtu 9000 type veth peer name "to$1" netns "$tag-n$2" mtu 9000
        ip netns exec "$tag-n$1" sysctl -qw "net.ipv6.conf.to$2.disable_ipv6=1"
        ip netns exec "$tag-n$2" sysctl -qw "net.ipv6.conf.to$1.disable_ipv6=1"
        ip -n "$tag-n$1" link set "to$2" up
        ip -n "$tag-n$2" link set "to$1" up
    done
}

# 50 UDP ports in a row, below those that the kernel gives away, that nobody has.
free_base() {
    local try from taken
    taken=$(awk 'FNR > 1 { split($2, at, ":"); print at[2] }' /proc/net/udp /proc/net/udp6 2>/dev/null || true)
    for try in {1..100}; do
        from=$((20000 + RANDOM % 12000))
        if ! printf '%s\n' "$taken" | while read -r port; do
            [[ -z $port ]] || ((0x$port < from || 0x$port >= from + 50)) || echo taken
        done | grep -q taken; then
            echo "$from" && return
        fi
    done
    fail "no 50 free UDP ports in a row"
}

# UDP: the link between nodes A and B uses port base+10*A+B at A and base+10*B+A at B.
write_ports() { # NODE
    local node=$1 number=0 link other
    for link in "${links[@]}"; do
        case $link in
            "$node "*) other=${link#* } ;;
            *" $node") other=${link% *} ;;
            *) continue ;;
        esac
        printf '\n[[port]]\nname = "to%s"\n' "$other"
        if [[ $kind == dpdk ]]; then
            printf 'kind = "dpdk"\ndevice = "net_af_packet%d,iface=to%s"\nmtu = 9000\n' "$number" "$other"
        else
            printf 'kind = "udp"\nlisten = "127.0.0.1:%d"\npeers = ["127.0.0.1:%d"]\nmtu = 9000\n' \
                $((base + 10 * node + other)) $((base + 10 * other + node))
        fi
        number=$((number + 1))
    done
}

write_config() { # NODE
    local node=$1
    printf '[node]\nstate_dir = "%s"\nkey_dir = "%s"\n\n[control]\nsocket = "%s"\n\n[storage]\nkeep_versions = 200\n' \
        "$dir/state$node" "$dir/keys$node" "$dir/n$node.sock"
    write_ports "$node"
}

make_network() {
    for program in "$aipctl" "$aipacketd" "$trainer" "$make_model" "$baseline"; do
        [[ -x $program ]] || fail "$program is not there; run: make build"
    done
    for program in jq go; do
        command -v "$program" >/dev/null || fail "$program is not installed; run: tools/setup"
    done
    dir=$(mktemp -d)
    base=$(free_base)
    make_keys
    [[ $kind == udp ]] || make_links
    for i in 1 2 3 4; do write_config "$i" >"$dir/n$i.toml"; done
}

# One record, made at n1, rules the journeys at every node that joins.
make_task() {
    ctl 1 task create fashion --classes 10 --stops "$stops" >/dev/null
    for i in 2 3 4; do wait_for "n$i knows the task and joins it" 20 joins "$i"; done
    say "n1 makes the task, fashion: $stops stops a journey, by coverage. Its record reaches all; n2, n3 and n4 join"
}
joins() { ctl "$1" task join fashion >/dev/null 2>&1; }

reaches_all() { [[ $(ctl "$1" routes --json 2>/dev/null | jq '[.rows[] | select(.selected)] | length') == 3 ]]; }
knows_all() { [[ $(ctl "$1" interest fashion --json 2>/dev/null | jq '[.rows[] | select(.state != "no route")] | length') == 4 ]]; }

start_everything() {
    for i in 1 2 3 4; do start_daemon "$i"; done
    for i in 1 2 3 4; do wait_for "node n$i reaches the others" 20 reaches_all "$i"; done
    make_task
    for i in 1 2 3 4; do start_trainer "$i"; done
    for i in 1 2 3 4; do wait_for "node n$i knows what the others' data is worth" 40 knows_all "$i"; done
    say "four daemons reach each other; four trainers have published what their data looks like"
}
