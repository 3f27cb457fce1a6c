"""The attack suite: hostile and honest SAML responses, sent to a service provider that runs.

Owns one catalogue (`catalogue`), written against a scene (`scene`), so that the same case can be
frozen into a vector or made afresh for a live sign-in. Refuses to know how Vestibule signs or
reads: what attacks must be an opinion of its own, and must be able to write what our own hand
refuses to.
"""
