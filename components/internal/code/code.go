// Package code checks what a Lambda function runs.
package code

import (
	"archive/zip"
	"os"
	"path"
	"regexp"
	"time"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/tenants"
)

const (
	maxHandler = 128 // CreateFunction in the Lambda API Reference
	// signature is the file that AWS Signer adds to a zip file for Lambda.
	signature = "aws_signer_signature_v1.0.SF"
)

var handlerPattern = regexp.MustCompile(`^\S+$`)

// Runtimes gives the runtimes that a function may have: those that Lambda
// patches today.
func Runtimes() []string { return tenants.Runtimes(time.Now()) }

// Code is what a function runs: an archive or an object of S3, never both.
type Code struct {
	Runtime string // a Lambda runtime identifier
	Handler string // as the runtime names it
	Archive string // path of a zip file or a directory
	Object  bool   // the code is an object of S3
	Signed  bool   // Lambda is told to ask for a signature
}

// Check records what is wrong with the code.
func Check(c *check.Args, k Code) {
	c.OneOf("Runtime", k.Runtime, Runtimes()...)
	c.Name("Handler", k.Handler, maxHandler, handlerPattern)
	switch {
	case k.Object && k.Archive != "":
		c.Fault("Archive", k.Archive, "nothing where Object is given")
	case k.Object:
	case k.Signed:
		CheckSigned(c, "Archive", k.Archive)
	default:
		CheckArchive(c, "Archive", k.Archive)
	}
}

// CheckArchive records an archive that is not there.
func CheckArchive(c *check.Args, argument, file string) {
	if _, err := os.Stat(file); err != nil {
		c.Fault(argument, file, "the path of a zip file or a directory that exists")
	}
}

// CheckSigned records an archive that is no zip file with a signature of AWS
// Signer in it. Whether the signature is valid, and whose it is, is for Lambda
// to say.
func CheckSigned(c *check.Args, argument, file string) {
	if !signed(file) {
		c.Fault(argument, file, "the path of a zip file that AWS Signer has signed; Lambda refuses another with a code signing configuration")
	}
}

func signed(file string) bool {
	z, err := zip.OpenReader(file)
	if err != nil {
		return false
	}
	defer z.Close()
	for _, f := range z.File {
		if path.Base(f.Name) == signature {
			return true
		}
	}
	return false
}
