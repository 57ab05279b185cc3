#!/bin/sh
# docker-image-cleaner: the program on the runtime that lies beside it. The flags and variables keep an idle daemon small
# (docs/performance.md); what is set already is left as it is.
set -eu
place=@PLACE@
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-65536}"
# Node's start-up snapshot starts it sooner and stays in memory: left out for the daemon with the page, which starts slowly anyway.
snapshot=
case "${1:-run} ${DOCKER_IMAGE_CLEANER_HTTP_ADDRESS:+--http-address} $*" in
  run\ *--http-address* | --*--http-address*) snapshot=--no-node-snapshot ;;
esac
exec "$place/node" --expose-gc --max-semi-space-size=1 ${snapshot:+"$snapshot"} --invocation-count-for-maglev=200000 --invocation-count-for-maglev-osr=20000 --invocation-count-for-turbofan=60000 "$place/program.cjs" "$@"
