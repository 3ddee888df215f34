// Package names translates between the names and shapes that pulumi-aws gives to
// the Terraform AWS provider's types and properties, and those that Pulumi's
// bridge gives them when it knows nothing but the provider's own schema.
package names
