"""What later evidence has shown, counted: who complained, who wants no more, how long messages took to come back.

Takes the ledger's connection, also while a run goes on; gives `LaterWords`, and what the pictures must know of when a
row's message was accepted. Raises LedgerError. Limits: when a message was accepted whose row was in doubt is known only
where the evidence is that of its acceptance.
"""

from campaign.evidence import SOON, LaterWords
from campaign.ledger.database import Database
from campaign.ledger.sql.later_words import has_any

_FEEDBACK = "SELECT substr(feedback, 1, instr(feedback, ' ') - 1), count(*) FROM later_word GROUP BY 1"
_CASES = " ".join(f"WHEN delivery.settled_at - later_word.left_at <= {seconds} THEN {seconds}" for seconds in SOON)
_CAME_BACK = f"""
SELECT CASE {_CASES} END, count(*) FROM later_word JOIN delivery USING (contact)
WHERE delivery.status = 'bounced' AND later_word.left_at IS NOT NULL GROUP BY 1
"""  # noqa: S608 - our own numbers
LEFT_AT = """
CASE WHEN own.status = 'bounced' THEN later_word.left_at
    WHEN own.status = 'sent' AND later_word.evidence IS NOT NULL AND EXISTS (
        SELECT 1 FROM evidence WHERE contact = own.contact AND word = 'sent' AND word_before <> 'sent'
            AND kind <> 'accepted'
            AND own.settled_at = CASE WHEN moment < recorded_at THEN moment ELSE recorded_at END) THEN NULL
    ELSE own.settled_at END
"""
"""When a row got the last word that the run had of it: of one that bounced, when its message was accepted; unknown
(NULL) where a word rests on what came after that. Wants `later_word` beside `own`.
"""


def later_counts(database: Database) -> LaterWords:
    """Count it."""
    with database.explained():
        if not has_any(database):
            return LaterWords()
        feedback = dict(database.execute(_FEEDBACK))
        (recorded_at,) = database.execute("SELECT max(recorded_at) FROM evidence").fetchone()
        return LaterWords(
            complaints=feedback.get("complaint", 0),
            unsubscribed=feedback.get("unsubscribed", 0),
            recorded_at=recorded_at,
            came_back_after=dict(database.execute(_CAME_BACK)),
        )
