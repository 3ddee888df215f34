// Package controlplane makes processes of the control plane's parts: Serve takes
// requests and starts operations, Work does their steps, Dev is both on one
// machine with everything that they need beside.
//
// Any number of Serve and Work may run at once over one ledger and one Temporal.
// Each can be killed at any time: what it had under way is gone on with by
// another, or by itself when it is back.
package controlplane
