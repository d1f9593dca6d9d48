import threading

import pytest

from pipelines.overlap import overlapped


def test_steps_follow_each_other_and_the_order_stays():
    outcomes = overlapped([1, 2, 3], read=lambda item: item * 10, compute=lambda item, content: content + item,
                          write=lambda item, result: f"{item}: {result}")
    assert [(item, future.result()) for item, future in outcomes] == [(1, "1: 11"), (2, "2: 22"), (3, "3: 33")]
    assert list(overlapped([], read=None, compute=None, write=None)) == []


def test_the_next_is_read_and_the_last_written_while_one_is_computed():
    next_is_read, next_is_computed, last_is_written = (threading.Event() for _ in range(3))

    def read(item):
        if item == "b":
            next_is_read.set()

    def compute(item, _):
        if item == "a":
            assert next_is_read.wait(10)
        else:
            next_is_computed.set()
            assert last_is_written.wait(10)

    def write(item, _):
        if item == "a":
            assert next_is_computed.wait(10)
            last_is_written.set()

    assert [future.result() for _, future in overlapped("ab", read=read, compute=compute, write=write)] == [None, None]


@pytest.mark.parametrize("step", ["read", "compute", "write"])
def test_what_one_item_raises_is_its_own(step):
    steps = {"read": lambda item: item, "compute": lambda item, _: item, "write": lambda item, _: item}

    def failing(item, *_):
        if item == 2:
            raise OSError("disk full")
        return item

    outcomes = dict(overlapped([1, 2, 3], **{**steps, step: failing}))
    assert outcomes[1].result() == 1 and outcomes[3].result() == 3
    with pytest.raises(OSError, match="disk full"):
        outcomes[2].result()


def test_what_is_written_at_an_interruption_is_still_told():
    def compute(item, _):
        if item == 2:
            raise KeyboardInterrupt
        return item

    told = []
    with pytest.raises(KeyboardInterrupt):
        for item, _ in overlapped([1, 2, 3], read=lambda item: item, compute=compute, write=lambda item, _: item):
            told.append(item)
    assert told == [1]
