-- What is kept of an ended analysis for whoever has to find out why something went wrong.
CREATE TABLE diagnostics (
    analysis_id TEXT PRIMARY KEY NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    -- counts, latency and recent messages, as JSON
    report      TEXT NOT NULL,
    -- the pipeline of a failure in Graphviz's language
    graph       TEXT
);
