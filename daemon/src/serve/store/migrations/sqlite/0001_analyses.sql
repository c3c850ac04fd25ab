-- Analyses and what they said. Names are UUIDs of version 7, so they rise with time.
CREATE TABLE analyses (
    id         TEXT PRIMARY KEY NOT NULL,
    -- what was ordered, as JSON
    spec       TEXT NOT NULL,
    state      TEXT NOT NULL,
    -- why it is in this state, where there is something to say
    reason     TEXT,
    -- RFC 3339
    created_at TEXT NOT NULL,
    ended_at   TEXT
) WITHOUT ROWID;

-- Every event but poses, as announced.
CREATE TABLE events (
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    sequence    INTEGER NOT NULL,
    type        TEXT NOT NULL,
    -- the event as one JSON object
    line        TEXT NOT NULL,
    PRIMARY KEY (analysis_id, sequence)
) WITHOUT ROWID;
