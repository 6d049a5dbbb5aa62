-- The shop's own tables. They know nothing of Rota. Instants are UTC, as SQLite's datetime() writes them.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX conversations_by_age ON conversations (updated_at);

-- No foreign key: deleting a conversation leaves its messages behind, for housekeeping to find.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX messages_by_conversation ON messages (conversation_id);

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    status TEXT NOT NULL,  -- new, processing, done, failed
    content TEXT,          -- NULL once it has been purged
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX submissions_with_content ON submissions (created_at) WHERE content IS NOT NULL;
CREATE INDEX submissions_in_work ON submissions (updated_at) WHERE status = 'processing';

CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    response TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    token TEXT NOT NULL UNIQUE,
    expires_at TEXT NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE statistics (
    id INTEGER PRIMARY KEY,
    written_at TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL
);

CREATE TABLE search_words (
    word TEXT PRIMARY KEY,
    uses INTEGER NOT NULL
) WITHOUT ROWID;
