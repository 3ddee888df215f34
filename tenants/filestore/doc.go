// Package filestore keeps tenants and the journal of their operations as JSON
// files in a directory: the store for one machine, without a database.
//
//	lock                              taken around every change, by all processes
//	tenants/<id>.json                 one tenant, with the format's version
//	operations/<tenant>/<id>.json     one operation
//
// Any number of processes of one machine may use a directory at once. A file is
// replaced as a whole: written beside, flushed to the disk, renamed, and the
// directory flushed too, so that a crash leaves the old or the new content and
// what was answered as done stays done. The lock is flock(2): the kernel lets go
// of it when its process dies; the package is for Unix, and flock does not work on every
// network file system. Files are readable by their owner only.
package filestore
