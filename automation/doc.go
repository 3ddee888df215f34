// Package automation runs the stacks: Engine previews, changes, destroys,
// refreshes and repairs one stack at a time through Pulumi's Automation API,
// with a policy decision before each change. PlanMove says, without running
// anything, which runs take a tenant from one tier to another.
//
// # What a run does
//
// A run takes the stack's lease, repairs what a killed run left behind, works
// in a directory of its own, previews, lets the gate decide on the plan, and
// only then changes anything. Its environment is made from a list of names,
// not inherited. Once a change has begun, neither the caller's context nor a
// Ctrl-C at the terminal stops it; it ends by itself, by the engine's own
// deadline, or by Options.Interrupt, which lets operations under way finish.
package automation
