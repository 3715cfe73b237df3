#!/usr/bin/env bash
# A stock kernel router takes part in our segment routing (rfc/0012). Needs root for network namespaces.
#
#     namespace nodes: A, B, C (segment_routing.cpp)          namespace router: the kernel
#
#         A toA ================================= A [            ]
#         B toB ================================= B [ forwarding ]   fd01:203:405::f = End
#         C toC ================================= C [            ]
set -euo pipefail
: "${BUILD:?the build directory}"
tag=aips$$
prefix=fd01:203:405::

skip() { echo "SKIPPED: $*" && exit 77; }
[[ $(id -u) == 0 ]] || skip "needs root: it makes network namespaces and opens raw packet ports"
command -v ip >/dev/null || skip "the program ip is not there; run tools/setup"

clean_up() {
    local status=$?
    set +e
    ip netns del "$tag-nodes" 2>/dev/null
    ip netns del "$tag-router" 2>/dev/null
    exit "$status"
}
trap clean_up EXIT
ip netns add "$tag-nodes" 2>/dev/null || skip "cannot make network namespaces"
ip netns add "$tag-router"

mac_of() { ip -n "$tag-$1" -br link show dev "$2" | awk '{print $3}'; }

ip netns exec "$tag-router" sysctl -qw net.ipv6.conf.all.forwarding=1
arguments=()
for node in A B C; do
    ip link add "to$node" netns "$tag-nodes" type veth peer name "$node" netns "$tag-router"
    ip netns exec "$tag-nodes" sysctl -qw "net.ipv6.conf.to$node.disable_ipv6=1" # or the kernel answers for us
    ip -n "$tag-nodes" link set "to$node" up
    ip -n "$tag-router" link set "$node" up
    address=$prefix${node,,}
    ip -n "$tag-router" route add "$address/128" dev "$node"
    ip -n "$tag-router" neigh add "$address" lladdr "$(mac_of nodes "to$node")" dev "$node" nud permanent
    arguments+=("to$node" "$(mac_of router "$node")")
done
ip -n "$tag-router" route add "${prefix}f/128" encap seg6local action End dev A 2>/dev/null ||
    skip "this kernel has no segment routing"

ip netns exec "$tag-nodes" "$BUILD/tests/system/segment_routing" "${arguments[@]}"
