// Package sqlstore keeps the control plane's ledger in a SQL database: in a SQLite
// file, which is the embedded default and needs nothing else, or in PostgreSQL,
// where one machine is outgrown. Both pass the same conformance suite.
//
// A record is kept whole, as a JSON document; the columns beside it are what is
// searched by, and what the database holds to a constraint. One writer changes a
// SQLite file at a time; in PostgreSQL the row of the tenant is locked, unique
// and exclusion constraints decide between changes that do not meet there, and
// the head of the audit journal is taken last. Nothing that a caller gives
// becomes a part of a statement: everything is a parameter.
package sqlstore
