"""How many rows are taken at a time: by how fast they go, and by how many are left."""

import pytest

from campaign.worker.block_size import LARGEST_BLOCK, BlockSize


def grown() -> BlockSize:
    """As large as it becomes."""
    size = BlockSize()
    for _ in range(10):
        size.next(0.0, None)
        size.taken(0.0)
    return size


@pytest.mark.parametrize(
    ("left", "rows"), [(None, 128), (100_000, 128), (512, 128), (400, 100), (40, 10), (17, 4), (16, 4), (3, 4), (0, 4)]
)
def test_nobody_takes_more_than_a_share_of_what_is_left(left: int | None, rows: int) -> None:
    assert grown().next(0.0, left) == rows


def test_a_share_of_what_is_left_says_nothing_of_the_pace() -> None:
    """More may be read: then blocks are as large as before."""
    size = grown()
    size.next(0.0, 8)
    size.taken(0.0)
    assert size.next(0.2, None) == LARGEST_BLOCK


def test_several_workers_end_within_a_few_rows_of_each_other() -> None:
    """Two workers, a block each in turn: what one still holds when the other finds no more is a first block."""
    left, sizes = 3_000, [BlockSize(), BlockSize()]
    blocks: list[int] = []
    while left:
        size = sizes[len(blocks) % 2]
        block = min(left, size.next(0.0, left))
        size.taken(0.0)
        left -= block
        blocks.append(block)
    assert max(blocks) == LARGEST_BLOCK
    assert max(blocks[-2:]) <= 4
