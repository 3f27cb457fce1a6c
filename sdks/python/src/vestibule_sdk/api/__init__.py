"""The generated part.

Written by `make api`; change the operations of the server, not this file.
"""
