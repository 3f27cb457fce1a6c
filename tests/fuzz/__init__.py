"""Hostile documents by the thousand, and other people's libraries to say what was signed in them.

`python -m fuzz` runs for minutes, `test_fuzz.py` for a counted few seconds. What is hunted, by
which rule, and what came of it so far stands in docs/security/fuzzing.md.
"""
