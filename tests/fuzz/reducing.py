"""A finding made small: parts are taken out as long as it stays the same finding.

Owns the order in which parts are tried: elements, attributes, texts, then bytes. Asks somebody
else whether a smaller document still does it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace

from lxml import etree

from .cases import Sample
from .forge import parse, write

_TRIES = 600


def reduced(sample: Sample, still: Callable[[Sample], bool], *, tries: int = _TRIES) -> Sample:
    """The smallest that was found within `tries` questions; at worst the sample itself."""
    if sample.document is None:
        return sample
    best = sample.document
    asked = 0
    progress = True
    while progress and asked < tries:
        progress = False
        for smaller in _smaller(best):
            asked += 1
            if asked > tries:
                break
            if len(smaller) < len(best) and still(_with(sample, smaller)):
                best, progress = smaller, True
                break
    result = _with(sample, best)
    # The field may have been what is wrong, and then its bytes alone are not the finding.
    return result if still(result) else sample


def _with(sample: Sample, document: bytes) -> Sample:
    return replace(sample, form_field=b64encode(document).decode("ascii"))


def _smaller(document: bytes) -> Iterator[bytes]:
    try:
        root = parse(document)
    except etree.LxmlError:
        root = None
    if root is not None:
        yield write(root)
        count = sum(1 for _ in root.iter())
        for index in range(1, count):
            copy = deepcopy(root)
            node = list(copy.iter())[index]
            node.getparent().remove(node)
            yield write(copy)
        for index, node in enumerate(root.iter()):
            for name in node.attrib if isinstance(node.tag, str) else ():
                copy = deepcopy(root)
                del list(copy.iter())[index].attrib[name]
                yield write(copy)
    size = len(document) // 2
    while size >= 8:
        for start in range(0, len(document), size):
            yield document[:start] + document[start + size :]
        size //= 2
