// Package events is how the control plane and the business services talk:
// CloudEvents 1.0 as JSON in structured mode, over a topic and queues that are
// named by URL.
//
// Three kinds of event cross the house's border. The control plane asks with one
// event an operation and attempt ("com.tenantform.tenant.create.requested.v1"),
// which every service of a tenant's life receives. A service answers with
// "com.tenantform.service.answered.v1". What ended badly goes to the dead-letter
// topic: "com.tenantform.operation.failed.v1" holds the state that led there and
// the request, "com.tenantform.message.undeliverable.v1" a message that nobody
// could deal with. Their JSON Schemas are in docs/events, made from the types of
// this package; a type's version goes up with a change that a reader of the old
// one would not understand, and unknown fields are to be ignored.
//
// Delivery is at least once, in no order. An event's source and id together name
// it: the same event may come again, and has the same id then.
//
// URLs are those of gocloud.dev/pubsub: mem://name within one process,
// awssns:///arn and awssqs://queue-url on AWS, and spool:///directory, of package
// spool, between the processes of one machine. Credentials never stand in them.
package events

//go:generate go run ./internal/schemadocs -out ../../docs/events
