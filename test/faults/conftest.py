"""Every run of the faults can be repeated: SEED gives the moments of the kills."""

import os
import random

import pytest

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
ROUNDS = int(os.environ.get("ROUNDS", "10"))


def pytest_report_header():
    return f"seed {SEED} ({ROUNDS} rounds); repeat with SEED={SEED} ROUNDS={ROUNDS}"


def pytest_generate_tests(metafunc):
    if "round" in metafunc.fixturenames:
        metafunc.parametrize("round", range(ROUNDS))


@pytest.fixture
def chance(round):
    """The randomness of one round."""
    return random.Random(f"{SEED} {round}")
