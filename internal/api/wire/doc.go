// Package wire has the documents that the control plane's API and its clients
// exchange. Both sides import it, so that neither can drift from the other; it
// knows nothing of either.
//
// The tags beside json are read by the generator of the OpenAPI document. They
// give shapes; which values are fine is said by the rules of package tenants,
// once, in the server.
package wire
