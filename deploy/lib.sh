# What the scripts in this folder share. Sourced, not run.
# shellcheck shell=bash

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_PACKAGES=(libfcgi-dev libmariadb-dev librabbitmq-dev libmagic-dev libcurl4-openssl-dev pkg-config)
RUN_PACKAGES=(nginx mariadb-server openssl curl jq)

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { # WHAT FAILED [WHAT TO DO]
    printf '\033[31mfailed:\033[0m %s\n' "$1" >&2
    [ $# -gt 1 ] && printf '        %s\n' "$2" >&2
    exit 1
}

# install_packages NAME…: installs what is missing of Debian's packages, without starting their services.
install_packages() {
    local missing=() name policy=/usr/sbin/policy-rc.d
    for name; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    [ "$(id -u)" = 0 ] || fail "packages are missing: ${missing[*]}" "run once: sudo apt-get install ${missing[*]}"
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
        # shellcheck disable=SC2064
        trap "rm -f $policy" EXIT
    fi
    local log; log=$(mktemp)
    apt-get update >"$log" 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}" "the lines above say why"; }
    rm -f "$log"
    if [ "$(trap -p EXIT)" = "trap -- 'rm -f $policy' EXIT" ]; then rm -f $policy; trap - EXIT; fi
}

require_swift() {
    command -v swift >/dev/null ||
        fail "no Swift toolchain is on the PATH" "install Swift 6.2 or later from swift.org, then run this again"
}

# build PRODUCT: a release build; prints the compiler's words only if it fails.
build() {
    local log=$REPO/.build/deploy-build.log
    mkdir -p "$REPO/.build"
    say "building (the first time takes some minutes)"
    (cd "$REPO" && swift build -c release --static-swift-stdlib -Xswiftc -cross-module-optimization --product "$1" >"$log" 2>&1) ||
        { grep -E 'error' "$log" | head -20 >&2; fail "the build failed" "the whole output is in $log"; }
}

# process_start PID: when a process started, in ticks; with the id it names one process for ever.
process_start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# remember NAME PID: notes a process of this state folder.
remember() { echo "$2 $(process_start "$2")" >"$STATE/run/$1.process"; }

# running NAME: prints the process id if the noted process is still that one.
running() {
    local pid start
    read -r pid start 2>/dev/null <"$STATE/run/$1.process" || return 1
    [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ] && echo "$pid"
}

# stop_process NAME SIGNAL SECONDS: ends a noted process and waits; kills it if that takes too long.
stop_process() {
    local pid i
    pid=$(running "$1") || { rm -f "$STATE/run/$1.process"; return 0; }
    kill "-$2" "$pid" 2>/dev/null
    for ((i = 0; i < $3 * 20; i++)); do
        running "$1" >/dev/null || break
        sleep 0.05
    done
    if running "$1" >/dev/null; then
        echo "$1 did not end within $3 s and is killed" >&2
        # nginx ends its workers at TERM; what is left is killed with its process group.
        kill -TERM "$pid" 2>/dev/null
        for ((i = 0; i < 60; i++)); do running "$1" >/dev/null || break; sleep 0.05; done
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
    rm -f "$STATE/run/$1.process"
}

# stop_all: what the state folder runs, in the order in which it is needed.
stop_all() {
    stop_process nginx QUIT 10
    stop_process serve TERM 70
    stop_process bridge TERM 70
    stop_process work TERM 20
    stop_process mariadb TERM 60
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
    local limit=$1 i; shift
    for ((i = 0; i < limit * 20; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}
