#!/bin/sh
# Runs the comparison with what lies beside this file. Usage: run.sh [--minutes 8] [--out results] [--software] [--quick]
# Nothing is taken from the environment but python3 and the GPU's driver. DGM_PYTHON names another interpreter.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
exec "$here/node" "$here/run.mjs" "$@"
