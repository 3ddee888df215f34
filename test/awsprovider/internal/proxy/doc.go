// Package proxy serves the Pulumi provider protocol for the package aws by
// translating every call for Pulumi's bridge, which runs the Terraform AWS
// provider and knows its types by other names.
package proxy
