"""`python -m campaign` and the `campaign` command: as little as can be imported before the command line is read."""

import gc

_COLLECT_AFTER = 100_000
"""Objects after which the garbage collector looks. What is imported stays: looking through it takes a tenth as long as
importing it."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_COLLECT_AFTER)
    from campaign.cli import app

    app()


if __name__ == "__main__":
    main()
