"""`python -m campaign` and the `campaign` command: as little as can be imported before the command line is read."""


def main() -> None:
    """Run the command line."""
    from campaign.cli import app

    app()


if __name__ == "__main__":
    main()
