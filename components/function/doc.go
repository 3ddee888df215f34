// Package function makes a Lambda function of the platform's own: JSON logs in
// a log group with retention, active tracing, a role made of named grants,
// reserved concurrency.
//
// What a function may have besides is an argument that is nil or false when it
// is not wanted: Powertools for AWS Lambda, set up for structured logs, metrics
// and traces without the response in them; a table that makes the code
// idempotent; published versions behind an alias, and provisioned concurrency
// for it that follows the load; a destination for events that could not be
// processed; code signing.
package function
