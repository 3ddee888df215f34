// Package auth says who sends a request, and what they may do.
//
// A Verifier makes a Principal of a bearer token that an OpenID Connect provider
// signed; Authorize looks a permission up in the table of roles. Everything is
// denied that the table does not grant. Middleware does both for net/http.
//
// No token, nor a part of one, is in an error, a log or an answer of this package.
package auth
