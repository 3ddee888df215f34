// Package analyzer runs the rules inside the Pulumi engine: it serves the
// protocol of policy packs, so that "pulumi preview --policy-pack" and "pulumi up
// --policy-pack" decide by the same rules as the gate.
//
// The engine shows each resource before it is operated on, and the whole stack at
// the end. Rules of one resource decide at the first, and on what is not known
// there, or depends on other resources, at the second. The engine tells neither
// what happens to a resource nor what was before: rules about operations do not
// run here, and each answer on a stack says so. They, and every deletion, are the
// gate's.
//
// On "pulumi up" the stack is looked at after its resources were made: a rule
// across resources then stops the run too late. So preview first, or use the gate.
//
// Everything that keeps the rules from a decision is an error of the call, which
// ends the run.
package analyzer
