"""What a campaign has learned of its servers, for a worker that must not wait for the database: facts as of the last
heartbeat, and what is to be written with the next. The facts are those of `sql.server_memory`. Raises nothing.

Whether a trial is this worker's is known a heartbeat later: whoever asks, asks again.
"""

import threading
from collections.abc import Callable, Mapping

from campaign.ledger.postgres.reconnecting import Raw

_TRIAL, _ABLE, _UNABLE = "trial", "able", "unable"
_FACTS = "SELECT name, value FROM facts WHERE name LIKE 'server %'"
_BEGIN = "INSERT INTO facts VALUES (%s, 'trial') ON CONFLICT (name) DO NOTHING"
_LEARN = "INSERT INTO facts VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_FORGET = "DELETE FROM facts WHERE name = %s AND value = 'able'"


class PostgresServerMemory:
    """One process's look into it. `changed` hears that there is something to write."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._known: Mapping[str, str] = {}
        self._writing: dict[str, str] = {}
        """What is to be written, by name: a word, "" to forget."""
        self._asked: set[str] = set()
        self._won: set[str] = set()
        """Trials that are this worker's, and have not been begun."""
        self._lock = threading.Lock()

    def look_up(self, server: str, ability: str) -> bool | None:
        """Say whether the server is able; None where that is not known yet."""
        name = _name(server, ability)
        word = self._writing.get(name) or self._known.get(name, _TRIAL)
        return {_ABLE: True, _UNABLE: False}.get(word)

    def begin_trial(self, server: str, ability: str) -> bool:
        """Say whether the caller, and nobody else in this run, may find out."""
        name = _name(server, ability)
        with self._lock:
            if name in self._won:
                self._won.discard(name)
                return True
            if name in self._known or name in self._asked:
                return False
            self._asked.add(name)
        self._changed()
        return False

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""
        self._write(_name(server, ability), _ABLE if able else _UNABLE)

    def forget(self, server: str, ability: str) -> None:
        """Let somebody find out again, where it was thought able."""
        self._write(_name(server, ability), "")

    def exchange(self, raw: Raw) -> None:
        """Write what is to be written, and read what is known. In the heartbeat's thread; may be done again."""
        with self._lock:
            writing, asked = dict(self._writing), set(self._asked)
        for name, word in writing.items():
            raw.execute(_LEARN, (name, word)) if word else raw.execute(_FORGET, (name,))
        won = {name for name in sorted(asked) if raw.execute(_BEGIN, (name,)).rowcount}
        known: dict[str, str] = dict(raw.execute(_FACTS).fetchall())
        with self._lock:
            self._known = known
            self._won |= won
            self._asked -= asked
            for name, word in writing.items():
                if self._writing.get(name) == word:
                    del self._writing[name]

    def _write(self, name: str, word: str) -> None:
        with self._lock:
            self._writing[name] = word
        self._changed()


def _name(server: str, ability: str) -> str:
    return f"server {server} {ability}"
