# What the scripts in this folder share. Sourced, not run.
# shellcheck shell=bash

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_PACKAGES=(libfcgi-dev libmariadb-dev librabbitmq-dev libmagic-dev libcurl4-openssl-dev libvips-dev pkg-config)
TEST_PACKAGES=(libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui radosgw ceph-mon ceph-osd swift-proxy swift-account swift-container swift-object memcached clamav-daemon libvips-tools python3 python3-pika rabbitmq-server strace valgrind binutils systemd chromium chromium-driver nodejs uuid-runtime)
TEST_TOOLS=(standardwebhooks==1.1.0 schemathesis==4.32.5 requests==2.34.2 tuspy==1.1.0 azure-core==1.41.0 azure-storage-blob==12.31.1
    azure-storage-extensions==0.1.0 boto3==1.44.8 botocore==1.44.8 cryptography==50.0.2 google-auth==2.63.0
    google-cloud-storage==3.17.1 google-crc32c==1.9.0 pillow==13.0.0 pillow-heif==1.8.1 thumbhash==0.1.2)
# What the page at /docs/ is made with; the package holds Swagger UI.
DOCS_UI='drf-spectacular-sidecar==2026.10.1 --hash=sha256:fe1d005d8ac9b5d0472f2fe5deeb2e7d6dcffaa24118044f22578b4b8c4b31f2'
RUN_PACKAGES=(python3-venv nginx mariadb-server openssl curl jq bubblewrap ffmpeg poppler-utils)

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
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" \
            >>"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}" "the lines above say why"; }
    rm -f "$log"
    if [ "$(trap -p EXIT)" = "trap -- 'rm -f $policy' EXIT" ]; then rm -f $policy; trap - EXIT; fi
}

# install_test_tools: what the tests use from PyPI, in a folder of its own.
install_test_tools() {
    local folder=$REPO/.build/test-tools log; log=$(mktemp)
    [ "$(cat "$folder/installed" 2>/dev/null)" = "${TEST_TOOLS[*]}" ] && return
    say "installing ${TEST_TOOLS[*]} from PyPI"
    rm -rf "$folder"
    /usr/bin/python3 -m venv "$folder" >"$log" 2>&1 &&
        "$folder/bin/pip" install --disable-pip-version-check "${TEST_TOOLS[@]}" >>"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "pip could not install ${TEST_TOOLS[*]}" "the lines above say why"; }
    echo "${TEST_TOOLS[*]}" >"$folder/installed"
    rm -f "$log"
}

# fetch_docs_ui: Swagger UI, which shows openapi.yaml at /docs/, in .build/docs-ui.
fetch_docs_ui() {
    local cache=$REPO/.build/docs-ui log
    [ ! -d "$cache/swagger-ui" ] || return 0
    log=$(mktemp)
    rm -rf "$cache"
    if /usr/bin/python3 -m venv "$cache/venv" >"$log" 2>&1 &&
        "$cache/venv/bin/pip" download --disable-pip-version-check --no-deps --require-hashes -d "$cache" \
            -r /dev/stdin <<<"$DOCS_UI" >>"$log" 2>&1 &&
        /usr/bin/python3 -m zipfile -e "$cache"/*.whl "$cache/wheel" >>"$log" 2>&1 &&
        mkdir "$cache/new" &&
        cp "$cache"/wheel/*/static/*/swagger-ui-dist/{LICENSE,swagger-ui.css,swagger-ui-bundle.js} "$cache/new/" &&
        mv "$cache/new" "$cache/swagger-ui"
    then
        rm -rf "$log" "$cache"/{venv,wheel,*.whl}
    else
        say "Swagger UI can't be had from PyPI, so the page at /docs/ only has links; $log says why"
        return 1
    fi
}

# put_docs_ui FOLDER: puts it, if it can be had, into a folder of pages.
put_docs_ui() {
    fetch_docs_ui || return 0
    rm -rf "$1/swagger-ui" && cp -r "$REPO/.build/docs-ui/swagger-ui" "$1/"
}

require_swift() {
    command -v swift >/dev/null ||
        fail "no Swift toolchain is on the PATH" "install Swift 6.2 or later from swift.org, then run this again"
}

# build PRODUCT…: a release build; prints the compiler's words only if it fails.
build() {
    local log=$REPO/.build/deploy-build.log product
    mkdir -p "$REPO/.build"
    say "building (the first time takes some minutes)"
    for product; do
        (cd "$REPO" && swift build -c release --static-swift-stdlib -Xswiftc -cross-module-optimization --product "$product" >"$log" 2>&1) ||
            { grep -E 'error' "$log" | head -20 >&2; fail "the build failed" "the whole output is in $log"; }
    done
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
