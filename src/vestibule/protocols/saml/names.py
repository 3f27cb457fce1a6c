"""The words of SAML 2.0: namespaces, element names, URNs, and the algorithms that we let in.

Owns the lists from which everything else chooses. Knows nothing of keys, bytes or parsers: an
algorithm is here a URI with the two words that say what it means.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

# --- elements, spelt the way the parser spells them -------------------------------------------

RESPONSE: Final = f"{{{SAMLP}}}Response"
AUTHN_REQUEST: Final = f"{{{SAMLP}}}AuthnRequest"
LOGOUT_REQUEST: Final = f"{{{SAMLP}}}LogoutRequest"
LOGOUT_RESPONSE: Final = f"{{{SAMLP}}}LogoutResponse"
SESSION_INDEX: Final = f"{{{SAMLP}}}SessionIndex"
EXTENSIONS: Final = f"{{{SAMLP}}}Extensions"
STATUS: Final = f"{{{SAMLP}}}Status"
STATUS_CODE: Final = f"{{{SAMLP}}}StatusCode"
STATUS_MESSAGE: Final = f"{{{SAMLP}}}StatusMessage"
STATUS_DETAIL: Final = f"{{{SAMLP}}}StatusDetail"
NAME_ID_POLICY: Final = f"{{{SAMLP}}}NameIDPolicy"
REQUESTED_AUTHN_CONTEXT: Final = f"{{{SAMLP}}}RequestedAuthnContext"

ASSERTION: Final = f"{{{SAML}}}Assertion"
ENCRYPTED_ASSERTION: Final = f"{{{SAML}}}EncryptedAssertion"
ISSUER: Final = f"{{{SAML}}}Issuer"
SUBJECT: Final = f"{{{SAML}}}Subject"
BASE_ID: Final = f"{{{SAML}}}BaseID"
NAME_ID: Final = f"{{{SAML}}}NameID"
ENCRYPTED_ID: Final = f"{{{SAML}}}EncryptedID"
SUBJECT_CONFIRMATION: Final = f"{{{SAML}}}SubjectConfirmation"
SUBJECT_CONFIRMATION_DATA: Final = f"{{{SAML}}}SubjectConfirmationData"
CONDITIONS: Final = f"{{{SAML}}}Conditions"
AUDIENCE_RESTRICTION: Final = f"{{{SAML}}}AudienceRestriction"
AUDIENCE: Final = f"{{{SAML}}}Audience"
ONE_TIME_USE: Final = f"{{{SAML}}}OneTimeUse"
PROXY_RESTRICTION: Final = f"{{{SAML}}}ProxyRestriction"
ADVICE: Final = f"{{{SAML}}}Advice"
AUTHN_STATEMENT: Final = f"{{{SAML}}}AuthnStatement"
AUTHN_CONTEXT: Final = f"{{{SAML}}}AuthnContext"
AUTHN_CONTEXT_CLASS_REF: Final = f"{{{SAML}}}AuthnContextClassRef"
ATTRIBUTE_STATEMENT: Final = f"{{{SAML}}}AttributeStatement"
ATTRIBUTE: Final = f"{{{SAML}}}Attribute"
ENCRYPTED_ATTRIBUTE: Final = f"{{{SAML}}}EncryptedAttribute"
ATTRIBUTE_VALUE: Final = f"{{{SAML}}}AttributeValue"
AUTHZ_DECISION_STATEMENT: Final = f"{{{SAML}}}AuthzDecisionStatement"

SIGNATURE: Final = f"{{{DS}}}Signature"
SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
KEY_INFO: Final = f"{{{DS}}}KeyInfo"
CANONICALIZATION_METHOD: Final = f"{{{DS}}}CanonicalizationMethod"
SIGNATURE_METHOD: Final = f"{{{DS}}}SignatureMethod"
REFERENCE: Final = f"{{{DS}}}Reference"
TRANSFORMS: Final = f"{{{DS}}}Transforms"
TRANSFORM: Final = f"{{{DS}}}Transform"
DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
X509_DATA: Final = f"{{{DS}}}X509Data"
X509_CERTIFICATE: Final = f"{{{DS}}}X509Certificate"
INCLUSIVE_NAMESPACES: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"

ENCRYPTED_DATA: Final = f"{{{XENC}}}EncryptedData"
ENCRYPTED_KEY: Final = f"{{{XENC}}}EncryptedKey"
ENCRYPTION_METHOD: Final = f"{{{XENC}}}EncryptionMethod"
ENCRYPTION_PROPERTIES: Final = f"{{{XENC}}}EncryptionProperties"
CIPHER_DATA: Final = f"{{{XENC}}}CipherData"
CIPHER_VALUE: Final = f"{{{XENC}}}CipherValue"
REFERENCE_LIST: Final = f"{{{XENC}}}ReferenceList"
CARRIED_KEY_NAME: Final = f"{{{XENC}}}CarriedKeyName"
OAEP_PARAMS: Final = f"{{{XENC}}}OAEPparams"
MGF: Final = f"{{{XENC11}}}MGF"

ENTITIES_DESCRIPTOR: Final = f"{{{MD}}}EntitiesDescriptor"
ENTITY_DESCRIPTOR: Final = f"{{{MD}}}EntityDescriptor"
IDP_SSO_DESCRIPTOR: Final = f"{{{MD}}}IDPSSODescriptor"
KEY_DESCRIPTOR: Final = f"{{{MD}}}KeyDescriptor"
SINGLE_SIGN_ON_SERVICE: Final = f"{{{MD}}}SingleSignOnService"
SINGLE_LOGOUT_SERVICE: Final = f"{{{MD}}}SingleLogoutService"
NAME_ID_FORMAT: Final = f"{{{MD}}}NameIDFormat"

# --- URNs -------------------------------------------------------------------------------------

STATUS_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
STATUS_REQUESTER: Final = "urn:oasis:names:tc:SAML:2.0:status:Requester"
STATUS_RESPONDER: Final = "urn:oasis:names:tc:SAML:2.0:status:Responder"
STATUS_PARTIAL_LOGOUT: Final = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HTTP_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NAME_ID_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
NAME_ID_EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
NAME_ID_UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
NAME_ID_PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
NAME_ID_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

# --- signatures -------------------------------------------------------------------------------

ENVELOPED_SIGNATURE: Final = DS + "enveloped-signature"

# True means exclusive. The variants "with comments" are the same thing here, because a document
# with a comment in it never gets this far. Canonical XML 1.1 is not offered by the parser.
CANONICALIZATIONS: Final[dict[str, bool]] = {
    EXC_C14N: True,
    EXC_C14N + "WithComments": True,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": False,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments": False,
}

HashName = Literal["sha1", "sha256", "sha384", "sha512"]
Scheme = Literal["rsa-pkcs1", "rsa-pss", "ecdsa"]


class SignatureAlgorithm(NamedTuple):
    scheme: Scheme
    hash: HashName


_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"

RSA_SHA256: Final = _MORE + "rsa-sha256"

SIGNATURE_ALGORITHMS: Final[dict[str, SignatureAlgorithm]] = {
    _MORE + "rsa-sha256": SignatureAlgorithm("rsa-pkcs1", "sha256"),
    _MORE + "rsa-sha384": SignatureAlgorithm("rsa-pkcs1", "sha384"),
    _MORE + "rsa-sha512": SignatureAlgorithm("rsa-pkcs1", "sha512"),
    _MORE_2007 + "sha256-rsa-MGF1": SignatureAlgorithm("rsa-pss", "sha256"),
    _MORE_2007 + "sha384-rsa-MGF1": SignatureAlgorithm("rsa-pss", "sha384"),
    _MORE_2007 + "sha512-rsa-MGF1": SignatureAlgorithm("rsa-pss", "sha512"),
    _MORE + "ecdsa-sha256": SignatureAlgorithm("ecdsa", "sha256"),
    _MORE + "ecdsa-sha384": SignatureAlgorithm("ecdsa", "sha384"),
    _MORE + "ecdsa-sha512": SignatureAlgorithm("ecdsa", "sha512"),
}
INSECURE_SIGNATURE_ALGORITHMS: Final[dict[str, SignatureAlgorithm]] = {
    DS + "rsa-sha1": SignatureAlgorithm("rsa-pkcs1", "sha1"),
    _MORE + "ecdsa-sha1": SignatureAlgorithm("ecdsa", "sha1"),
}

SHA1: Final = DS + "sha1"
SHA256: Final = XENC + "sha256"
SHA384: Final = _MORE + "sha384"
SHA512: Final = XENC + "sha512"

DIGESTS: Final[dict[str, HashName]] = {SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}
INSECURE_DIGESTS: Final[dict[str, HashName]] = {SHA1: "sha1"}

# --- encryption -------------------------------------------------------------------------------

# RSA-OAEP with SHA-1 is fine: OAEP does not lean on collision resistance, and SHA-1 is what the
# older URI means when it says nothing else.
RSA_OAEP_MGF1P: Final = XENC + "rsa-oaep-mgf1p"
RSA_OAEP: Final = XENC11 + "rsa-oaep"
OAEP_DIGESTS: Final[dict[str, HashName]] = DIGESTS | INSECURE_DIGESTS
OAEP_MGFS: Final[dict[str, HashName]] = {
    XENC11 + "mgf1sha1": "sha1",
    XENC11 + "mgf1sha256": "sha256",
    XENC11 + "mgf1sha384": "sha384",
    XENC11 + "mgf1sha512": "sha512",
}

CipherMode = Literal["gcm", "cbc", "3des-cbc"]


class Cipher(NamedTuple):
    mode: CipherMode
    key_bytes: int


TRIPLE_DES_CBC: Final = XENC + "tripledes-cbc"
CIPHERS: Final[dict[str, Cipher]] = {
    XENC11 + "aes128-gcm": Cipher("gcm", 16),
    XENC11 + "aes192-gcm": Cipher("gcm", 24),
    XENC11 + "aes256-gcm": Cipher("gcm", 32),
    XENC + "aes128-cbc": Cipher("cbc", 16),
    XENC + "aes192-cbc": Cipher("cbc", 24),
    XENC + "aes256-cbc": Cipher("cbc", 32),
}
INSECURE_CIPHERS: Final[dict[str, Cipher]] = {TRIPLE_DES_CBC: Cipher("3des-cbc", 24)}
