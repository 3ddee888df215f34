// Package code checks what a Lambda function runs.
package code

import (
	"os"
	"regexp"

	"github.com/tenantform/tenantform/components/internal/check"
)

const maxHandler = 128 // CreateFunction in the Lambda API Reference

var handlerPattern = regexp.MustCompile(`^\S+$`)

// runtimes are the identifiers that Lambda supports for zip archives and that
// are not past their deprecation date, as of November 2026; see "Supported
// runtimes" in the Lambda Developer Guide.
var runtimes = []string{
	"dotnet10",
	"java8.al2", "java11", "java17", "java21", "java25",
	"nodejs22.x", "nodejs24.x",
	"provided.al2023",
	"python3.11", "python3.12", "python3.13", "python3.14",
	"ruby3.3", "ruby3.4",
}

// Runtimes gives the runtimes that a function may have.
func Runtimes() []string { return append([]string(nil), runtimes...) }

// Code is what a function runs.
type Code struct {
	Runtime string // a Lambda runtime identifier
	Handler string // as the runtime names it
	Archive string // path of a zip file or a directory
}

// Check records what is wrong with the code.
func Check(c *check.Args, k Code) {
	c.OneOf("Runtime", k.Runtime, runtimes...)
	c.Name("Handler", k.Handler, maxHandler, handlerPattern)
	CheckArchive(c, "Archive", k.Archive)
}

// CheckArchive records an archive that is not there.
func CheckArchive(c *check.Args, argument, path string) {
	if _, err := os.Stat(path); err != nil {
		c.Fault(argument, path, "the path of a zip file or a directory that exists")
	}
}
