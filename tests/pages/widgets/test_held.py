"""What the browser fetches by address: the same content has one address, and the oldest makes way."""

import numpy as np
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.ui.shell.routes import held_routes
from pages.ui.widgets.held import address_of, held


def digest(address: str) -> str:
    return address.removeprefix("held/").removesuffix(".bin")


def test_the_same_numbers_have_one_address_and_others_another() -> None:
    numbers = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert address_of(numbers) == address_of(numbers.copy()) == address_of(numbers[:])
    assert address_of(numbers) != address_of(numbers + 1)
    assert address_of(numbers[:2]) != address_of(numbers)
    assert held(digest(address_of(numbers))) == numbers.tobytes()
    turned = numbers.T
    assert held(digest(address_of(turned))) == np.ascontiguousarray(turned).tobytes()


def test_an_array_in_the_place_of_one_that_is_gone_is_no_other() -> None:
    for value in range(50):
        fresh = np.full(1000, value, np.int64)
        assert held(digest(address_of(fresh))) == fresh.tobytes()
        del fresh


def test_what_was_not_asked_for_longest_makes_way() -> None:
    first, second = np.full(100, 7, np.uint8), np.full(100, 8, np.uint8)
    before = address_of(first, most_bytes=150)
    after = address_of(second, most_bytes=150)
    assert held(digest(before)) is None
    assert held(digest(after)) == second.tobytes()
    address_of(first)
    assert held(digest(before)) == first.tobytes()


def test_the_route_serves_what_is_held_and_nothing_else() -> None:
    client = TestClient(Starlette(routes=held_routes()))
    numbers = np.arange(5, dtype=np.uint16)
    answer = client.get(f"/{address_of(numbers)}")
    assert answer.content == numbers.tobytes()
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "application/octet-stream"
    for wrong in ("/held/nothing.bin", f"/held/{'0' * 32}.bin", "/held/..%2f..%2fapp.py", "/held/x"):
        assert client.get(wrong).status_code == 404
