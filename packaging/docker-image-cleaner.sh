#!/bin/sh
# docker-image-cleaner: the program on the runtime that lies beside it. The flags and variables keep an idle daemon small
# (docs/performance.md); what is set already is left as it is.
set -eu
place=@PLACE@
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-65536}"
exec "$place/node" --expose-gc --max-semi-space-size=1 --invocation-count-for-maglev=20000 "$place/program.cjs" "$@"
