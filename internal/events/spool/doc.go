// Package spool is a driver of gocloud.dev/pubsub on a directory: topics and
// subscriptions between the processes of one machine, without a server, that
// outlive each of them.
//
// A topic is a directory, and a subscription a directory in it:
//
//	<topic>/<subscription>/ready/    messages to deliver, the oldest first
//	<topic>/<subscription>/leased/   messages that a receiver has
//	<topic>/<subscription>/dead/     messages that were delivered too often
//	<topic>/<subscription>/holders/  a locked file for each living receiver
//
// A message is one file, written elsewhere and then linked in, so that nobody sees
// a part of it; Send returns after it is on the disk, in every subscription that
// there is. To take a message is to rename its file, which succeeds for one
// receiver only. A receiver's messages come back when it closes, when its process
// dies in whatever way (the system lets go of its lock then), and after Lease.
// Delivery is at least once, in about the order of sending. A message that was
// delivered MaxDeliveries times without an acknowledgement is set aside in dead;
// nothing removes it from there.
//
// URLs: spool:///var/lib/events opens a topic, with subscriptions=a,b to make
// those subscriptions with it. As a subscription it needs subscription=a, which is
// made if it is missing; lease=15m and deliveries=20 are optional. A message sent
// while there is no subscription is refused, since nobody would ever get it.
//
// Whoever may write to the directory can send, and whoever may read it can read:
// directories are made for their owner alone. The directory must be on a local
// file system, with hard links and flock.
package spool
