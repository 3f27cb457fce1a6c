"""Other people's code that signs vectors, where it can be had: signxml and libxmlsec."""

from __future__ import annotations

import signxml
import xmlsec
from lxml import etree
from signxml import SignatureConstructionMethod, SignatureMethod

from vestibule.attack.scene import DS, Scene, finish


def by_signxml(scene: Scene, xml: str, which: str) -> str:
    """Signed by signxml; the placeholder is signxml's own way of saying where."""
    wanted = scene.response_id if which == "R" else scene.assertion_id
    placed = finish(
        xml.replace(f"@SIG-{which}@", f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>')
    )
    root = etree.fromstring(placed.encode())
    element = next(e for e in root.iter() if e.get("ID") == wanted)
    signer = signxml.XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    pair = scene.keys["idp"]
    signed = signer.sign(element, key=pair.key_pem, cert=pair.cert_pem, reference_uri="#" + wanted)
    if element is root:
        return etree.tostring(signed).decode()
    parent = element.getparent()
    assert parent is not None
    parent.replace(element, signed)
    return etree.tostring(root).decode()


def by_xmlsec(scene: Scene, xml: str, which: str) -> str:
    """The assertion signed by libxmlsec."""
    assert which == "A"
    root = etree.fromstring(finish(xml).encode())
    element = next(e for e in root.iter() if e.get("ID") == scene.assertion_id)
    node = xmlsec.template.create(
        root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds"
    )
    element.insert(1, node)
    reference = xmlsec.template.add_reference(
        node, xmlsec.Transform.SHA256, uri="#" + scene.assertion_id
    )
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    context = xmlsec.SignatureContext()
    pair = scene.keys["idp"]
    context.key = xmlsec.Key.from_memory(pair.key_pem, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(pair.cert_pem, xmlsec.KeyFormat.PEM)
    context.register_id(element, "ID", None)
    context.sign(node)
    return etree.tostring(root).decode()
