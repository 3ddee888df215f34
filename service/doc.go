// Package service is for people who write a business service in Go: one that takes
// part when a tenant is created, changed or deleted.
//
// A service is a process of its own. It receives what the control plane asks for
// from its queue, does it, and answers: succeeded, perhaps with outputs, or failed
// with a reason. All that the control plane knows of it is an entry in the
// catalogue of services. This package receives and checks the events, calls a
// Handler, keeps the answers and sends them.
//
// Delivery is at least once. An event whose answer is in the Store is answered
// again without calling the Handler. A process that dies between the end of a
// Handler and the Store calls it again, so a Handler makes sure that something is
// so ("there is an account of this tenant"), rather than doing it once more.
// Handlers for one tenant never run at the same time in one process.
//
// The URLs of queues are those of docs/events: spool:///directory between the
// processes of one machine, awssqs:// on AWS, mem:// in tests.
package service
