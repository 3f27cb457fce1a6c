"""Rows in, rows out: the only floor that knows SQL. `open_store` gives the one face of it."""

from vestibule.storage.sealed import KeyRing as KeyRing
from vestibule.storage.store import Store as Store
from vestibule.storage.store import Tx as Tx
from vestibule.storage.store import open_store as open_store
