"""Vestibule: one entrance hall, many doors. A self-hosted B2B single sign-on server."""

__version__ = "0.1.0"
