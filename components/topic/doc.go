// Package topic makes SNS topics and the SQS queues that are subscribed to
// them: encrypted, over TLS only, and with a dead-letter queue a subscription.
//
// A Topic can have subscribers in other accounts, named by their account ids. A
// Subscription is made in the account whose queue it is. A Fanout is both: a
// topic for events and a queue for each service of the same account.
package topic
