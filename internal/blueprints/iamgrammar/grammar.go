// Package iamgrammar is a second opinion on IAM documents, written without
// regard to how components make them. It holds a document to the grammar of the
// policy language ("Grammar of the IAM JSON policy language" and "IAM JSON policy
// elements reference" in the IAM User Guide), to the actions and condition keys
// that AWS itself uses (vocabulary.json), and to the forms of ARN that the
// Service Authorization Reference gives for the resources of an action.
//
// It does not cover: whether a condition key is one of the keys of the action;
// whether what an ARN names exists, or is what is meant; actions in documents
// that allow by NotAction; services and actions outside of its tables, which it
// reports as unknown rather than lets pass. An action that AWS has since taken
// back is still in the vocabulary until that is made anew:
//
//	go run ./internal/vocabulary -botocore <dir>/botocore -moto <dir>/moto
package iamgrammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Kind is what a document is for, which decides what its statements have.
type Kind string

// The kinds.
const (
	Identity Kind = "identity" // of a role: no principal; what is on "*" could not be narrower
	Boundary Kind = "boundary" // bounds a role: no principal, and "*" is its purpose
	Control  Kind = "control"  // of an organisation: as a boundary
	Trust    Kind = "trust"    // who may assume a role: a principal, no resource
	Resource Kind = "resource" // of a resource: a principal and a resource
	Key      Kind = "key"      // of a resource whose document calls it "*": a key, a sink
)

// texts is one or several texts.
type texts []string

func (l *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

type statement struct {
	Sid                                      string
	Effect                                   string
	Principal, NotPrincipal                  json.RawMessage
	Action, NotAction, Resource, NotResource texts
	Condition                                map[string]map[string]texts
}

type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement []statement
}

// Check gives what is wrong with a document, a line each; none when it is right.
func Check(kind Kind, text string) []string {
	var doc document
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return []string{"it is no policy document: " + err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return []string{"something follows the document"}
	}
	c := &checker{kind: kind}
	if doc.Version != "2012-10-17" {
		c.add("the version is %q; 2012-10-17 is the one with policy variables", doc.Version)
	}
	if len(doc.Statement) == 0 {
		c.add("it has no statement")
	}
	seen := map[string]bool{}
	for i, s := range doc.Statement {
		c.at = fmt.Sprintf("statement %d", i+1)
		if s.Sid != "" {
			c.at += " " + s.Sid
		}
		if seen[s.Sid] {
			c.add("another statement has the same Sid")
		}
		seen[s.Sid] = s.Sid != ""
		c.statement(s)
	}
	return c.found
}

type checker struct {
	kind  Kind
	at    string
	found []string
}

func (c *checker) add(format string, args ...any) {
	c.found = append(c.found, strings.TrimPrefix(c.at+": ", ": ")+fmt.Sprintf(format, args...))
}

var sidPattern = regexp.MustCompile(`^[A-Za-z0-9]*$`)

func (c *checker) statement(s statement) {
	if !sidPattern.MatchString(s.Sid) {
		c.add("the Sid has other characters than A-Z, a-z and 0-9")
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		c.add("the effect is %q", s.Effect)
	}
	c.principals(s)
	c.actions(s)
	c.resources(s)
	for operator, keys := range s.Condition {
		c.operator(operator)
		for key, values := range keys {
			c.condition(operator, key, values)
		}
	}
}

func (c *checker) actions(s statement) {
	if (len(s.Action) == 0) == (len(s.NotAction) == 0) {
		c.add("it has to have one of Action and NotAction")
	}
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		if problem := unknownAction(action); problem != "" {
			c.add("%s", problem)
		}
	}
}

func (c *checker) resources(s statement) {
	all := slices.Concat(s.Resource, s.NotResource)
	if c.kind == Trust {
		if len(all) > 0 {
			c.add("a trust policy names no resource")
		}
		return
	}
	if (len(s.Resource) == 0) == (len(s.NotResource) == 0) {
		c.add("it has to have one of Resource and NotResource")
	}
	var types []string
	for _, r := range all {
		if r == "*" {
			continue
		}
		found := typesOf(r, c.kind == Control)
		if len(found) == 0 {
			c.add("%q has the form of no resource in the table", r)
		}
		types = append(types, found...)
	}
	if s.Effect != "Allow" || len(s.NotAction) > 0 || len(s.NotResource) > 0 {
		return
	}
	for _, action := range s.Action {
		c.fits(action, s.Resource, types)
	}
}

// fits holds an allowed action to the resources that it is allowed on.
func (c *checker) fits(action string, resources texts, types []string) {
	if strings.Contains(action, "*") {
		if c.kind == Identity && action != "*" && !slices.Contains(resources, "*") {
			c.add("%q allows an identity what nobody has named", action)
		}
		return
	}
	wants, known := takes(action)
	switch {
	case !known:
		c.add("there is no row for %s that says what resources it takes; see the Service Authorization Reference", action)
	case slices.Contains(resources, "*"):
		if c.kind == Identity && len(wants) > 0 {
			c.add("%s is allowed on *, and takes %s", action, strings.Join(wants, " or "))
		}
	case len(wants) == 0:
		c.add("%s takes no resource but *", action)
	case !slices.ContainsFunc(wants, func(w string) bool { return slices.Contains(types, w) }):
		c.add("%s takes %s, and none of %q is one", action, strings.Join(wants, " or "), []string(resources))
	}
}

var (
	accountPattern   = regexp.MustCompile(`^[0-9]{12}$`)
	identityPattern  = regexp.MustCompile(`^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)$`)
	sessionPattern   = regexp.MustCompile(`^arn:aws(-cn|-us-gov)?:sts::[0-9]{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+$`)
	servicePattern   = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)
	federatedPattern = regexp.MustCompile(`^(arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:(oidc|saml)-provider/.+|cognito-identity\.amazonaws\.com)$`)
)

func (c *checker) principals(s statement) {
	given := s.Principal
	if given == nil {
		given = s.NotPrincipal
	}
	switch c.kind {
	case Identity, Boundary, Control:
		if given != nil {
			c.add("a document of an identity names no principal")
		}
		return
	}
	if (s.Principal == nil) == (s.NotPrincipal == nil) {
		c.add("it has to have one of Principal and NotPrincipal")
		return
	}
	if string(given) == `"*"` {
		return
	}
	var of map[string]texts
	if err := json.Unmarshal(given, &of); err != nil || len(of) == 0 {
		c.add("the principal is neither \"*\" nor of the kinds AWS, Service and Federated")
		return
	}
	for kind, names := range of {
		for _, name := range names {
			if !principal(kind, name) {
				c.add("%q is no principal of the kind %s", name, kind)
			}
		}
	}
}

func principal(kind, name string) bool {
	switch kind {
	case "AWS":
		return name == "*" || accountPattern.MatchString(name) || identityPattern.MatchString(name) || sessionPattern.MatchString(name)
	case "Service":
		return servicePattern.MatchString(name)
	case "Federated":
		return federatedPattern.MatchString(name)
	}
	return false
}
