// Package iampolicy writes IAM policy documents from Go values. Equal values
// give equal text, so that a document never differs between two runs.
package iampolicy

import (
	"bytes"
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The effects of a statement.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// Statement is one statement of a document. Actions or NotActions are given,
// never both; Resources or NotResources likewise, and neither in a trust policy.
type Statement struct {
	Sid          string     `json:"Sid,omitempty"`
	Effect       string     `json:"Effect"`
	Principal    *Principal `json:"Principal,omitempty"`
	Actions      []string   `json:"Action,omitempty"`
	NotActions   []string   `json:"NotAction,omitempty"`
	Resources    []string   `json:"Resource,omitempty"`
	NotResources []string   `json:"NotResource,omitempty"`
	Conditions   Conditions `json:"Condition,omitempty"`
}

// Principal is who a statement of a resource or trust policy speaks of.
type Principal struct {
	AWS     []string `json:"AWS,omitempty"`
	Service []string `json:"Service,omitempty"`
}

// Conditions are values by operator and key.
type Conditions map[string]map[string][]string

// Document is a policy document of the version 2012-10-17.
type Document []Statement

// String gives the document as JSON.
func (d Document) String() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Version   string      `json:"Version"`
		Statement []Statement `json:"Statement"`
	}{"2012-10-17", d})
	if err != nil {
		panic("iampolicy: text and maps of text cannot fail to encode: " + err.Error())
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Input gives the document as an input of a resource.
func (d Document) Input() pulumi.String { return pulumi.String(d.String()) }

// TrustService gives the trust policy that lets an AWS service assume a role.
// Conditions that keep other accounts from using the service as their deputy
// belong wherever the service sends the keys they need; nil gives none.
func TrustService(service string, conditions Conditions) Document {
	return Document{{
		Sid:        "AssumedByTheService",
		Effect:     Allow,
		Principal:  &Principal{Service: []string{service}},
		Actions:    []string{"sts:AssumeRole"},
		Conditions: conditions,
	}}
}
