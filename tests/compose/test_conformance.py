"""Lengths and active spans are those that twitter-text's published cases tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.compose.conformance import OUTDATED, Case, published_cases

SPECS = os.environ.get("SOCIALCAST_SPECS")
CASES = list(published_cases(Path(SPECS))) if SPECS else []
pytestmark = [
    pytest.mark.description,
    pytest.mark.skipif(not SPECS, reason="SOCIALCAST_SPECS names no folder with twitter-text's cases"),
]


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.outdated], ids=lambda case: f"{case.group}-{case.description[:50]}"
)
def test_every_published_case_passes(case: Case) -> None:
    """What the platform's own library counts and finds in a text, we count and find."""
    assert case.found == case.expected


def test_only_what_version_3_changed_is_outdated() -> None:
    """The cases set aside are those that are named with a reason, and each of them really differs."""
    aside = [case for case in CASES if case.outdated]
    assert len(aside) == len(OUTDATED)
    assert not any(case.passed for case in aside)
