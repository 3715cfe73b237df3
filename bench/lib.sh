# What the benches over real daemons share: options, namespaces joined by veth pairs, daemons in them, and getting rid
# of all of it on any exit. Sourced; needs root. Interfaces live inside the namespaces, nothing touches the machine's.

build=${BUILD:-build/release}
aipctl=$PWD/$build/cli/aipctl
aipacketd=$PWD/$build/daemons/aipacketd/aipacketd
tag=aipb$$
mtu=9000
dir=""
declare -A pid=() address=()
namespaces=()

say() { printf '%s\n' "$*" >&2; }
fail() { say "bench: $*" && exit 1; }

stop() { # NAME...: of what this script started
    local name
    for name in "$@"; do kill "${pid[$name]}" 2>/dev/null || true; done
    for name in "$@"; do
        for _ in {1..100}; do kill -0 "${pid[$name]}" 2>/dev/null && sleep 0.1 || break; done
        kill -KILL "${pid[$name]}" 2>/dev/null || true
        unset "pid[$name]"
    done
}

clean_up() {
    local status=$? name
    set +e
    stop "${!pid[@]}"
    for name in "${namespaces[@]}"; do ip netns del "$name" 2>/dev/null; done
    [[ -z $dir ]] || rm -rf "$dir"
    exit "$status"
}

# The directory is on the disk that holds models: TMPDIR chooses another.
prepare() {
    [[ $(id -u) == 0 ]] || fail "needs root: it makes network namespaces and opens raw packet ports; use sudo"
    local program
    for program in ip jq "$@"; do
        command -v "$program" >/dev/null || fail "$program is not there; run tools/setup, then tools/bench"
    done
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    dir=$(mktemp -d "${TMPDIR:-/var/tmp}/aip-bench.XXXXXX")
}

make_namespaces() { # NAME...
    local name
    for name in "$@"; do
        ip netns add "$tag-$name"
        namespaces+=("$tag-$name")
        ip -n "$tag-$name" link set lo up
    done
}

# The interface to B is called toB in A. The kernel's own IPv6 is off there, or it would answer for us.
join() { # A B
    ip link add "to$2" netns "$tag-$1" mtu $mtu type veth peer name "to$1" netns "$tag-$2" mtu $mtu
    ip netns exec "$tag-$1" sysctl -qw "net.ipv6.conf.to$2.disable_ipv6=1"
    ip netns exec "$tag-$2" sysctl -qw "net.ipv6.conf.to$1.disable_ipv6=1"
    ip -n "$tag-$1" link set "to$2" up
    ip -n "$tag-$2" link set "to$1" up
}

make_network() { "$aipctl" network create "$dir/network" >/dev/null; }

start_daemon() { # NODE NEIGHBOUR...: a new node, a dpdk port to each neighbour
    local node=$1 number=0 other
    shift
    rm -rf "$dir/keys-$node" "$dir/state-$node"
    "$aipctl" key create "$dir/keys-$node" >/dev/null
    address[$node]=$("$aipctl" key certify "$dir/keys-$node" --network "$dir/network/network.key" --json |
        jq -r '.rows[0].address')
    {
        printf '[node]\nstate_dir = "%s"\nkey_dir = "%s"\n' "$dir/state-$node" "$dir/keys-$node"
        printf '[control]\nsocket = "%s"\n' "$dir/$node.sock"
        for other in "$@"; do
            printf '[[port]]\nname = "to%s"\nkind = "dpdk"\ndevice = "net_af_packet%d,iface=to%s"\nmtu = %d\n' \
                "$other" "$number" "$other" $mtu
            number=$((number + 1))
        done
    } >"$dir/$node.toml"
    ip netns exec "$tag-$node" "$aipacketd" --config "$dir/$node.toml" >"$dir/$node.log" 2>&1 &
    pid[$node]=$!
    disown
}

ctl() { # NODE ARGUMENTS...
    local node=$1
    shift
    "$aipctl" --socket "$dir/$node.sock" "$@"
}

reaches() { # NODE COUNT
    [[ $(ctl "$1" routes --json 2>/dev/null | jq '[.rows[] | select(.selected)] | length') == "$2" ]]
}

wait_until_reaches() { # NODE COUNT
    local limit=$((SECONDS + 20))
    until reaches "$1" "$2"; do
        kill -0 "${pid[$1]}" 2>/dev/null || fail "the daemon of $1 ended: $(tail -n 1 "$dir/$1.log")"
        ((SECONDS < limit)) || fail "$1 does not reach $2 node(s) within 20 s: $(tail -n 1 "$dir/$1.log")"
        sleep 0.1
    done
}

# Anonymous pages of a process in KiB: heap, stacks, and DPDK's memory. DPDK maps its memory and af_packet's rings
# anonymously or shared; RssAnon counts the former, RssShmem the latter, and both are paid for.
anon_kib() { # PID
    awk '/^(RssAnon|RssShmem):/ { sum += $2 } END { print sum + 0 }' "/proc/$1/status" 2>/dev/null || echo 0
}
