// Package localcloud is the embedded stand-in for AWS: a Pulumi resource
// provider for package aws, served in this process, to which the engine
// attaches instead of launching the real plugin. Programs written for AWS
// deploy to it unmodified.
package localcloud
