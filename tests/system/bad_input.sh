#!/usr/bin/env bash
# Whatever a person or a program gets wrong: one line that says what to do, the right status, and the daemon lives.
. "$(dirname "$0")/lib.sh"
start_line
unknown=${address[1]%:*}:1
"$make_model" "$dir/model" --random-bytes 2M >/dev/null
count() { ctl "$1" counters --json | jq --arg name "$2" '[.rows[] | select(.counter | test($name)) | .value] | add'; }

# A receiver that has gone for good, in the background: its silence takes half a minute to mean something.
kill -STOP "${pid[3]}"
"$aipctl" --socket "$dir/n1.sock" send "$dir/model" --to "${address[3]}" >/dev/null 2>"$dir/silence" &
silence=$!

# Files that are no models. model_of HEADER BYTES: a safetensors file with this header and that many bytes after it.
model_of() {
    local size=${#1} i
    for i in 0 8 16 24 32 40 48 56; do printf "\\x$(printf %02x $((size >> i & 255)))"; done
    printf '%s' "$1"
    head -c "$2" /dev/zero
}
send_file() { refused 1 "$1" ctl 1 send "$2" --to "${address[2]}"; }
printf 'not a model' >"$dir/junk"
send_file 'header longer than the file' "$dir/junk"
head -c 1000000 "$dir/model" >"$dir/short"
send_file 'file too short' "$dir/short"
(cat "$dir/model" && printf x) >"$dir/trailing"
send_file 'trailing bytes' "$dir/trailing"
model_of '{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}}' 12 >"$dir/overlap"
send_file 'overlap|gap' "$dir/overlap"
model_of '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[8,12]}}' 12 >"$dir/hole"
send_file 'hole|gap|not covered' "$dir/hole"
model_of '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}' 8 >"$dir/twice"
send_file 'duplicate|twice' "$dir/twice"
model_of '{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}' 0 >"$dir/wrapped"
send_file 'overflow|shape|too (large|many)' "$dir/wrapped"
send_file 'No such file' "$dir/nowhere"

# Places that are not there.
refused 1 'no route' ctl 1 send "$dir/model" --to "$unknown"
refused 1 'nobody .* serves task' ctl 1 send "$dir/model" --task nobody --stops 3
refused 1 'no node address' ctl 1 send "$dir/model" --to not-an-address
refused 3 'no daemon at' "$aipctl" --socket "$dir/none.sock" status
refused 5 'no model came' ctl 2 recv --out "$dir/out" --timeout 0.5

# A program that goes away before its transfer has ended.
timeout 1 "$aipctl" --socket "$dir/n1.sock" send "$dir/model" --to "${address[3]}" >/dev/null 2>&1 || true
ctl 1 status >/dev/null
ok "an impatient program does no harm"

# A second daemon: on the same state directory, on the same socket.
elsewhere() { sed "s|$dir/state2|$dir/state9|; s|127.0.0.1:${base%??}\(..\)\"\$|127.0.0.2:${base%??}\1\"|" "$dir/n2.toml"; }
refused 1 'already running' "$aipacketd" --config "$dir/n1.toml"
elsewhere >"$dir/n9.toml"
refused 1 'socket|already' "$aipacketd" --config "$dir/n9.toml"
ctl 2 status >/dev/null || fail "a second daemon took the socket of the first"

# Keys, configuration, ports.
chmod 644 "$dir/keys2/operational.key"
elsewhere | sed 's|n2.sock|n9.sock|' >"$dir/n9.toml"
refused 1 'chmod 600' "$aipacketd" --config "$dir/n9.toml"
chmod 600 "$dir/keys2/operational.key"
sed 's/state_dir/statedir/' "$dir/n1.toml" >"$dir/typo.toml"
refused 2 "typo.toml:2: .*did you mean 'state_dir'" "$aipacketd" --config "$dir/typo.toml"
sed 's/^hello_interval_ms = 200/hello_interval_ms = "often"/' "$dir/n1.toml" >"$dir/type.toml"
refused 2 "type.toml:[0-9]+: 'hello_interval_ms'" "$aipacketd" --config "$dir/type.toml"
sed 's/\[control\]/[control/' "$dir/n1.toml" >"$dir/syntax.toml"
refused 2 'syntax.toml:[0-9]+' "$aipacketd" --config "$dir/syntax.toml"
refused 2 'nosuch.toml' "$aipacketd" --config "$dir/nosuch.toml"

# dpdk_config DIRECTORY INTERFACE
dpdk_config() {
    printf '[node]\nstate_dir = "%s/state8"\nkey_dir = "%s/keys2"\n[control]\nsocket = "%s/n8.sock"\n' "$1" "$1" "$1"
    printf '[[port]]\nname = "p"\nkind = "dpdk"\ndevice = "net_af_packet0,iface=%s"\n' "$2"
}
dpdk_config "$dir" nosuch0 >"$dir/port.toml"
refused 1 'nosuch0 does not exist' "$aipacketd" --config "$dir/port.toml"
if [[ $(id -u) == 0 ]]; then
    unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    theirs=$(mktemp -d)
    cp -r "$dir/keys2" "$theirs/keys2"
    dpdk_config "$theirs" lo >"$theirs/port.toml"
    chown -R 65534:65534 "$theirs"
else
    unprivileged=()
    theirs=$dir
    dpdk_config "$dir" lo >"$dir/port.toml"
fi
refused 1 'CAP_NET_RAW|permitted|permission' "${unprivileged[@]}" "$aipacketd" --config "$theirs/port.toml"
[[ $theirs == "$dir" ]] || rm -rf "$theirs"

# Garbage on the control socket and on the wire, from a stranger and from the port of a neighbour: counted, nobody dies.
"$BUILD/tests/system/garbage" "$dir/n1.sock" >/dev/null || fail "the control socket did not hang up on garbage"
(($(count 1 'control.garbage') > 0)) || fail "garbage on the control socket is not counted"
ok "garbage on the control socket is counted"
"$BUILD/tests/system/garbage" $((base + 49)) $((base + 12))
wait_for "packets of a stranger are counted" 5 bash -c "(($(count 1 'rx_stranger') > 0))"
ok "$(count 1 'rx_stranger') packets of a stranger are counted"

# A model that shrinks while it is sent.
"$make_model" "$dir/shrinking" --random-bytes 400M >/dev/null
ctl 1 send "$dir/shrinking" --to "${address[2]}" >/dev/null 2>"$dir/said" &
sending=$!
wait_for "it is being read" 20 grep -q reading "$dir/said"
truncate -s 1000 "$dir/shrinking"
status=0
wait "$sending" || status=$?
if ((status == 0)); then ok "the file was read before it shrank"; else
    grep -qE 'truncated|changed' "$dir/said" || fail "a truncated file: $(tail -n 1 "$dir/said")"
    ok "$(tail -n 1 "$dir/said" | cut -c1-150)"
fi
rm "$dir/shrinking"

# The one that stayed silent.
status=0
wait "$silence" || status=$?
((status == 5)) && grep -qE '^aipctl: no answer from .*send again to resume' "$dir/silence" || fail "a silent receiver: status $status, $(tail -n 1 "$dir/silence")"
ok "$(tail -n 1 "$dir/silence" | cut -c1-150)"

# In the place of a dead neighbour, garbage.
kill -CONT "${pid[3]}"
stops 3
"$BUILD/tests/system/garbage" $((base + 32)) $((base + 23))
refusals='^(packet\.refused|dropped)\.|\.rx_(truncated|not_ours|errors)$'
wait_for "packets that are none are counted" 5 bash -c "(($(count 2 "$refusals") > 900))"
ok "$(count 2 "$refusals") packets of garbage from a neighbour's port are counted by reason"

# A full disk: a small file system of our own.
if [[ $(id -u) == 0 ]] && mkdir "$dir/small" && mount -t tmpfs -o size=32m tmpfs "$dir/small" 2>/dev/null; then
    mounted=$dir/small
    stops 2
    wait_for "n1 misses n2" 20 not reaches 1 2
    sed -i "s|$dir/state2|$dir/small/state|" "$dir/n2.toml"
    start 2
    wait_for "n1 reaches n2 again" 20 reaches 1 2
    "$make_model" "$dir/large" --random-bytes 60M --seed 5 >/dev/null
    refused 1 'disk full' ctl 1 send "$dir/large" --to "${address[2]}"
    ctl 2 status >/dev/null || fail "the daemon with the full disk has died"
    ok "the daemon with the full disk lives"
else
    echo "not root: a full disk is tested only as root"
fi

ctl 1 status >/dev/null
stops 1
stops 2
ok "the daemons live, and stop on SIGTERM"
echo "$checks checks"
