import gc
import threading
import time
import weakref

import pytest

from pipelines.overlap import overlapped

ALONE = {"read": lambda item: item, "likeness": lambda content: ("kind", 1),
         "compute": lambda items, contents: contents, "write": lambda item, result: result}


def test_steps_follow_each_other_and_the_order_stays():
    steps = {**ALONE, "read": lambda item: item * 10,
             "compute": lambda items, contents: [sum(pair) for pair in zip(items, contents)],
             "write": lambda item, result: f"{item}: {result}"}
    outcomes = overlapped([1, 2, 3], **steps)
    assert [(item, future.result()) for item, future in outcomes] == [(1, "1: 11"), (2, "2: 22"), (3, "3: 33")]
    assert list(overlapped([], **ALONE)) == []


def test_the_next_is_read_and_the_last_written_while_one_is_computed():
    next_is_read, next_is_computed, last_is_written = (threading.Event() for _ in range(3))

    def read(item):
        if item == "b":
            next_is_read.set()

    def compute(items, contents):
        if items == ["a"]:
            assert next_is_read.wait(10)
        else:
            next_is_computed.set()
            assert last_is_written.wait(10)
        return contents

    def write(item, _):
        if item == "a":
            assert next_is_computed.wait(10)
            last_is_written.set()

    outcomes = overlapped("ab", **{**ALONE, "read": read, "compute": compute, "write": write})
    assert [future.result() for _, future in outcomes] == [None, None]


def recorded(**steps):
    """The batches, and the outcomes: two of a ten are alike."""
    batches = []
    compute = steps.pop("compute", ALONE["compute"])
    outcomes = overlapped([11, 12, 13, 21, 22, 14], **{
        **ALONE, "likeness": lambda content: (content // 10, 2), **steps,
        "compute": lambda items, contents: batches.append(items) or compute(items, contents)})
    return batches, list(outcomes)


def test_neighbours_of_a_kind_are_computed_together():
    batches, outcomes = recorded()
    assert batches == [[11, 12], [13], [21, 22], [14]]
    assert [future.result() for _, future in outcomes] == [item for item, _ in outcomes] == [11, 12, 13, 21, 22, 14]


def failing(item):
    if item == 12:
        raise OSError("disk full")
    return item


@pytest.mark.parametrize("step, first", [
    ({"read": failing}, [[11], [13]]), ({"write": lambda item, _: failing(item)}, [[11, 12], [13]]),
    ({"compute": lambda items, contents: [failing(content) for content in contents]}, [[11, 12], [11], [12], [13]])])
def test_what_one_item_raises_is_its_own(step, first):
    batches, outcomes = recorded(**step)
    assert batches[:len(first)] == first
    assert [item for item, _ in outcomes] == [11, 12, 13, 21, 22, 14]
    for item, future in outcomes:
        if item == 12:
            with pytest.raises(OSError, match="disk full"):
                future.result()
        else:
            assert future.result() == item


@pytest.mark.parametrize("interrupted_with, expected", [([3], [1, 2]), ([2], [1])])
def test_what_was_computed_before_an_interruption_is_still_told(interrupted_with, expected):
    def compute(items, contents):
        if items == interrupted_with:
            raise KeyboardInterrupt
        if len(items) > 1:
            raise ValueError("one by one, please")
        return contents

    told = []
    with pytest.raises(KeyboardInterrupt):
        for item, future in overlapped([1, 2, 3], **{**ALONE, "likeness": lambda _: ("kind", 3), "compute": compute}):
            told.append(future.result())
    assert told == expected


@pytest.mark.parametrize("step", [None, "compute", "write"])
def test_no_picture_stays_in_memory_while_the_next_is_computed(step):
    alive, most = weakref.WeakSet(), []

    class Large:
        pass

    def read(item):
        large = Large()
        alive.add(large)
        return large

    def compute(items, contents):
        time.sleep(0.02)  # the last one is written, the next one is read
        most.append(len(alive))
        return computed(contents[0])

    def computed(content):
        if step == "compute":
            raise ValueError("too dark")
        return [content]

    def write(item, content):
        if step == "write":
            raise ValueError("disk full")

    gc.disable()
    try:
        for _, future in overlapped(range(8), **{**ALONE, "read": read, "compute": compute, "write": write}):
            future.exception()
        del future
    finally:
        gc.enable()
    assert len(most) == 8 and max(most) <= 3
    assert len(alive) <= 1
