// Package arch holds tests only: who may import whom and why, that each package
// says what it is for, and that the documents are complete and lead somewhere.
// The tables are in rules_test.go; whoever adds a package adds a row there.
package arch
