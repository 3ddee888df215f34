// Package policyfile reads the files that say how rules are enforced: the levels
// of rules by environment, and the waivers. They are reviewed like code, and read
// as strictly: every error is CodeInvalid and names file, line, field, value and
// what is allowed.
//
// The levels:
//
//	enforcement:
//	  - rule: lambda_code_signing   # or category: network; every rule without both
//	    environment: dev            # everywhere without it
//	    level: advisory             # mandatory, advisory or disabled; the last entry that fits decides
//
// Disabled wants a rule or a category; a rule that no wildcard waives wants its id.
// Rule may also be waiver_unused or waiver_expired, which are advisory without it.
//
// The waivers:
//
//	waivers:
//	  - rule: s3_access_logs
//	    stack: tenant-acme          # * stands for any characters, here and in resource
//	    resource: "aws:s3/bucketV2:BucketV2 acme-*"   # or a URN
//	    reason: the auditor's own trail covers this bucket
//	    owner: storage team
//	    expires: "2027-03-31"       # the first day it no longer holds, within a year
package policyfile

import (
	"fmt"
	"time"

	"github.com/tenantform/tenantform/internal/strictyaml"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// ReadEnforcement reads a file of levels.
func ReadEnforcement(path string) (policies.Enforcement, error) {
	data, err := strictyaml.Read(path)
	if err != nil {
		return policies.Enforcement{}, err
	}
	return ParseEnforcement(path, data)
}

// ParseEnforcement checks the content of a file of levels; name stands for the
// file in errors. Whether the rules exist is checked by policies.New.
func ParseEnforcement(name string, data []byte) (policies.Enforcement, error) {
	root, err := strictyaml.Parse(name, data, "a list of levels under the field enforcement")
	if err != nil {
		return policies.Enforcement{}, err
	}
	d := strictyaml.New(name)
	var e policies.Enforcement
	d.Object("", root, []strictyaml.Field{{Name: "enforcement", Required: true, Read: func(path string, n strictyaml.Node) {
		d.List(path, n, func(path string, n strictyaml.Node) {
			var s policies.Setting
			d.Object(path, n, []strictyaml.Field{
				{Name: "rule", Read: d.Text(&s.Rule)},
				{Name: "category", Read: d.Text(&s.Category)},
				{Name: "environment", Read: d.Text(&s.Environment)},
				{Name: "level", Required: true, Allowed: "one of mandatory, advisory, disabled", Read: d.Text((*string)(&s.Level))},
			})
			if s.Rule != "" && s.Category != "" {
				d.Refuse(tenants.FieldError{Field: path + ".category", Value: s.Category, Allowed: "rule or category, not both"})
			}
			e.Settings = append(e.Settings, s)
		})
	}}})
	if err := d.Err(); err != nil {
		return policies.Enforcement{}, err
	}
	return e, nil
}

// ReadWaivers reads a file of waivers. One that has expired is no error.
func ReadWaivers(path string) ([]policies.Waiver, error) {
	data, err := strictyaml.Read(path)
	if err != nil {
		return nil, err
	}
	return ParseWaivers(path, data)
}

// ParseWaivers checks the content of a file of waivers; name stands for the file
// in errors. What the rules say to a waiver is checked by policies.New.
func ParseWaivers(name string, data []byte) ([]policies.Waiver, error) {
	root, err := strictyaml.Parse(name, data, "a list of waivers under the field waivers")
	if err != nil {
		return nil, err
	}
	d := strictyaml.New(name)
	all := []policies.Waiver{}
	d.Object("", root, []strictyaml.Field{{Name: "waivers", Required: true, Read: func(path string, n strictyaml.Node) {
		d.List(path, n, func(path string, n strictyaml.Node) {
			w := policies.Waiver{Source: fmt.Sprintf("%s:%d", name, d.Line(path))}
			var expires string
			d.Object(path, n, []strictyaml.Field{
				{Name: "rule", Required: true, Allowed: "the id of a rule", Read: d.Text(&w.Rule)},
				{Name: "stack", Required: true, Allowed: "the name of a stack, or a pattern with *", Read: d.Text(&w.Stack)},
				{Name: "resource", Required: true, Allowed: "a URN, or a type and a name, or a pattern with *", Read: d.Text(&w.Resource)},
				{Name: "reason", Required: true, Allowed: "why this is accepted", Read: d.Text(&w.Reason)},
				{Name: "owner", Required: true, Allowed: "who answers for it", Read: d.Text(&w.Owner)},
				{Name: "expires", Required: true, Allowed: "a day such as 2027-01-31", Read: d.Text(&expires)},
			})
			if expires != "" {
				day, err := time.Parse(time.DateOnly, expires)
				if err != nil {
					d.Refuse(tenants.FieldError{Field: path + ".expires", Value: expires, Allowed: "a day such as 2027-01-31"})
				}
				w.Expires = day
			}
			all = append(all, w)
		})
	}}})
	if err := d.Err(); err != nil {
		return nil, err
	}
	return all, nil
}
