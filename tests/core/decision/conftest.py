"""What all tests of the decision have in common."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_core():
    """On arrays this small, threads that wait for each other cost more than they do."""
    with threadpool_limits(1):
        yield
