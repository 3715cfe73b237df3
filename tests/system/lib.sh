    [[ -z $mounted ]] || umount "$mounted"
# Real daemons on UDP ports over loopback, for the system tests. Sourced; BUILD is the build directory.
#
#     n1 ---- n2 ---- n3        n1 and n3 reach each other through n2
set -euo pipefail
: "${BUILD:?the build directory}"
aipctl=$BUILD/cli/aipctl
aipacketd=$BUILD/daemons/aipacketd/aipacketd
make_model=$BUILD/examples/example_make_model
dir=$(mktemp -d)
base=$((20000 + $$ % 12000 / 50 * 50)) # below the ports that the kernel gives away
declare -A pid=() address=()
checks=0
mounted=""

clean_up() {
    local status=$?
    set +e
    kill -CONT "${pid[@]}" 2>/dev/null
    kill "${pid[@]}" 2>/dev/null
    for _ in {1..50}; do kill -0 "${pid[@]}" 2>/dev/null && sleep 0.1 || break; done
    kill -KILL "${pid[@]}" 2>/dev/null
    [[ -z $mounted ]] || umount "$mounted"
    ((status == 0)) || tail -n 5 "$dir"/*.log >&2
    rm -rf "$dir"
    exit "$status"
}
trap clean_up EXIT

fail() { echo "FAILED: $*" >&2 && exit 1; }
ok() { checks=$((checks + 1)) && echo "ok: $*"; }

# wait_for WHAT SECONDS COMMAND...
wait_for() {
    local what=$1 limit=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < limit)) || fail "not within the time: $what"
        sleep 0.1
    done
}

ctl() { # NODE ARGUMENTS...
    local node=$1
    shift
    "$aipctl" --socket "$dir/n$node.sock" "$@"
}

make_keys() {
    "$aipctl" network create "$dir/network" >/dev/null
    for i in 1 2 3; do
        "$aipctl" key create "$dir/keys$i" >/dev/null
        address[$i]=$("$aipctl" key certify "$dir/keys$i" --network "$dir/network/network.key" --json | jq -r '.rows[0].address')
    done
}

port() { printf '\n[[port]]\nname = "to%d"\nkind = "udp"\nlisten = "127.0.0.1:%d"\npeers = ["127.0.0.1:%d"]\n' "$2" $((base + 10 * $1 + $2)) $((base + 10 * $2 + $1)); }

write_config() { # NODE
    printf '[node]\nstate_dir = "%s"\nkey_dir = "%s"\nhello_interval_ms = 200\n\n[control]\nsocket = "%s"\n' "$dir/state$1" "$dir/keys$1" "$dir/n$1.sock"
    case $1 in
        1) port 1 2 ;;
        2) port 2 1 && port 2 3 ;;
        3) port 3 2 ;;
    esac
}

start() { # NODE
    "$aipacketd" --config "$dir/n$1.toml" >>"$dir/n$1.log" 2>&1 &
    pid[$1]=$!
}
reaches() { ctl "$1" routes --json | jq -e --arg to "${address[$2]}" '.rows[] | select(.destination == $to and .selected)'; }

start_line() {
    make_keys
    for i in 1 2 3; do
        write_config "$i" >"$dir/n$i.toml"
        start "$i"
    done
    wait_for "n1 reaches n3" 20 reaches 1 3
    wait_for "n3 reaches n1" 20 reaches 3 1
}

not() { ! "$@"; }

# stops NODE: on SIGTERM, with status 0.
stops() {
    local status=0
    kill -TERM "${pid[$1]}"
    wait "${pid[$1]}" || status=$?
    ((status == 0)) && tail -n 1 "$dir/n$1.log" | grep -q stopped || fail "n$1 ended with status $status on SIGTERM"
    unset "pid[$1]"
}

# refused STATUS PATTERN COMMAND...: ends with that status and says one line that matches.
refused() {
    local status=$1 pattern=$2 got=0
    shift 2
    [[ $1 != ctl ]] || set -- "$aipctl" --socket "$dir/n$2.sock" "${@:3}"
    timeout 30 "$@" >/dev/null 2>"$dir/said" || got=$?
    [[ $got == "$status" ]] || fail "status $got instead of $status from: $* ($(cat "$dir/said"))"
    grep -qE "$pattern" "$dir/said" || fail "said '$(cat "$dir/said")', expected '$pattern'"
    [[ $(grep -cE '^aip(ctl|acketd): ' "$dir/said") == 1 ]] || fail "more than one line: $(cat "$dir/said")"
    ok "$(tail -n 1 "$dir/said" | cut -c1-150)"
}
