"""What the tests in a browser share, for the book's pages and for the slides."""

import os

import pytest

AXE = {
    "preload": False,  # else axe itself fetches style sheets, at wrong addresses
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


def need(condition, message):
    """Skip with a reason where a person works; fail where a machine promised everything."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
