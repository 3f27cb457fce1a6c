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

jars=$PWD/.make/java_client
rm -rf "$jars"
mvn -q -B -f tests/peers/java_client/pom.xml dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$jars"
(cd "$jars" && LC_ALL=C sha256sum -- *.jar) >tests/peers/java_client/jars.sha256

here=$PWD
for folder in tests/peers/node tests/peers/node_client tests/peers/browser_client sdks/typescript; do
    cd "$here/$folder"
    npm install --package-lock-only --ignore-scripts
    # npm copies sponsors' pages into the lock; they are addresses, and nobody installs from them.
    "$here/.venv/bin/python" - <<'PYTHON'
import json
from pathlib import Path

lock = Path("package-lock.json")
content = json.loads(lock.read_text())
for package in content["packages"].values():
    package.pop("funding", None)
    if not package.get("link"):  # a package of the workspace: its folder
        package.pop("resolved", None)
lock.write_text(json.dumps(content, indent=2) + "\n")
PYTHON
    cd "$here"
done
