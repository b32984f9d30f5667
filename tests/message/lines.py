"""The longest line of a message, and unsubscribe URLs that fill one."""

LONGEST_URL = 900 - len("List-Unsubscribe: <>,")


def url_of(length: int) -> str:
    return "https://acme.example/".ljust(length, "u")


def longest_line(data: bytes) -> int:
    return max(map(len, data.split(b"\r\n")))
