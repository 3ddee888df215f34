// Package database makes an Aurora PostgreSQL cluster that scales by itself
// (Aurora Serverless v2), in private subnets, and on request a bastion through
// which a person reaches it.
//
// Data, logs of queries' performance and the administrator's password are
// encrypted with the customer's key. Connections have to use TLS and come from
// the security groups that are named; users may sign in with IAM's tokens. The
// administrator's password is made, kept and rotated in Secrets Manager: it is in
// no program and no state.
//
// The bastion has no key pair, no public address, and no rule that admits
// anything. Session Manager alone leads to it, and from it ways lead to the
// database and to the network's interface endpoints only: a session forwards a
// port, as Database.TunnelCommand says.
package database
