// Package funcarchive looks into the code that a tenant supplied before
// anything is deployed: that the archive is one, is safe to unpack and within
// Lambda's limits, that the runtime exists and still gets patches, and that the
// handler is in the archive. Nothing of an archive is run or written to disk.
//
// Every error is a tenants.Error with CodeInvalid and one field a problem:
// "archive", "runtime", "handler" or "layers[0]".
package funcarchive
