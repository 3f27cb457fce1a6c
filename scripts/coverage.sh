#!/bin/sh
# Branch coverage of the protocols by their own tests; fails below 98 % of SAML, OIDC or JWT.
#
# Property tests are left out: what they reach depends on what they draw, and a figure must not.
# No conftest either, so that nothing but the protocols and their vectors is needed.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
COVERAGE_FILE=$folder/coverage
export COVERAGE_FILE

"$python" -m coverage run --branch --source=src/vestibule/protocols -m pytest -q --noconftest \
    -p no:cacheprovider -p no:xdist tests/protocols \
    --ignore=tests/protocols/oidc/test_hostile.py --ignore=tests/protocols/saml/test_properties.py

"$python" -m coverage report --show-missing
failed=0
for part in saml/ oidc/ jwt.py; do
    figure=$("$python" -m coverage report --format=total --include="*/protocols/$part*")
    printf '%s\n' "protocols/$part $figure %"
    [ "$figure" -ge 98 ] || failed=1
done
exit $failed
