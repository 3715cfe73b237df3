#!/usr/bin/env bash
# Whatever a person or a program gets wrong: one line that says what to do, the right status, and the daemon lives.
. "$(dirname "$0")/lib.sh"
start_line
unknown=${address[1]%:*}:1
"$make_model" "$dir/model" --random-bytes 2M >/dev/null

# Files that are no models.
printf 'not a model' >"$dir/junk"
refused 1 'safetensors|header' ctl 1 send "$dir/junk" --to "${address[2]}"
head -c 1000000 "$dir/model" >"$dir/short"
refused 1 'short|file' ctl 1 send "$dir/short" --to "${address[2]}"
(cat "$dir/model" && printf x) >"$dir/trailing"
refused 1 'trailing|end' ctl 1 send "$dir/trailing" --to "${address[2]}"
refused 1 'No such file' ctl 1 send "$dir/nowhere" --to "${address[2]}"

# Places that are not there.
refused 1 'no route' ctl 1 send "$dir/model" --to "$unknown"
refused 1 'nobody .* serves task' ctl 1 send "$dir/model" --task nobody --stops 3
refused 1 'no node address' ctl 1 send "$dir/model" --to not-an-address
refused 3 'no .*daemon|cannot reach|No such file' "$aipctl" --socket "$dir/none.sock" status
refused 5 'no model came' ctl 2 recv --out "$dir/out" --timeout 0.5

# A peer that goes away before it answers, and a program that goes away.
kill -STOP "${pid[3]}"
timeout 1 "$aipctl" --socket "$dir/n1.sock" send "$dir/model" --to "${address[3]}" >/dev/null 2>&1 || true
kill -CONT "${pid[3]}"
ctl 1 status >/dev/null
ok "a silent peer and an impatient program do no harm"

# A second daemon, bad keys, bad configuration.
refused 1 'already running' "$aipacketd" --config "$dir/n1.toml"
chmod 644 "$dir/keys2/operational.key"
sed "s|$dir/state2|$dir/state9|; s|n2.sock|n9.sock|; s/127.0.0.1:${base%??}/127.0.0.2:${base%??}/" "$dir/n2.toml" >"$dir/n9.toml"
refused 1 'chmod 600' "$aipacketd" --config "$dir/n9.toml"
chmod 600 "$dir/keys2/operational.key"
sed 's/state_dir/statedir/' "$dir/n1.toml" >"$dir/typo.toml"
refused 2 'typo.toml:2: .*state_dir' "$aipacketd" --config "$dir/typo.toml"
sed 's/metric = 2/metric = "two"/' "$dir/n1.toml" >"$dir/type.toml"
refused 2 "type.toml:[0-9]+: 'metric'" "$aipacketd" --config "$dir/type.toml"
printf '[node]\nstate_dir = "%s"\nkey_dir = "%s"\n[control]\nsocket = "%s"\n[[port]]\nname = "p"\nkind = "dpdk"\ndevice = "net_af_packet0,iface=nosuch0"\n' \
    "$dir/state8" "$dir/keys2" "$dir/n8.sock" >"$dir/port.toml"
refused 1 'nosuch0' "$aipacketd" --config "$dir/port.toml"

# Garbage on the control socket and on the wire: counted, nobody dies.
head -c 100000 /dev/urandom | timeout 5 bash -c "exec 3<>/dev/udp/127.0.0.1/$((base + 12)); cat >&3" 2>/dev/null || true
"$BUILD/tests/system/garbage" "$dir/n1.sock" >/dev/null || fail "the control socket did not hang up on garbage"
count() { ctl 1 counters --json | jq --arg name "$1" '[.rows[] | select(.counter | test($name)) | .value] | add'; }
(($(count 'control.garbage') > 0)) || fail "garbage on the control socket is not counted"
ok "garbage on the control socket is counted"

# A model that shrinks while it is sent.
"$make_model" "$dir/shrinking" --random-bytes 400M >/dev/null
ctl 1 send "$dir/shrinking" --to "${address[2]}" >/dev/null 2>"$dir/said" &
sending=$!
reading() { grep -q reading "$dir/said"; }
wait_for "it is being read" 20 reading
truncate -s 1000 "$dir/shrinking"
status=0
wait "$sending" || status=$?
if ((status == 0)); then ok "the file was read before it shrank"; else
    grep -qE 'truncated|changed' "$dir/said" || fail "a truncated file: $(tail -n 1 "$dir/said")"
    ok "$(tail -n 1 "$dir/said" | cut -c1-150)"
fi

# A full disk: a small file system of our own.
if [[ $(id -u) == 0 ]] && mkdir "$dir/small" && mount -t tmpfs -o size=24m tmpfs "$dir/small" 2>/dev/null; then
    kill "${pid[2]}"
    wait_for "n2 has stopped" 10 grep -q stopped "$dir/n2.log"
    sed -i "s|$dir/state2|$dir/small/state|" "$dir/n2.toml"
    start 2
    wait_for "n1 reaches n2 again" 20 reaches 1 2
    "$make_model" "$dir/large" --random-bytes 60M --seed 5 >/dev/null
    refused 1 'disk full' ctl 1 send "$dir/large" --to "${address[2]}"
    "$make_model" "$dir/fits" --random-bytes 2M --seed 6 >/dev/null
    ctl 2 status >/dev/null || fail "the daemon with the full disk has died"
    kill -KILL "${pid[2]}"
    sleep 0.3
    umount "$dir/small"
else
    echo "not root: a full disk is tested only as root"
fi

ctl 1 status >/dev/null && ctl 3 status >/dev/null
ok "the daemons live"
echo "$checks checks"
