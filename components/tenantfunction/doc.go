// Package tenantfunction makes an isolated function from code that a tenant
// supplied: a role that denies the code everything, private subnets, a security
// group that lets nothing in or out, layers for vendor code, a log group with
// retention, tracing, reserved concurrency, no function URL, and a resource
// policy that lets one role of the platform invoke it.
package tenantfunction
