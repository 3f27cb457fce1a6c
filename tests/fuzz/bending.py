"""Where the documents come from: a seed or a fresh one, bent before or after it is signed.

Owns the choice of what to do to what, one `Sample` for each number: the same seed and the same
number give the same document, whatever was made before. Does not look at what becomes of it.
"""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from functools import lru_cache
from random import Random
from typing import Any

from lxml import etree

from . import signature_bends  # noqa: F401 - adds to the table
from .cases import Connection, Sample, Seed, seeds
from .forge import (
    DS,
    MALLORY,
    SAML,
    SAMLP,
    VICTIM,
    Recipe,
    any_recipe,
    encrypt,
    fresh_response,
    parse,
    sign,
    write,
)
from .text_bends import FIELD, TEXT
from .tree_bends import TREE, make_ids_distinct

_PINNED = Connection(certificates=("idp-p256", "idp"), decryption_keys=("sp",))
_TREE, _FIELD = list(TREE), list(FIELD)
# The two that make a document large cost as much as twenty of the others.
_TEXT = [name for name in TEXT for _ in range(1 if name in ("deep", "wide") else 6)]
_MOST_SIGNED = 60_000  # bytes; beyond it a document is refused for its size before anything else


def sample(seed: int, number: int) -> Sample:
    """Document `number` of the run `seed`."""
    rng = Random(seed * 1_000_003 + number)
    choice = rng.random()
    if choice < 0.40:
        return _bent_and_signed(rng)
    if choice < 0.70:
        return _signed_and_bent(rng)
    return _from_a_seed(rng)


def _bent_and_signed(rng: Random) -> Sample:
    """Hostile before it was signed: every signature in it is good."""
    document = fresh_response(rng)
    steps = ["fresh"]
    document = _bend_either(rng, document, steps, most=3)
    document = _signed(rng, document, steps, must=False)
    return _posted(rng, document, _pinned(rng), steps)


def _signed_and_bent(rng: Random) -> Sample:
    """Signed as any provider would, then altered on the way: the signature is there to be used."""
    document = fresh_response(rng, plain=rng.random() < 0.5)
    steps = ["fresh"]
    document = _signed(rng, document, steps, must=True)
    if rng.random() < 0.25:
        document = _spliced(rng, document, steps)
    document = _bend_either(rng, document, steps, most=4)
    return _posted(rng, document, _pinned(rng), steps)


def _from_a_seed(rng: Random) -> Sample:
    every = seeds()
    seed = rng.choice(_good() if rng.random() < 0.7 else every)
    steps = [seed.name]
    document = seed.document
    if rng.random() < 0.15:
        document = _spliced(rng, document, steps)
    document = _bend_either(rng, document, steps, most=3)
    return _posted(rng, document, seed.connection, steps)


@lru_cache(maxsize=1)
def _good() -> tuple[Seed, ...]:
    return tuple(seed for seed in seeds() if seed.good)


def _pinned(rng: Random) -> Connection:
    if rng.random() < 0.95:
        return _PINNED
    return Connection(
        certificates=rng.choice((("idp",), ("idp-p256",), ("idp-next", "idp-p384"))),
        decryption_keys=("sp",),
        request_id=rng.choice((None, "_request-1", "_request-2")),
        insecure_sha1=rng.random() < 0.5,
    )


# --- steps ------------------------------------------------------------------------------------


def _bend_tree(rng: Random, document: bytes, steps: list[str], *, most: int) -> bytes:
    root = _tree_of(document)
    if root is None:
        return document
    root = deepcopy(root)
    # One step at a time mostly: two faults hide each other, and the first one is refused.
    for _ in range(rng.choice((1, 1, 1, rng.randint(1, most)))):
        name = rng.choice(_TREE)
        try:
            TREE[name](rng, root)
        except (ValueError, TypeError, AttributeError, IndexError, AssertionError):
            continue  # a value or a place that no tree can hold
        steps.append(name)
    if rng.random() < 0.7:
        make_ids_distinct(rng, root)
    return write(root)


def _bend_either(rng: Random, document: bytes, steps: list[str], *, most: int) -> bytes:
    choice = rng.random()
    if choice < 0.75:
        document = _bend_tree(rng, document, steps, most=most)
    if choice > 0.65:
        document = _bend_text(rng, document, steps)
    return document


@lru_cache(maxsize=512)
def _tree_of(document: bytes) -> Any:
    try:
        return parse(document)
    except etree.LxmlError:
        return None


def _bend_text(rng: Random, document: bytes, steps: list[str]) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 1, 1, 2, 3))):
        name = rng.choice(_TEXT)
        document = TEXT[name](rng, document)
        steps.append(name)
    return document


def _signed(rng: Random, document: bytes, steps: list[str], *, must: bool) -> bytes:
    """Sign the response, one of its assertions, or both, and encrypt at times."""
    if len(document) > _MOST_SIGNED:
        return document
    try:
        root = parse(document)
    except etree.LxmlError:
        return document
    form = rng.choice(("assertion", "assertion", "response", "both"))
    sealed = rng.random() < 0.15
    if rng.random() < (0.2 if sealed else 0.03):
        form = "nobody"
    assertions = list(root.iter(f"{{{SAML}}}Assertion"))
    if form in ("assertion", "both") and assertions:
        _sign(rng, root, rng.choice(assertions), steps)
    if sealed and assertions:
        target = rng.choice(
            (
                *assertions,
                *root.iter(f"{{{SAML}}}NameID"),
                *root.iter(f"{{{SAML}}}Attribute"),
            )
        )
        if target is not root:
            name = str(target.tag).rpartition("}")[2].replace("NameID", "ID")
            steps.append(f"encrypt {name}")
            inside = (lambda plain: _bend_text(rng, plain, steps)) if rng.random() < 0.4 else bytes
            encrypt(rng, target, f"Encrypted{name}", inside)
    if form != "assertion" or (must and not assertions):
        _sign(rng, root, root, steps)
    return write(root)


def _sign(rng: Random, root: Any, target: Any, steps: list[str]) -> None:
    recipe = any_recipe(rng)
    try:
        sign(root, target, recipe)
    except (etree.LxmlError, ValueError, AssertionError):
        return
    steps.append(f"sign {str(target.tag).rpartition('}')[2]} by {recipe.key}")


def _spliced(rng: Random, document: bytes, steps: list[str]) -> bytes:
    """Take a part of another signed document: of another person, or any of the vectors."""
    root = _tree_of(document)
    other = _tree_of(rng.choice((*_victims(), rng.choice(_good()).document)))
    if root is None or other is None:
        return document
    root = deepcopy(root)
    parts = [
        *other.iter(f"{{{SAML}}}Assertion", f"{{{SAML}}}EncryptedAssertion"),
        *other.iter(f"{{{DS}}}Signature", f"{{{SAML}}}Subject", f"{{{SAMLP}}}Response"),
    ]
    places = [node for node in root.iter() if isinstance(node.tag, str)]
    part, place = deepcopy(rng.choice(parts)), rng.choice(places)
    part.tail = None
    same = [node for node in places if node.tag == part.tag and node is not root]
    if same and rng.random() < 0.5:
        old = rng.choice(same)
        old.getparent().replace(old, part)
    else:
        place.insert(rng.randint(0, len(place)), part)
    steps.append("splice")
    if rng.random() < 0.7:
        make_ids_distinct(rng, root)
    return write(root)


@lru_cache(maxsize=1)
def _victims() -> tuple[bytes, ...]:
    """Signed documents that an attacker may hold: the victim's old one, one's own for elsewhere."""
    made = []
    for person, change in (
        (VICTIM, (b"_request-1", b"_request-9")),
        (MALLORY, (b"connection-1", b"connection-2")),
        (VICTIM, (b"2026-06-01", b"2026-05-01")),
    ):
        for whole in (True, False):
            rng = Random(7)
            root = parse(fresh_response(rng, person, plain=True).replace(*change))
            sign(root, root if whole else root.find(f"{{{SAML}}}Assertion"), Recipe())
            made.append(write(root))
    return tuple(made)


def _posted(rng: Random, document: bytes, connection: Connection, steps: list[str]) -> Sample:
    posted = b64encode(document).decode("ascii")
    if rng.random() < 0.04:
        name = rng.choice(_FIELD)
        posted = FIELD[name](rng, posted)
        steps.append(name)
    return Sample(posted, connection, tuple(steps))
