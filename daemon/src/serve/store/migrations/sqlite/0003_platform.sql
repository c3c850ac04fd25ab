-- Whoever has data here sees their own and nobody else's. What was there before belongs to the one there has always been.
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    -- a section [tiers.NAME] of the configuration
    tier       TEXT NOT NULL,
    -- milliseconds since 1970, as every moment from here on
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO tenants (id, name, tier, created_at) VALUES ('local', 'this daemon', 'unlimited', 0);

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
CREATE INDEX athletes_of_tenant ON athletes (tenant, created_at, id);

-- One visit to the gym: repetitions that belong together.
CREATE TABLE training_sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    name       TEXT NOT NULL,
    at         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX training_sessions_of_tenant ON training_sessions (tenant, at, id);

-- SQLite adds no column that refers to another table unless it may be empty.
ALTER TABLE analyses ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local';
-- live or file
ALTER TABLE analyses ADD COLUMN kind TEXT NOT NULL DEFAULT 'live';
-- the daemon that runs it or, of a file, has run it last; where several share the database, see replicas
ALTER TABLE analyses ADD COLUMN replica TEXT;
ALTER TABLE analyses ADD COLUMN athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL;
ALTER TABLE analyses ADD COLUMN session_id TEXT REFERENCES training_sessions (id) ON DELETE SET NULL;
-- the movement looked for at the beginning, or auto
ALTER TABLE analyses ADD COLUMN sport TEXT NOT NULL DEFAULT 'auto';
UPDATE analyses SET sport = COALESCE(json_extract(spec, '$.sport_type'), 'auto');
-- 0 once its recording and other files were removed because of their age
ALTER TABLE analyses ADD COLUMN has_files INTEGER NOT NULL DEFAULT 1;
CREATE INDEX analyses_of_tenant ON analyses (tenant, created_at, id);
CREATE INDEX analyses_of_athlete ON analyses (tenant, athlete_id, created_at, id) WHERE athlete_id IS NOT NULL;
CREATE INDEX analyses_of_session ON analyses (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX analyses_unfinished ON analyses (id) WHERE ended_at IS NULL;
CREATE INDEX analyses_by_age ON analyses (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX analyses_files_by_age ON analyses (ended_at, id) WHERE has_files = 1 AND ended_at IS NOT NULL;

-- Repetitions as they are looked for: the event has all of it, this has what is filtered and sorted by.
CREATE TABLE repetitions (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    sequence    INTEGER NOT NULL,
    athlete_id  TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    session_id  TEXT REFERENCES training_sessions (id) ON DELETE SET NULL,
    sport       TEXT NOT NULL,
    -- when it was done
    at          INTEGER NOT NULL,
    -- A, B, C or F
    grade       TEXT NOT NULL,
    UNIQUE (analysis_id, sequence)
) WITHOUT ROWID;
CREATE INDEX repetitions_of_tenant ON repetitions (tenant, at, id);
CREATE INDEX repetitions_of_athlete ON repetitions (tenant, athlete_id, sport, at, id);
CREATE INDEX repetitions_of_athlete_by_time ON repetitions (tenant, athlete_id, at, id);
CREATE INDEX repetitions_of_analysis ON repetitions (tenant, analysis_id, at, id);
CREATE INDEX repetitions_of_session ON repetitions (session_id, at, id) WHERE session_id IS NOT NULL;

-- The numbers of a repetition, one each, with their 95 % interval.
CREATE TABLE metric_values (
    repetition_id TEXT NOT NULL REFERENCES repetitions (id) ON DELETE CASCADE,
    metric        TEXT NOT NULL,
    value         REAL NOT NULL,
    uncertainty   REAL,
    -- those of the repetition: what is highest is found without a look at what is somebody else's. An athlete who goes takes
    -- their repetitions along
    tenant        TEXT NOT NULL,
    athlete_id    TEXT,
    PRIMARY KEY (repetition_id, metric)
) WITHOUT ROWID;
CREATE INDEX metric_values_in_order ON metric_values (tenant, metric, value, repetition_id);
CREATE INDEX metric_values_of_athlete ON metric_values (tenant, athlete_id, metric, value, repetition_id)
    WHERE athlete_id IS NOT NULL;

-- Files that wait for a worker or have one. A worker that is not heard of any more loses its lease; its fence keeps it
-- from storing anything afterwards.
CREATE TABLE jobs (
    analysis_id  TEXT PRIMARY KEY NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    -- queued, running, done or failed
    state        TEXT NOT NULL,
    not_before   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    fence        INTEGER NOT NULL DEFAULT 0,
    leased_by    TEXT,
    leased_until INTEGER,
    -- what its worker needs beside the order, as JSON; gone when the job has ended, as addresses may hold keys
    task         TEXT,
    last_error   TEXT
) WITHOUT ROWID;
CREATE INDEX jobs_waiting ON jobs (not_before) WHERE state IN ('queued', 'running');

CREATE TABLE uploads (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT,
    bytes      INTEGER NOT NULL,
    received   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- An order that is sent twice is carried out once.
CREATE TABLE idempotency (
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    -- SHA-256 of the order
    fingerprint BLOB NOT NULL,
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_of_analysis ON idempotency (analysis_id);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    tenant        TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    url           TEXT NOT NULL,
    -- what signs, base64; whoever registered it knows it
    secret        TEXT NOT NULL,
    -- types of events and movements with a space between them; empty is all
    events        TEXT NOT NULL,
    sports        TEXT NOT NULL,
    -- the one analysis it is about; else all are
    analysis_id   TEXT REFERENCES analyses (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at   INTEGER,
    reason        TEXT
) WITHOUT ROWID;
CREATE INDEX webhooks_of_tenant ON webhooks (tenant, created_at);
CREATE INDEX webhooks_of_analysis ON webhooks (analysis_id) WHERE analysis_id IS NOT NULL;

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
CREATE INDEX deliveries_in_order ON deliveries (webhook_id, analysis_id, sequence) WHERE state = 'waiting';
CREATE INDEX deliveries_as_a_log ON deliveries (webhook_id, first_at, id);
CREATE INDEX deliveries_by_age ON deliveries (first_at);
CREATE INDEX deliveries_of_analysis ON deliveries (analysis_id);

-- Daemons that share this database, as long as they are heard of.
CREATE TABLE replicas (
    id      TEXT PRIMARY KEY NOT NULL,
    -- where the others reach it
    address TEXT NOT NULL,
    -- when it was last heard of, by the clock of the database
    seen_at INTEGER NOT NULL
);

-- Analyses begun in a month, such as 2026-11.
CREATE TABLE usage (
    tenant   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    month    TEXT NOT NULL,
    analyses INTEGER NOT NULL,
    PRIMARY KEY (tenant, month)
) WITHOUT ROWID;

-- Who changed what.
CREATE TABLE audit (
    id      TEXT PRIMARY KEY NOT NULL,
    tenant  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    address TEXT
) WITHOUT ROWID;
CREATE INDEX audit_of_tenant ON audit (tenant, at, id);
CREATE INDEX audit_by_age ON audit (at);

-- What was measured before, as it is looked for from now on; when it was done is when its analysis began and the time in the video.
INSERT INTO repetitions (id, tenant, analysis_id, sequence, sport, at, grade)
SELECT e.analysis_id || '/' || e.sequence, a.tenant, e.analysis_id, e.sequence,
       json_extract(e.line, '$.data.movement'),
       CAST(strftime('%s', a.created_at) AS INTEGER) * 1000 + CAST(json_extract(e.line, '$.timestamp_ms') AS INTEGER),
       json_extract(e.line, '$.data.quality.grade')
FROM events e JOIN analyses a ON a.id = e.analysis_id
WHERE e.type = 'repetition'
  AND json_extract(e.line, '$.data.movement') IS NOT NULL
  AND json_extract(e.line, '$.data.quality.grade') IS NOT NULL;
INSERT INTO metric_values (repetition_id, metric, tenant, value, uncertainty)
SELECT r.id, m.key, r.tenant, m.value, json_extract(e.line, '$.data.uncertainty.' || m.key)
FROM repetitions r
JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence
JOIN json_each(e.line, '$.data.metrics') m
WHERE m.value IS NOT NULL;
