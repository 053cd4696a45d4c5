"""The ledger's tables as numbered migrations; `PRAGMA user_version` counts those that were applied."""

from __future__ import annotations

_STAYS = "what was sent would be sent again; to settle a channel use: socialcast resolve"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE announcements (
            key TEXT PRIMARY KEY, digest TEXT NOT NULL, document BLOB NOT NULL, created_at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE deliveries (
            key TEXT NOT NULL, channel TEXT NOT NULL, platform TEXT NOT NULL, state TEXT NOT NULL,
            outcome BLOB, draft BLOB, updated_at REAL NOT NULL, PRIMARY KEY (key, channel)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE steps (
            key TEXT NOT NULL, channel TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
            result BLOB, sent_at REAL NOT NULL, PRIMARY KEY (key, channel, name)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE leases (key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID",
    ),
    (  # a note is told from a call that was made, so that content can change as long as nothing was sent
        "UPDATE steps SET state = 'noted' WHERE name = 'account' OR name LIKE 'resolve/%'",
    ),
    (  # whoever opens the file with another program cannot make it forget by mistake
        f"CREATE TRIGGER announcements_stay BEFORE DELETE ON announcements BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END",
        f"CREATE TRIGGER steps_stay BEFORE DELETE ON steps BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END",
        f"CREATE TRIGGER done_stays BEFORE UPDATE ON steps WHEN OLD.state = 'done' BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END",
    ),
    (  # what an announcement said before it was corrected, and how often a channel was begun anew for it
        """CREATE TABLE revisions (
            key TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, document BLOB NOT NULL, replaced_at REAL NOT NULL,
            PRIMARY KEY (key, number)
        ) STRICT, WITHOUT ROWID""",
        "ALTER TABLE deliveries ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
        f"CREATE TRIGGER revisions_stay BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END",
    ),
    (  # what is said below an announcement, as far as it was read; it can be read again, so it may be deleted
        """CREATE TABLE conversation (
            key TEXT NOT NULL, channel TEXT NOT NULL, id TEXT NOT NULL, url TEXT NOT NULL, parent TEXT NOT NULL,
            at REAL NOT NULL, is_own INTEGER NOT NULL, standing INTEGER NOT NULL, document BLOB NOT NULL,
            PRIMARY KEY (key, channel, id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX conversation_in_order ON conversation (key, is_own, standing, at, channel, id)",
        "CREATE INDEX conversation_answers ON conversation (key, channel, parent, is_own)",
        "CREATE INDEX conversation_by_id ON conversation (id)",
        "CREATE INDEX conversation_by_url ON conversation (url)",
        """CREATE TABLE cursors (
            key TEXT NOT NULL, channel TEXT NOT NULL, cursor TEXT NOT NULL, PRIMARY KEY (key, channel)
        ) STRICT, WITHOUT ROWID""",
    ),
    (  # what platforms counted, and when
        """CREATE TABLE measures (
            key TEXT NOT NULL, channel TEXT NOT NULL, name TEXT NOT NULL, item TEXT NOT NULL, at REAL NOT NULL,
            value REAL NOT NULL, PRIMARY KEY (key, channel, name, item, at)
        ) STRICT, WITHOUT ROWID""",
    ),
    (  # most of what is said is said by others: indices over all of it were half of the cost of keeping a reply
        "DROP INDEX conversation_in_order",
        "DROP INDEX conversation_answers",
        "DROP INDEX conversation_by_url",
        "CREATE INDEX conversation_in_order ON conversation (key, standing, at, channel, id) WHERE is_own = 0",
        "CREATE INDEX conversation_answers ON conversation (key, channel, parent) WHERE is_own = 1",
    ),
)
