"""Software that nobody here wrote, started by the tests and spoken to over real sockets.

Each module owns one peer: how to start it on a free loopback port, how to introduce Vestibule
to it, and how a person signs in there. None of them imports Vestibule: what they prove would be
worth less if they did.
"""
