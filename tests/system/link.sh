#!/usr/bin/env bash
# A stock kernel beside a node (rfc/0011): it finds the node's MAC, pings it, and is told why its packets go no further.
# Needs root and network namespaces.
#
#     kernel ==k/n==== n1 ==n2/n1== n2       veths; mtu 9000 on the left, 1500 on the right, DPDK ports (net_af_packet)
if [[ $(id -u) != 0 ]] || ! ip netns add "link$$" 2>/dev/null; then
    echo "SKIPPED: needs root and network namespaces"
    exit 77
fi
ip netns del "link$$"
source "$(dirname "$0")/lib.sh"

tag=link$$
namespaces=("$tag-k" "$tag-n1" "$tag-n2")
trap 'status=$?; for space in "${namespaces[@]}"; do ip netns del "$space"; done; (exit $status); clean_up' EXIT
in_space() { ip netns exec "$tag-$1" "${@:2}"; }

veth() { # NAME SPACE NAME SPACE MTU
    ip link add "$1" netns "$tag-$2" mtu "$5" type veth peer name "$3" netns "$tag-$4" mtu "$5"
}

for space in "${namespaces[@]}"; do
    ip netns add "$space"
    ip -n "$space" link set lo up
done
veth n1 k k n1 9000
veth n2 n1 n1 n2 1500
in_space n1 sysctl -qw net.ipv6.conf.k.disable_ipv6=1 net.ipv6.conf.n2.disable_ipv6=1
in_space n2 sysctl -qw net.ipv6.conf.n1.disable_ipv6=1
for link in k:n1 n1:k n1:n2 n2:n1; do ip -n "$tag-${link%:*}" link set "${link#*:}" up; done

make_keys
ether_port() { printf '\n[[port]]\nname = "to%s"\nkind = "dpdk"\ndevice = "net_af_packet%d,iface=%s"\nmtu = %d\n' "$@"; }
start_in() { # NODE
    ip netns exec "$tag-n$1" "$aipacketd" --config "$dir/n$1.toml" >>"$dir/n$1.log" 2>&1 &
    pid[$1]=$!
}
{ write_config 1 | sed '/^\[\[/,$d' && ether_port k 0 k 9000 && ether_port 2 1 n2 1500; } >"$dir/n1.toml"
{ write_config 2 | sed '/^\[\[/,$d' && ether_port 1 0 n1 1500; } >"$dir/n2.toml"
start_in 1 && start_in 2
wait_for "n1 reaches n2" 20 reaches 1 2
wait_for "n2 reaches n1" 20 reaches 2 1

# The kernel has an address in the network's prefix, and n1 as its router, by its link-local address.
canonical() { python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]))' "$1"; }
exploded=$(python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]).exploded)' "${address[1]}")
prefix=${exploded:0:14}:
kernel=$(canonical "$prefix:7")
link_local=$(canonical "fe80::${exploded:20}")
has_link_local() { in_space k ip -6 addr show dev n1 scope link -tentative | grep -q inet6; }
wait_for "the kernel's own link-local address" 20 has_link_local
in_space k ip -6 addr add "$kernel/128" dev n1 nodad
in_space k ip -6 route add "${address[1]}" dev n1
in_space k ip -6 route add "$prefix:/64" via "$link_local" dev n1 src "$kernel"

# answers "WHAT" "TYPE CODE PARAMETER FROM" ADDRESS [BYTES [HOP-LIMIT]]
answers() {
    local got
    got=$(in_space k "$(dirname "$0")/kernel_ping.py" "${@:3}") || fail "no answer: $1"
    [[ $got == "$2" ]] || fail "$1: expected '$2', got '$got'"
    ok "$1"
}
answers "a kernel pings our link-local address" "129 0 0 $link_local" "$link_local%n1"
in_space k ip -6 neigh show "$link_local" dev n1 | grep -q lladdr || fail "the kernel has no MAC for $link_local"
answers "a kernel pings our node address" "129 0 0 ${address[1]}" "${address[1]}"
answers "a kernel pings us with 8,000 bytes" "129 0 0 ${address[1]}" "${address[1]}" 8000
answers "a kernel is told where the hop limit ended" "3 0 0 ${address[1]}" "${address[2]}" 56 1
answers "a kernel is told that there is no route" "1 0 0 ${address[1]}" "$prefix:dead"
answers "a kernel is told what the next link carries" "2 0 1500 ${address[1]}" "${address[2]}" 4000

in_space k ip -6 addr add "${address[1]}/128" dev n1
dad_failed() { in_space k ip -6 addr show dev n1 dadfailed | grep -q "${address[1]}"; }
wait_for "the kernel finds that our address is taken" 20 dad_failed
ok "a kernel that wants our address is told that it is taken"

ctl 1 ping "${address[2]}" -c 3 --interval 10 --json 2>/dev/null | jq -e '.rows[0].received == 3' >/dev/null || fail "aipctl ping"
ok "aipctl ping is answered"
ctl 1 trace "${address[2]}" --json 2>/dev/null | jq -e '.rows[-1].state == "arrived"' >/dev/null || fail "aipctl trace"
ok "aipctl trace arrives"
counter() { ctl "$1" counters --json | jq ".rows[] | select(.counter == \"$2\").value"; }
[[ $(counter 1 icmp.solicitations) -ge 1 && $(counter 1 icmp.sent_too_big) -ge 1 ]] || fail "counters of n1"
refused 1 'aipctl: .*is no node of this network' ctl 1 ping 2001:db8::1
stops 1
stops 2
echo "$checks checks"
