"""The command line, for the tests of this room."""

from tests.command_line import command, small

__all__ = ["command", "small"]
