"""A batch e-mail campaign: nobody lost, nobody mailed twice, one final word for every contact."""

__version__ = "0.1.0"
