-- Whoever has data here sees their own and nobody else's. What was there before belongs to the one there has always been.
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    -- milliseconds since 1970, as every moment from here on
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO tenants (id, name, created_at) VALUES ('local', 'this daemon', 0);

-- Keys for programs. The key itself is shown once and not stored.
CREATE TABLE keys (
    id           TEXT PRIMARY KEY NOT NULL,
    tenant       TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    -- the first characters, so that people can tell keys apart
    prefix       TEXT NOT NULL,
    -- SHA-256 of the key
    hash         BLOB NOT NULL UNIQUE,
    -- names of scopes with a space between them
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) WITHOUT ROWID;
CREATE INDEX keys_of_tenant ON keys (tenant, created_at);

CREATE TABLE athletes (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- the name in the tenant's own books
    external_id TEXT,
    name        TEXT,
    height_m    REAL,
    mass_kg     REAL,
    created_at  INTEGER NOT NULL,
    UNIQUE (tenant, external_id)
) WITHOUT ROWID;

-- SQLite adds no column that refers to another table unless it may be empty.
ALTER TABLE analyses ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local';
ALTER TABLE analyses ADD COLUMN athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL;
CREATE INDEX analyses_of_tenant ON analyses (tenant, id);
CREATE INDEX analyses_unfinished ON analyses (id) WHERE ended_at IS NULL;

-- Repetitions as they are looked for: the event has all of it, this has what is filtered and sorted by.
CREATE TABLE repetitions (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    sequence    INTEGER NOT NULL,
    athlete_id  TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    sport       TEXT NOT NULL,
    -- when it was done
    at          INTEGER NOT NULL,
    -- A, B, C or F
    grade       TEXT NOT NULL,
    UNIQUE (analysis_id, sequence)
) WITHOUT ROWID;
CREATE INDEX repetitions_of_tenant ON repetitions (tenant, at, id);
CREATE INDEX repetitions_of_athlete ON repetitions (tenant, athlete_id, sport, at, id);

-- The numbers of a repetition, one each, with their 95 % interval.
CREATE TABLE metric_values (
    repetition_id TEXT NOT NULL REFERENCES repetitions (id) ON DELETE CASCADE,
    metric        TEXT NOT NULL,
    value         REAL NOT NULL,
    uncertainty   REAL,
    PRIMARY KEY (repetition_id, metric)
) WITHOUT ROWID;

CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    tenant        TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    url           TEXT NOT NULL,
    -- what signs, base64; whoever registered it knows it
    secret        TEXT NOT NULL,
    -- types of events and movements with a space between them; empty is all
    events        TEXT NOT NULL,
    sports        TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at   INTEGER,
    reason        TEXT
) WITHOUT ROWID;
CREATE INDEX webhooks_of_tenant ON webhooks (tenant, created_at);

-- What is to be delivered is written together with the event, so that neither is there without the other.
CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY NOT NULL,
    webhook_id   TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- the same for every webhook that gets the event
    event_id     TEXT NOT NULL,
    analysis_id  TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    type         TEXT NOT NULL,
    body         TEXT NOT NULL,
    -- waiting, delivered or given_up
    state        TEXT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    first_at     INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    last_status  INTEGER,
    last_answer  TEXT,
    last_error   TEXT,
    delivered_at INTEGER,
    UNIQUE (webhook_id, event_id)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_in_order ON deliveries (webhook_id, analysis_id, sequence);
