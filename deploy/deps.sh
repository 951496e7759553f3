#!/usr/bin/env bash
# Installs what Assay needs on Debian 12 or Ubuntu 24.04, and fetches the pinned DuckDB library into .cache/duckdb.
# usage: deploy/deps.sh [build|run|test]…      (default: build; test brings build and the real servers of the tests)
# A second call finds everything in place and takes a second. Needs root (or sudo) only when a package is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

duckdb_package=@duckdb/node-bindings-linux-x64
duckdb_version=1.5.6-r.1
duckdb_sha256=1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff
header_package=duckdb@1.4.4                      # duckdb.h of the stable C API
header_sha256=5bb967dcbcd517670ba5f169f238fb9d6787e53752c60ebe24386169d76941ed
cache=${ASSAY_CACHE:-.cache}/duckdb

packages_build=(build-essential cmake ninja-build pkg-config ccache ca-certificates
    libjansson-dev libyaml-dev libssl-dev libcurl4-openssl-dev libpq-dev libsqlite3-dev librdkafka-dev libhiredis-dev
    libmicrohttpd-dev zlib1g-dev libzstd-dev libxxhash-dev libre2-dev)
packages_run=(python3 curl)
packages_test=(libcmocka-dev python3 python3-yaml curl openssl postgresql redis-server default-jdk-headless maven
    clang-14 libclang-rt-14-dev clang-format-14 procps git)
packages_fetch=(npm)

say() { printf 'deps: %s\n' "$*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

installed() { dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

install_packages() {
    local missing=() package
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q >/dev/null
    # Servers that come with the tests' packages must not start by themselves.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod +x $policy && made=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
    [ -z "$made" ] || as_root rm -f $policy
}

check() { printf '%s  %s\n' "$2" "$1" | sha256sum -c --status || { say "$1 has a wrong checksum"; exit 1; }; }

fetch_duckdb() {
    [ -e "$cache/lib/libduckdb.so" ] && [ -e "$cache/include/duckdb.h" ] && return 0
    [ "$(uname -m)" = x86_64 ] || { say "no pinned DuckDB build for $(uname -m): build with -DDUCKDB_ROOT=FOLDER"; exit 1; }
    command -v npm >/dev/null || install_packages "${packages_fetch[@]}"
    local tmp
    tmp=$(mktemp -d); trap 'rm -rf "$tmp"' RETURN
    say "fetching DuckDB $duckdb_version"
    (cd "$tmp" && npm pack --silent "$duckdb_package@$duckdb_version" "$header_package" >/dev/null)
    check "$tmp/duckdb-node-bindings-linux-x64-$duckdb_version.tgz" $duckdb_sha256
    check "$tmp/duckdb-${header_package#*@}.tgz" $header_sha256
    mkdir -p "$cache/lib" "$cache/include"
    tar -xzf "$tmp/duckdb-node-bindings-linux-x64-$duckdb_version.tgz" -C "$tmp" package/libduckdb.so package/LICENSE
    mv "$tmp/package/LICENSE" "$cache/LICENSE"
    tar -xzf "$tmp/duckdb-${header_package#*@}.tgz" -C "$tmp" package/src/duckdb/src/include/duckdb.h
    mv "$tmp/package/src/duckdb/src/include/duckdb.h" "$cache/include/"
    mv "$tmp/package/libduckdb.so" "$cache/lib/"
}

for part in "${@:-build}"; do
    case $part in
    build) install_packages "${packages_build[@]}"; fetch_duckdb ;;
    run) install_packages "${packages_run[@]}" ;;
    test) install_packages "${packages_build[@]}" "${packages_test[@]}"; fetch_duckdb ;;
    *) say "unknown part '$part': build, run or test"; exit 2 ;;
    esac
done
