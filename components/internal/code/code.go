// Package code checks what a Lambda function runs.
package code

import (
	"os"
	"regexp"
	"time"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/tenants"
)

const maxHandler = 128 // CreateFunction in the Lambda API Reference

var handlerPattern = regexp.MustCompile(`^\S+$`)

// Runtimes gives the runtimes that a function may have: those that Lambda
// patches today.
func Runtimes() []string { return tenants.Runtimes(time.Now()) }

// Code is what a function runs.
type Code struct {
	Runtime string // a Lambda runtime identifier
	Handler string // as the runtime names it
	Archive string // path of a zip file or a directory
}

// Check records what is wrong with the code.
func Check(c *check.Args, k Code) {
	c.OneOf("Runtime", k.Runtime, Runtimes()...)
	c.Name("Handler", k.Handler, maxHandler, handlerPattern)
	CheckArchive(c, "Archive", k.Archive)
}

// CheckArchive records an archive that is not there.
func CheckArchive(c *check.Args, argument, path string) {
	if _, err := os.Stat(path); err != nil {
		c.Fault(argument, path, "the path of a zip file or a directory that exists")
	}
}
