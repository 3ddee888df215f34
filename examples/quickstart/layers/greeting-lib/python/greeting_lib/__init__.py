"""What the greeting function gets from its vendor, as a layer."""

import json
import sys

_WORDS = {"de": "Guten Tag", "en": "Hello", "fr": "Bonjour"}


class UnknownLanguage(Exception):
    """The language has no greeting."""


def greet(customer, language):
    """Give the greeting of a customer in a language."""
    try:
        word = _WORDS[language]
    except KeyError:
        known = ", ".join(sorted(_WORDS))
        raise UnknownLanguage(f"input.language is {language!r}; allowed: {known}") from None
    return f"{word}, {customer}!"


def log(message, **fields):
    """Write one line of JSON, as the platform's log queries expect."""
    json.dump({"level": "INFO", "message": message, **fields}, sys.stdout)
    sys.stdout.write("\n")
