// Package quietterm keeps a library from questioning the terminal. The command
// line framework inside of Pulumi's SDK asks the terminal for its background
// colour while the program is being loaded, before main: it prints escape
// codes, takes what the user has typed for the answer, and waits five seconds
// for a terminal that gives none. It does not ask a terminal that is "dumb".
//
// Importing the package makes the terminal look so while the other packages are
// loaded; Restore ends it. That is in time because Go initialises packages as
// soon as their imports are, in the order of their paths ("Package
// initialization", The Go Programming Language Specification; sorted since Go
// 1.21): this one imports package syscall alone, the library cannot do without
// package os, and "github.com" comes before "os".
package quietterm

import "syscall"

const variable = "TERM"

var term, wasSet = hush()

func hush() (string, bool) {
	term, wasSet := syscall.Getenv(variable)
	_ = syscall.Setenv(variable, "dumb") // fails for a name with '=' or NUL only
	return term, wasSet
}

// Restore gives the process back the terminal's name. It is for the first line
// of main.
func Restore() {
	if wasSet {
		_ = syscall.Setenv(variable, term)
		return
	}
	_ = syscall.Unsetenv(variable)
}
