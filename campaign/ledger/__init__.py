"""What has happened, durably: one SQLite file beside the results. It is the truth; the results CSV is its picture.

`store` opens it for a run (identity, lock, damage), `roster` holds the contacts file as it was read, `journal` writes
down claims and outcomes while mail goes out, `summary` answers questions about it.
"""
