#!/usr/bin/env bash
# ping and trace through nodes that are named (rfc/0012), and who carries no more (rfc/0011), on real daemons.
#
#     n1 ---- n2 ==== n3        the double line carries 1,300 bytes, the others 1,440
#       \____________/
. "$(dirname "$0")/lib.sh"
hops() { ctl "$1" trace "${@:2}" --json 2>/dev/null | jq -r '[.rows[].address] | join(" ")'; }
pinged() { (ctl 1 ping "${address[3]}" -c 1 "$@" --json 2>/dev/null || true) | jq -r '.rows[0] | "\(.received) \(.trouble)"'; }
straight() { [[ $(hops 1 "${address[3]}") == "${address[3]}" ]]; }

make_keys
for i in 1 2 3; do
    write_config "$i" >"$dir/n$i.toml"
    case $i in
        1) port 1 3 >>"$dir/n1.toml" ;;
        2) sed -i '/name = "to3"/a mtu = 1300' "$dir/n2.toml" ;;
        3)
            port 3 1 >>"$dir/n3.toml"
            sed -i '/name = "to2"/a mtu = 1300' "$dir/n3.toml"
            ;;
    esac
    start "$i"
done
wait_for "n1 goes straight to n3" 30 straight
ok "n1 reaches n3 in one hop"
through_n2() { [[ $(hops 1 "${address[3]}" --via "${address[2]}") == "${address[2]} ${address[3]}" ]]; }
wait_for "n1 goes through n2 when told" 20 through_n2
ok "trace --via n2 passes n2"
[[ $(pinged --via "${address[2]}" --size 1260) == "1 " ]] || fail "1,260 bytes and 40 to steer fit"
ok "ping --via n2 with 1,300 bytes in all is answered"
said=$(pinged --via "${address[2]}" --size 1261)
[[ $said == "0 too big, says ${address[2]}: its next link carries 1300 bytes" ]] || fail "said '$said'"
ok "${said#0 }"
[[ $(pinged --size 1440) == "1 " ]] || fail "1,440 bytes fit the straight link"
said=$(pinged --size 1441)
[[ $said == "0 too big, says ${address[1]}: its next link carries 1440 bytes" ]] || fail "said '$said'"
ok "${said#0 }"
refused 1 'is this node itself' ctl 1 ping "${address[3]}" --via "${address[1]}"
for i in 1 2 3; do stops "$i"; done
echo "$checks checks"
