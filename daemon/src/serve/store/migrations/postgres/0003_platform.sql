-- Whoever has data here sees their own and nobody else's. What was there before belongs to the one there has always been.
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    -- milliseconds since 1970, as every moment from here on
    created_at BIGINT NOT NULL
);
INSERT INTO tenants (id, name, created_at) VALUES ('local', 'this daemon', 0);

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

ALTER TABLE analyses ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local' REFERENCES tenants (id);
ALTER TABLE analyses ADD COLUMN athlete_id TEXT REFERENCES athletes (id) ON DELETE SET NULL;
CREATE INDEX analyses_of_tenant ON analyses (tenant, id);
CREATE INDEX analyses_unfinished ON analyses (id) WHERE ended_at IS NULL;

-- Repetitions as they are looked for: the event has all of it, this has what is filtered and sorted by.
CREATE TABLE repetitions (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    analysis_id TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    sequence    BIGINT NOT NULL,
    athlete_id  TEXT REFERENCES athletes (id) ON DELETE SET NULL,
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

CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY NOT NULL,
    tenant        TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    url           TEXT NOT NULL,
    -- what signs, base64; whoever registered it knows it
    secret        TEXT NOT NULL,
    -- types of events and movements with a space between them; empty is all
    events        TEXT NOT NULL,
    sports        TEXT NOT NULL,
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
