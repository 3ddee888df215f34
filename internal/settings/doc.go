// Package settings holds what the processes of the control plane are told:
// typed, read from one file, the environment and flags, with where each value
// came from in every fault and in what is shown.
//
// A flag wins over the environment, the environment over the file, and the file
// over the default. A setting "server.address" is the field address below server
// in the file, TENANTFORM_SERVER_ADDRESS in the environment and --server-address
// as a flag. A variable that is empty counts as not set.
//
// Secrets are never flags, which every user of a machine can read. They come from
// the environment, from a file of their own that "<setting>File" names, or from
// the settings file where nobody but its owner and group can read that. No fault
// and nothing that is shown holds one.
package settings

//go:generate go run ./internal/settingsdocs -page ../../docs/settings.md
