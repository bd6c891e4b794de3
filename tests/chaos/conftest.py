"""These tests take minutes and the whole machine, so only `make chaos` runs them."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked `chaos` unless LIMBER_CHAOS is set: `full`, or `small` for a share."""
    if not os.environ.get("LIMBER_CHAOS"):
        skip = pytest.mark.skip(reason="takes minutes: `make chaos` runs it")
        for item in items:
            if item.get_closest_marker("chaos"):
                item.add_marker(skip)
