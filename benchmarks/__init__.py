"""Measurements of this machine; see README.md beside this file. Run with `make bench`."""
