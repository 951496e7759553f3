#!/usr/bin/env bash
# From a fresh Debian 12 or Ubuntu 24.04 to findings: installs what is missing, builds, makes a small shop with known faults,
# starts `assay serve`, runs Sync, Profile and Scan over its REST API, and prints what was found and where the API is.
# usage: deploy/quickstart.sh [--serve]        --serve leaves the server running in the foreground
# Everything it makes lies under build/; a second run takes seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
serve=
case "$*" in '') ;; --serve) serve=1 ;; *) sed -n '4s/^# //p' "$0" >&2; exit 2 ;; esac

say() { printf '\n== %s\n' "$*"; }
start=$SECONDS

say "dependencies"
deploy/deps.sh build run

say "build (build/release)"
[ -e build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release | tail -n 1

home=build/quickstart
mkdir -p $home
if [ ! -e $home/faults.json ]; then
    say "sample: a small shop with known faults ($home/shop)"
    python3 deploy/sample.py $home .cache/duckdb/lib/libduckdb.so
fi

say "assay serve"
# port_or_free N: N, or any free port while something else has it (0: any)
port_or_free() {
    python3 -c 'import socket, sys
for port in int(sys.argv[1]), 0:
    try:
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", port))
        print(s.getsockname()[1]); break
    except OSError: pass' "$1"
}
port=$(port_or_free "${serve:+808}0")
internal=$(port_or_free 0)
build/release/assay serve --set catalog.url=sqlite:$home/assay.db --set api.listen=127.0.0.1:$port \
    --set internal.listen=127.0.0.1:$internal --set file.roots="$PWD/$home/shop" --set log.format=json \
    >$home/serve.log 2>&1 &
server=$!
client=
stop() { kill $client $server 2>/dev/null; wait $client $server 2>/dev/null || true; }
trap stop EXIT
trap 'exit 130' INT TERM

python3 deploy/quickstart.py "http://127.0.0.1:$port" $home/assay.token $home &
client=$!
status=0
wait -n -p ended $client $server || status=$?
[ "$ended" = $client ] && [ $status = 0 ] || {
    echo "quickstart: it did not go through; the server's last words:" >&2
    tail -n 20 $home/serve.log >&2
    exit 1
}
say "done in $((SECONDS - start)) s"
if [ -n "$serve" ]; then
    printf 'The API stays at http://127.0.0.1:%s/api (documents at /api/docs, token in %s). Ctrl-C stops it.\n' "$port" $home/assay.token
    wait $server
else
    printf 'Again with the server left running: deploy/quickstart.sh --serve\n'
fi
