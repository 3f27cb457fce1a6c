"""The example "one company bought two others": see README.md beside this file."""
