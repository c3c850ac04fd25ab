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

-- One visit to the gym: repetitions that belong together.
CREATE TABLE training_sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL,
    name       TEXT NOT NULL,
    at         BIGINT NOT NULL
);

ALTER TABLE analyses ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local' REFERENCES tenants (id);
-- live or file
ALTER TABLE analyses ADD COLUMN kind TEXT NOT NULL DEFAULT 'live';
ALTER TABLE analyses ADD COLUMN athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL;
ALTER TABLE analyses ADD COLUMN session_id TEXT REFERENCES training_sessions (id) ON DELETE SET NULL;
CREATE INDEX analyses_of_tenant ON analyses (tenant, id);
CREATE INDEX analyses_unfinished ON analyses (id) WHERE ended_at IS NULL;

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

-- The numbers of a repetition, one each, with their 95 % interval.
CREATE TABLE metric_values (
    repetition_id TEXT NOT NULL REFERENCES repetitions (id) ON DELETE CASCADE,
    metric        TEXT NOT NULL,
    value         DOUBLE PRECISION NOT NULL,
    uncertainty   DOUBLE PRECISION,
    PRIMARY KEY (repetition_id, metric)
);

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
CREATE INDEX deliveries_in_order ON deliveries (webhook_id, analysis_id, sequence);

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
