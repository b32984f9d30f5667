"""How a worker's statements count what they have moved (`worker_tally`): in the very statement that moves it, by the
words that rows had before and have now, so that it is exact whatever moved.

Takes the SQL of an UPDATE or INSERT that returns `before` and `after`, and gives the whole statement; its parameters
have the worker's number as `me`.
"""


def counted(moving: str, *, first: str = "", give: str = "") -> str:
    """Give `moving` as a statement that counts. `first`: what stands before it in the WITH clause; `give`: the columns
    of what it returns that are given, where any are.
    """
    before = f"{first}, " if first else ""
    count = """
changed AS (
    SELECT word, sum(by) AS by FROM (
        SELECT after AS word, 1 AS by FROM moved UNION ALL SELECT before, -1 FROM moved) AS each
    GROUP BY word HAVING sum(by) <> 0)"""
    keep = """
INSERT INTO worker_tally AS kept (worker, delivery, rows) SELECT %(me)s, word, by FROM changed ORDER BY word
ON CONFLICT (worker, delivery) DO UPDATE SET rows = kept.rows + excluded.rows"""
    if give:
        return f"WITH {before}moved AS ({moving}), {count}, tallied AS ({keep}) SELECT {give} FROM moved"  # noqa: S608 - ours
    return f"WITH {before}moved AS ({moving}), {count} {keep}"
