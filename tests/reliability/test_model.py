"""The model itself: it accepts what a registry may do, and finds what it may not."""

from math import inf

import pytest

from model.promises import Promises
from model.register import ClearIf, Listed, Read, Write, unexplained, views

A, B = "sha256:a", "sha256:b"


@pytest.mark.parametrize(
    "history",
    [
        [],
        [Read(0, 1, seen=None)],
        [Write(0, 1, value=A), Read(2, 3, seen=A)],
        [Write(0, 3, value=A), Read(1, 2, seen=A), Read(1, 2, seen=None)],
        [Write(0, 9, value=A), Write(0, 9, value=B), Read(1, 2, seen=B), Read(3, 4, seen=A)],
        [Write(0, 1, value=A), Write(2, 3, value=None), Read(4, 5, seen=None)],
        [Write(0, 1, value=A), ClearIf(2, 3, value=A), Read(4, 5, seen=None)],
        [Write(0, 1, value=A), ClearIf(2, 3, value=B), Read(4, 5, seen=A)],
        [Write(0, 9, value=A), ClearIf(0, 9, value=A), Read(10, 11, seen=A)],
        [Write(0, 1, value=A), Listed(2, 3)],
        # Who knows whether a request that got no answer has changed anything.
        [Write(0, 1, certain=False, value=A), Read(2, 3, seen=None)],
        [Write(0, 1, certain=False, value=A), Read(2, 3, seen=A), Read(4, 5, seen=A)],
        [Write(0, inf, certain=False, value=A), Read(2, 3, seen=None), Read(4, 5, seen=A)],
    ],
)
def test_what_can_have_happened_is_explained(history):
    assert unexplained(history) is None


@pytest.mark.parametrize(
    "history",
    [
        [Read(0, 1, seen=A)],
        [Write(0, 1, value=A), Read(2, 3, seen=None)],
        [Write(0, 1, value=A), Write(2, 3, value=B), Read(4, 5, seen=A)],
        [Write(0, 9, value=A), Read(1, 2, seen=A), Read(3, 4, seen=None)],
        [Write(0, 9, value=A), Write(0, 9, value=B), Read(1, 2, seen=B), Read(3, 4, seen=A)]
        + [Read(5, 6, seen=B)],
        [Write(0, 1, value=A), ClearIf(2, 3, value=A), Read(4, 5, seen=A)],
        [Write(0, 1, value=A), ClearIf(2, 3, value=B), Read(4, 5, seen=None)],
        [Listed(0, 1)],
        [Write(0, 1, certain=False, value=A), Read(2, 3, seen=A), Read(4, 5, seen=None)],
        # The daemon died at 1: what it had not done by then it does no more.
        [Write(0, 1, certain=False, value=A), Read(2, 3, seen=None), Read(4, 5, seen=A)],
        [Write(2, 3, value=A), Read(0, 1, seen=A)],
    ],
)
def test_what_cannot_have_happened_is_found(history):
    assert unexplained(history) is history[-1] or isinstance(unexplained(history), Read)


def test_a_list_may_lag_behind_a_change_that_is_under_way():
    changes = [Write(0, 1, value=A), Write(2, 9, value=None)]
    history = [*changes, Read(3, 4, seen=None), Listed(5, 6)]
    assert unexplained(history)
    assert not any(unexplained(view) for view in views(history))
    assert any(unexplained(view) for view in views([*history, Listed(10, 11)]))


GRACE = 10


@pytest.fixture
def promises() -> Promises:
    return Promises(grace=GRACE)


def test_a_promise_holds_for_the_grace(promises):
    promises.promise("r", A, 0, 1)
    assert promises.forbids_absence("r", A, 2, 9)
    assert not promises.forbids_absence("r", A, 2, 11)
    assert not promises.forbids_absence("r", B, 2, 3)
    assert not promises.forbids_absence("other", A, 2, 3)


def test_a_promise_that_is_made_meanwhile_says_nothing(promises):
    promises.promise("r", A, 0, 5)
    assert not promises.forbids_absence("r", A, 4, 6)


def test_without_a_collection_promises_hold_for_good():
    promises = Promises(grace=None)
    promises.promise("r", A, 0, 1)
    assert promises.forbids_absence("r", A, 2, 10_000)


def test_a_delete_ends_a_promise(promises):
    promises.promise("r", A, 0, 1)
    deletion = promises.begin_delete("r", A, 2)
    assert not promises.forbids_absence("r", A, 2, 3)
    deletion.end = 3
    promises.promise("r", A, 4, 5)
    assert promises.forbids_absence("r", A, 6, 7)


def test_what_a_manifest_names_stays_as_long_as_the_manifest(promises):
    promises.manifest("r", B, [A], 0, 1)
    assert promises.forbids_absence("r", A, 2, 1000)
    promises.begin_delete("r", B, 500)
    assert promises.forbids_absence("r", A, 2, 400)
    assert not promises.forbids_absence("r", A, 2, 1000)


def test_what_was_deleted_and_not_pushed_again_is_not_there(promises):
    promises.begin_creation("r", A, 0).end = 1
    assert not promises.forbids_presence("r", A, 2, 3)
    promises.begin_delete("r", A, 2).settle(3)
    assert promises.forbids_presence("r", A, 4, 5)
    assert not promises.forbids_presence("r", A, 2, 5)
    promises.begin_creation("r", A, 6)
    assert not promises.forbids_presence("r", A, 7, 8)
