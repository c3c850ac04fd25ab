-- Whoever has data here sees their own and nobody else's. What was there before belongs to the one there has always been.
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    -- a section [tiers.NAME] of the configuration
    tier       TEXT NOT NULL,
    -- milliseconds since 1970, as every moment from here on
    created_at BIGINT NOT NULL
);
INSERT INTO tenants (id, name, tier, created_at) VALUES ('local', 'this daemon', 'unlimited', 0);

-- Keys for programs. The key itself is shown once and not stored.
CREATE TABLE keys (
    id           TEXT PRIMARY KEY NOT NULL,
    tenant       TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    -- the first characters, so that people can tell keys apart
    prefix       TEXT NOT NULL,
    -- SHA-256 of the key
    hash         BYTEA NOT NULL UNIQUE,
    -- names of scopes with a space between them
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX keys_of_tenant ON keys (tenant, created_at);

CREATE TABLE athletes (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- the name in the tenant's own books
    external_id TEXT,
    name        TEXT,
    height_m    DOUBLE PRECISION,
    mass_kg     DOUBLE PRECISION,
    created_at  BIGINT NOT NULL,
    UNIQUE (tenant, external_id)
);
CREATE INDEX athletes_of_tenant ON athletes (tenant, created_at, id);

-- One visit to the gym: repetitions that belong together.
CREATE TABLE training_sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    name       TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX training_sessions_of_tenant ON training_sessions (tenant, at, id);

ALTER TABLE analyses ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local' REFERENCES tenants (id);
-- live or file
ALTER TABLE analyses ADD COLUMN kind TEXT NOT NULL DEFAULT 'live';
-- the daemon that runs it or, of a file, has run it last; where several share the database, see replicas
ALTER TABLE analyses ADD COLUMN replica TEXT;
ALTER TABLE analyses ADD COLUMN athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL;
ALTER TABLE analyses ADD COLUMN session_id TEXT REFERENCES training_sessions (id) ON DELETE SET NULL;
-- the movement looked for at the beginning, or auto
ALTER TABLE analyses ADD COLUMN sport TEXT NOT NULL DEFAULT 'auto';
UPDATE analyses SET sport = COALESCE(spec::json ->> 'sport_type', 'auto');
-- 0 once its recording and other files were removed because of their age
ALTER TABLE analyses ADD COLUMN has_files BIGINT NOT NULL DEFAULT 1;
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
    sequence    BIGINT NOT NULL,
    athlete_id  TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    session_id  TEXT REFERENCES training_sessions (id) ON DELETE SET NULL,
    sport       TEXT NOT NULL,
    -- when it was done
    at          BIGINT NOT NULL,
    -- A, B, C or F
    grade       TEXT NOT NULL,
    UNIQUE (analysis_id, sequence)
);
CREATE INDEX repetitions_of_tenant ON repetitions (tenant, at, id);
CREATE INDEX repetitions_of_athlete ON repetitions (tenant, athlete_id, sport, at, id);
CREATE INDEX repetitions_of_athlete_by_time ON repetitions (tenant, athlete_id, at, id);
CREATE INDEX repetitions_of_analysis ON repetitions (tenant, analysis_id, at, id);
CREATE INDEX repetitions_of_session ON repetitions (session_id, at, id) WHERE session_id IS NOT NULL;

-- The numbers of a repetition, one each, with their 95 % interval.
CREATE TABLE metric_values (
    repetition_id TEXT NOT NULL REFERENCES repetitions (id) ON DELETE CASCADE,
    metric        TEXT NOT NULL,
    value         DOUBLE PRECISION NOT NULL,
    uncertainty   DOUBLE PRECISION,
    -- those of the repetition: what is highest is found without a look at what is somebody else's. An athlete who goes takes
    -- their repetitions along
    tenant        TEXT NOT NULL,
    athlete_id    TEXT,
    PRIMARY KEY (repetition_id, metric)
);
CREATE INDEX metric_values_in_order ON metric_values (tenant, metric, value, repetition_id);
CREATE INDEX metric_values_of_athlete ON metric_values (tenant, athlete_id, metric, value, repetition_id)
    WHERE athlete_id IS NOT NULL;

-- Files that wait for a worker or have one. A worker that is not heard of any more loses its lease; its fence keeps it
-- from storing anything afterwards.
CREATE TABLE jobs (
    analysis_id  TEXT PRIMARY KEY NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    -- queued, running, done or failed
    state        TEXT NOT NULL,
    not_before   BIGINT NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    fence        BIGINT NOT NULL DEFAULT 0,
    leased_by    TEXT,
    leased_until BIGINT,
    -- what its worker needs beside the order, as JSON; gone when the job has ended, as addresses may hold keys
    task         TEXT,
    last_error   TEXT
);
CREATE INDEX jobs_waiting ON jobs (not_before) WHERE state IN ('queued', 'running');

CREATE TABLE uploads (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT,
    bytes      BIGINT NOT NULL,
    received   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- An order that is sent twice is carried out once.
CREATE TABLE idempotency (
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    -- SHA-256 of the order
    fingerprint BYTEA NOT NULL,
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, key)
);
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
    created_at    BIGINT NOT NULL,
    failing_since BIGINT,
    disabled_at   BIGINT,
    reason        TEXT
);
CREATE INDEX webhooks_of_tenant ON webhooks (tenant, created_at);
CREATE INDEX webhooks_of_analysis ON webhooks (analysis_id) WHERE analysis_id IS NOT NULL;

-- What is to be delivered is written together with the event, so that neither is there without the other.
CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY NOT NULL,
    webhook_id   TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- the same for every webhook that gets the event
    event_id     TEXT NOT NULL,
    analysis_id  TEXT NOT NULL,
    sequence     BIGINT NOT NULL,
    type         TEXT NOT NULL,
    body         TEXT NOT NULL,
    -- waiting, delivered or given_up
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    first_at     BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    last_status  BIGINT,
    last_answer  TEXT,
    last_error   TEXT,
    delivered_at BIGINT,
    UNIQUE (webhook_id, event_id)
);
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
    seen_at BIGINT NOT NULL
);

-- Analyses begun in a month, such as 2026-11.
CREATE TABLE usage (
    tenant   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    month    TEXT NOT NULL,
    analyses BIGINT NOT NULL,
    PRIMARY KEY (tenant, month)
);

-- Who changed what.
CREATE TABLE audit (
    id      TEXT PRIMARY KEY NOT NULL,
    tenant  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    address TEXT
);
CREATE INDEX audit_of_tenant ON audit (tenant, at, id);
CREATE INDEX audit_by_age ON audit (at);
