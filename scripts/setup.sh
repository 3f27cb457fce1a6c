#!/bin/sh
# Make .venv hold what Vestibule needs: `setup.sh runtime` to run it, `setup.sh dev` to work on it.
#
# Quick when nothing changed: a stamp in .venv remembers a digest of everything that was
# installed. `dev` contains `runtime`, so after `dev` there is nothing left for `runtime` to do,
# and `runtime` never removes a package: the two share one .venv in any order.
set -eu
cd "$(dirname "$0")/.."
kind=${1:?runtime or dev}
venv=.venv

say() { printf '%s\n' "setup: $*" >&2; }

digest() { cat "requirements/$1.txt" requirements/uv.txt requirements/build.txt pyproject.toml sdks/python/pyproject.toml scripts/setup.sh | cksum; }

current() { [ -x "$venv/bin/vestibule" ] && [ "$(cat "$venv/.stamp-$1" 2>/dev/null)" = "$(digest "$1")" ]; }

current dev && exit 0
[ "$kind" = runtime ] && current runtime && exit 0

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed; install it (Debian: apt-get install python3 python3-venv)"
    exit 1
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian keeps these two in a package of their own.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing python3-venv"
            { apt-get -q update && DEBIAN_FRONTEND=noninteractive \
                apt-get -q install -y --no-install-recommends python3-venv; } >/dev/null || true
        fi
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            say "$python cannot make virtual environments: apt-get install python3-venv"
            exit 1
        fi
    fi
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

"$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/uv.txt
fi

uv() { VIRTUAL_ENV=$PWD/$venv "$venv/bin/uv" pip "$@" --quiet; }

say "installing requirements/$kind.txt"
case $kind in
runtime) uv install --require-hashes -r requirements/runtime.txt ;;
dev) uv sync --require-hashes requirements/dev.txt ;;
esac
uv install --no-deps --build-constraints requirements/build.txt --editable .
[ "$kind" = runtime ] ||
    uv install --no-deps --build-constraints requirements/build.txt --editable sdks/python
digest "$kind" >"$venv/.stamp-$kind"
