"""The doors: API, login, demo. Read what comes in, call one use case, render what comes out."""
