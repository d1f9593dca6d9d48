"""Reading, computing and writing side by side: while a picture is computed, the next is read and the last written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Outcome = tuple[Any, "Future[Any]"]  # an item, and what a step made of it or raised


def overlapped(items: Sequence[Item], *, read: Callable[[Item], Any], likeness: Callable[[Any], tuple[Any, int]],
               compute: Callable[[list[Item], list[Any]], Sequence[Any]],
               write: Callable[[Item, Any], Any]) -> Iterator[tuple[Item, Future[Any]]]:
    """Read, compute and write items, each step in their order.

    Neighbours that are alike are computed together; where that fails, each on its own. In memory are the item that is
    read, those that are computed and those that are written. `compute` runs in the caller's thread.

    Args:
        items: One after another.
        read: Takes an item.
        likeness: Takes what `read` returned; returns its kind, and how many of a kind may be computed together.
        compute: Takes items and what `read` returned for each; returns the result of each.
        write: Takes an item and its result.

    Yields:
        Each item with a future of what `write` returned or of what any step raised, when the next were computed. After
        Ctrl-C those that are being written still come, then KeyboardInterrupt.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        steps = (_computed(batch, compute, write, writer)
                 for batch in _batches(_read_ahead(items, read, reader), likeness))
        last: list[Outcome] = []
        while True:
            computed: list[Outcome] = []
            try:
                for outcome in next(steps, ()):
                    computed.append(outcome)
            except KeyboardInterrupt:
                yield from _told([*last, *computed])
                raise
            yield from _told(last)
            if not computed:
                return
            last = computed


# What these hold may be large: no variable outlives its use.
def _read_ahead(items: Sequence[Item], read: Callable[[Item], Any], reader: Executor) -> Iterator[Outcome]:
    coming = [reader.submit(read, item) for item in items[:1]]
    for index, item in enumerate(items):
        coming += [reader.submit(read, following) for following in items[index + 1:index + 2]]
        yield item, coming.pop(0)


def _batches(contents: Iterable[Outcome], likeness: Callable[[Any], tuple[Any, int]]) -> Iterator[list[Outcome]]:
    """Neighbours of a kind; what could not be read is alone."""
    batch: list[Outcome] = []
    kind = None
    for item, content in contents:
        of_kind, most = (None, 1) if content.exception() else likeness(content.result())
        if batch and of_kind != kind:
            yield batch
            batch = []
        batch.append((item, content))
        kind = of_kind
        del content
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch


def _computed(batch: list[Outcome], compute: Callable[[list[Any], list[Any]], Sequence[Any]],
              write: Callable[[Any, Any], Any], writer: Executor) -> Iterator[Outcome]:
    outcome: Future[Any] = Future()
    try:
        results = compute([item for item, _ in batch], [content.result() for _, content in batch])
    except Exception as error:
        outcome.set_exception(error)
    else:
        for (item, _), result in zip(batch, results):
            yield item, writer.submit(write, item, result)
        return
    if len(batch) == 1:
        yield batch[0][0], outcome
        return
    for one in batch:
        yield from _computed([one], compute, write, writer)


def _told(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    for item, outcome in outcomes:
        yield item, outcome
        error = outcome.exception()
        if error is not None:
            error.__traceback__ = None  # its frames hold the picture, and in circles one another
        del error
