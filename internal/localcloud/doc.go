// Package localcloud is the embedded stand-in for AWS: a Pulumi resource
// provider for package aws, served in this process, to which the engine
// attaches instead of launching the real plugin. Programs written for AWS
// deploy to it unmodified: give the Pulumi CLI the environment of Cloud.Env.
//
// It has teeth. Inputs are checked against the pulumi-aws SDK's own types and
// against AWS's limits; names are unique where AWS's are; what a resource
// refers to must exist; deletion is refused where AWS refuses it; all in AWS's
// words. Every type that it has is one entry of the registry; a type that it
// does not have is refused by name.
//
// # Files
//
// A directory holds the cloud, and several processes may serve it at once:
//
//	resources/<account>/<region>/<package.Type>/<id>.json   one resource; the region of IAM is "global"
//	names/<package.Type>/<name>.json                        who has a name that must be unique and is not the id
//	faults.json                                             faults, see below; may be missing
//
// To try drift, edit "inputs" in a resource's file, or remove the file, and
// run pulumi refresh. Account, region, type and id in a file must stay.
//
// # Secrets
//
// An input that came as a Pulumi secret is in its file as a SHA-256 digest, so
// that a change of it shows and its value does not; a digest does not protect a
// short secret from guessing. What AWS itself would generate (the value of an
// API key, the secret of a user pool client) is in the file in plain text: it
// opens nothing outside of this cloud. Files are readable by their owner only.
//
// # Faults
//
// Inject makes operations fail, wait, hang or lose their answer. At a terminal
// faults.json does the same. It is a list of objects with the fields of Fault
// in lower camel case, delay being text:
//
//	[
//	  {"type": "dynamodb.Table", "operation": "create", "error": "LimitExceededException: too many tables", "times": 1},
//	  {"type": "ec2.Vpc", "name": "acme-*", "operation": "create", "hang": true, "after": true},
//	  {"operation": "delete", "delay": "2s"}
//	]
//
// It is read again whenever it changes; "times" is counted in each process by
// itself. Previews meet no faults in create and update.
//
// # What differs from AWS
//
// Changes are there at once: nothing is eventually consistent, and no rate is
// limited. A deleted key or table is gone at once. The checksum of a function's
// code is of its archive's hash, not of a zip. References to other accounts are
// taken at their word, but for buckets, whose names are the world's; so are the
// accounts and units of an organization, and web ACLs, which are not served.
// Policies are read and not enforced, and the signature of code is not checked:
// a code signing configuration is what it says and lets unsigned code pass.
package localcloud
