// Package strictyaml reads the YAML files that people write: a small part of
// YAML, every field known, no key twice, and every problem of a file told at
// once with its file, line, path, value and what is allowed there.
package strictyaml
