#!/bin/sh
# Recompile everything that is pinned. The results carry hashes and no address: a lock file
# that names a host is a lock file that works in one place only.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv

compile() {
    out=requirements/$1
    shift
    "$uv" pip compile -q --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o "$out" "$@"
}

compile runtime.txt pyproject.toml --all-extras
compile dev.txt pyproject.toml --group dev
compile uv.txt requirements/uv.in
compile build.txt requirements/build.in
compile node.txt requirements/node.in
compile peers.txt requirements/peers.in

for folder in node node_client browser_client; do
    cd "tests/peers/$folder"
    npm install --package-lock-only --ignore-scripts
    # npm copies sponsors' pages into the lock; they are addresses, and nobody installs from them.
    ../../../.venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

lock = Path("package-lock.json")
content = json.loads(lock.read_text())
for package in content["packages"].values():
    package.pop("funding", None)
    package.pop("resolved", None)
lock.write_text(json.dumps(content, indent=2) + "\n")
PYTHON
    cd ../../..
done
