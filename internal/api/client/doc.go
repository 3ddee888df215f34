// Package client speaks to the control plane's API as a Go program or the
// command does: a typed method for each route.
//
// A request is made again where that may help: after 429, 502, 503 and 504, and
// when the connection broke, also in the middle of the answer. Each write carries
// an idempotency key that is the same in every try, so that it is carried out
// once. What the API refuses is a *tenants.Error with the API's code and fields;
// its cause is a *ResponseError with the status and the correlation id.
//
// The token goes to the one address that the client was made for: redirects are
// not followed, and without TLS nothing goes beyond this machine. No error holds
// a token, or a part of one.
package client
