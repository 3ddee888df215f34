-- +goose Up

-- The columns beside a document are what is searched by, or held to a constraint;
-- the document is the record. Times are microseconds since 1970 in UTC.
CREATE TABLE tenants (
    id           TEXT    NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL CHECK (version > 0),
    status       TEXT    NOT NULL,
    tier         TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    network_low  INTEGER,
    network_high INTEGER CHECK ((network_low IS NULL) = (network_high IS NULL) AND network_high >= network_low),
    document     TEXT    NOT NULL CHECK (json_valid(document))
) STRICT;

CREATE INDEX tenants_by_tier ON tenants (tier, id);
CREATE INDEX tenants_by_status ON tenants (status, id);
CREATE INDEX tenants_by_region ON tenants (region, id);
CREATE INDEX tenants_by_network ON tenants (network_low) WHERE status <> 'deleted';

-- What a tenant has several of: its models, products, services, and the words of its texts.
CREATE TABLE tenant_terms (
    kind      TEXT NOT NULL CHECK (kind IN ('model', 'product', 'service', 'word')),
    term      TEXT NOT NULL,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, term, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_terms_by_tenant ON tenant_terms (tenant_id);

-- The web origins of tenants that are not deleted.
CREATE TABLE tenant_origins (
    origin    TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_origins_by_tenant ON tenant_origins (tenant_id);

-- based_on is the version of the tenant that the last change was based on which
-- was made together with the operation.
CREATE TABLE operations (
    id         TEXT    NOT NULL PRIMARY KEY,
    tenant_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    progress   TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    live       INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
    based_on   INTEGER NOT NULL DEFAULT -1,
    document   TEXT    NOT NULL CHECK (json_valid(document))
) STRICT;

CREATE UNIQUE INDEX operations_live ON operations (tenant_id) WHERE live = 1;
CREATE INDEX operations_by_start ON operations (started_at, id);
CREATE INDEX operations_by_tenant ON operations (tenant_id, started_at, id);
CREATE INDEX operations_by_kind ON operations (kind, started_at, id);
CREATE INDEX operations_by_progress ON operations (progress, started_at, id);

CREATE TABLE outbox (
    seq            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    operation_id   TEXT    NOT NULL UNIQUE REFERENCES operations (id),
    tenant_id      TEXT    NOT NULL REFERENCES tenants (id),
    kind           TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    cause          TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX outbox_by_tenant ON outbox (tenant_id);

CREATE TABLE audit (
    seq            INTEGER NOT NULL PRIMARY KEY,
    at             INTEGER NOT NULL,
    actor          TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    action         TEXT    NOT NULL,
    tenant_id      TEXT    NOT NULL,
    operation_id   TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    details        TEXT,
    prev_hash      TEXT    NOT NULL,
    hash           TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);

-- The newest entry of the audit journal, for the next one, and to see a lost end.
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;

INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');

-- +goose StatementBegin
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit journal is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit journal is only added to');
END;
-- +goose StatementEnd

CREATE TABLE idempotency_keys (
    actor        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    answer       TEXT    NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
