"""Reading, computing and writing side by side: while one picture is computed, the next is read and the last written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")


def overlapped(items: Sequence[Item], *, read: Callable[[Item], Any], compute: Callable[[Item, Any], Any],
               write: Callable[[Item, Any], Any]) -> Iterator[tuple[Item, Future[Any]]]:
    """Read, compute and write items, each step in their order.

    At most three items are in memory: one in each step. `compute` runs in the caller's thread.

    Args:
        items: One after another.
        read: Takes an item.
        compute: Takes an item and what `read` returned.
        write: Takes an item and what `compute` returned.

    Yields:
        Each item with a future of what `write` returned or of what any step raised, when the next one was computed.
        After Ctrl-C the item that is being written still comes, then KeyboardInterrupt.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        coming = [reader.submit(read, item) for item in items[:1]]
        last: list[tuple[Item, Future[Any]]] = []
        for index, item in enumerate(items):
            content = coming.pop()
            coming += [reader.submit(read, following) for following in items[index + 1:index + 2]]
            try:
                done = writer.submit(write, item, compute(item, content.result()))
            except Exception as error:
                done = Future()
                done.set_exception(error)
            except BaseException:
                yield from last
                raise
            del content  # else the picture would stay until the next one has taken its place
            yield from last
            last = [(item, done)]
        yield from last
