package policies

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// holder is a type that holds a policy document.
type holder struct {
	kind     string
	property string
	optional bool // the property may be left out
}

// identityHolders and resourceHolders are the tables of the same purpose in
// lib/iam, sorted by type, as Rego goes through them.
func identityHolders() []holder {
	return []holder{
		{"aws:iam/groupPolicy:GroupPolicy", "policy", false},
		{"aws:iam/policy:Policy", "policy", false},
		{"aws:iam/rolePolicy:RolePolicy", "policy", false},
		{"aws:iam/userPolicy:UserPolicy", "policy", false},
		{"aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy", "inlinePolicy", false},
	}
}

func resourceHolders() []holder {
	return []holder{
		{"aws:apigateway/restApi:RestApi", "policy", true},
		{"aws:apigateway/restApiPolicy:RestApiPolicy", "policy", false},
		{"aws:cloudwatch/eventBusPolicy:EventBusPolicy", "policy", false},
		{"aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument", false},
		{"aws:ec2/vpcEndpoint:VpcEndpoint", "policy", true},
		{"aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy", "policy", true},
		{"aws:ecr/repositoryPolicy:RepositoryPolicy", "policy", false},
		{"aws:efs/fileSystemPolicy:FileSystemPolicy", "policy", false},
		{"aws:kms/externalKey:ExternalKey", "policy", true},
		{"aws:kms/key:Key", "policy", true},
		{"aws:kms/keyPolicy:KeyPolicy", "policy", false},
		{"aws:kms/replicaKey:ReplicaKey", "policy", true},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", false},
		{"aws:secretsmanager/secret:Secret", "policy", true},
		{"aws:secretsmanager/secretPolicy:SecretPolicy", "policy", false},
		{"aws:sns/topic:Topic", "policy", true},
		{"aws:sns/topicPolicy:TopicPolicy", "policy", false},
		{"aws:sqs/queue:Queue", "policy", true},
		{"aws:sqs/queuePolicy:QueuePolicy", "policy", false},
	}
}

const roleType = "aws:iam/role:Role"

// documents are those that grant something to an identity.
func (x index) documents() []*ast.Term {
	var out []*ast.Term
	for _, h := range identityHolders() {
		for _, r := range x.byType[h.kind] {
			out = append(out, documentTerm(r, h.property, input(r, h.property)))
		}
	}
	for _, r := range x.byType[roleType] {
		inline := input(r, "inlinePolicies")
		if opaque(inline) {
			out = append(out, documentTerm(r, "inlinePolicies", inline))
			continue
		}
		for i, entry := range listed(inline) {
			if o, ok := entry.Value.(ast.Object); ok && o.Len() == 0 {
				continue // IAM's way to say that there are none
			}
			value := at(entry.Value, "policy")
			switch {
			case opaque(entry):
				value = entry
			case value == nil:
				value = ast.NullTerm()
			}
			out = append(out, documentTerm(r, fmt.Sprintf("inlinePolicies[%d].policy", i), value))
		}
	}
	return out
}

// trusts are the documents that say who may assume a role.
func (x index) trusts() []*ast.Term {
	var out []*ast.Term
	for _, r := range x.byType[roleType] {
		out = append(out, documentTerm(r, "assumeRolePolicy", input(r, "assumeRolePolicy")))
	}
	return out
}

// resourceDocuments are the policies of resources such as buckets and queues.
func (x index) resourceDocuments() []*ast.Term {
	var out []*ast.Term
	for _, h := range resourceHolders() {
		for _, r := range x.byType[h.kind] {
			value := input(r, h.property)
			if h.optional && (value.Value.Compare(ast.NullValue) == 0 || value.Value.Compare(ast.String("")) == 0) {
				continue
			}
			out = append(out, documentTerm(r, h.property, value))
		}
	}
	return out
}

// input gives an input of a resource; null where it is not set.
func input(r *ast.Term, property string) *ast.Term {
	if v := at(r.Value, "inputs", property); v != nil {
		return v
	}
	return ast.NullTerm()
}

func documentTerm(r *ast.Term, property string, value *ast.Term) *ast.Term {
	state, statements := parsed(value)
	return ast.ObjectTerm(
		field("urn", at(r.Value, "urn")),
		field("resource", r),
		field("property", ast.StringTerm(property)),
		field("value", value),
		field("state", ast.InternedTerm(state)),
		field("statements", ast.ArrayTerm(statements...)),
	)
}

// The states of a document.
const (
	stateOK      = "ok"
	stateInvalid = "invalid" // it cannot be read, or IAM's grammar does not allow it
	stateOpaque  = "opaque"  // not known before the run, or secret
)

// parsed reads a document that is given as a text or as an object.
func parsed(value *ast.Term) (state string, statements []*ast.Term) {
	switch v := value.Value.(type) {
	case ast.String:
		var x any
		if raw := []byte(v); !json.Valid(raw) || util.UnmarshalJSON(raw, &x) != nil {
			return stateInvalid, nil
		}
		doc, err := ast.InterfaceToValue(x)
		if err != nil || colons(string(v)) != keys(doc) {
			return stateInvalid, nil
		}
		return read(doc)
	case ast.Object:
		if opaque(value) {
			return stateOpaque, nil
		}
		return read(v)
	}
	return stateInvalid, nil
}

// colons counts those outside of the texts of JSON. Each follows a key, so that
// there are more than keys when one is twice in an object: such a document is
// read differently by different readers.
func colons(text string) int {
	n, within := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			within = !within
		case c == '\\':
			i++
		case c == ':' && !within:
			n++
		}
	}
	return n
}

// keys counts the keys of the objects in a value.
func keys(v ast.Value) int {
	n := 0
	switch v := v.(type) {
	case ast.Object:
		n = v.Len()
		v.Foreach(func(_, e *ast.Term) { n += keys(e.Value) })
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { n += keys(e.Value) })
	}
	return n
}

// read reads the statements of a document.
func read(doc ast.Value) (state string, statements []*ast.Term) {
	given := at(doc, "Statement")
	switch {
	case given == nil:
		return stateInvalid, nil
	case opaque(given):
		return stateOpaque, nil
	case !only(doc, "Version", "Id", "Statement"):
		return stateInvalid, nil
	}
	if version := at(doc, "Version"); version != nil && text(version) != "2008-10-17" && text(version) != "2012-10-17" {
		return stateInvalid, nil
	}
	for _, s := range listed(given) {
		if !wellFormed(s.Value) {
			return stateInvalid, nil
		}
		statements = append(statements, statementTerm(s))
	}
	return stateOK, statements
}

// only tells whether a value is an object with no keys but some.
func only(v ast.Value, allowed ...string) bool {
	o, ok := v.(ast.Object)
	return ok && !o.Until(func(k, _ *ast.Term) bool { return !slices.Contains(allowed, text(k)) })
}

// wellFormed tells whether IAM's grammar allows a statement.
func wellFormed(s ast.Value) bool {
	if !only(s, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition") {
		return false
	}
	action, resource := at(s, "Action"), at(s, "Resource")
	if (action == nil) == (at(s, "NotAction") == nil) || resource != nil && at(s, "NotResource") != nil || at(s, "Principal") != nil && at(s, "NotPrincipal") != nil {
		return false
	}
	if effect := text(at(s, "Effect")); effect != "Allow" && effect != "Deny" {
		return false
	}
	if condition := at(s, "Condition"); condition != nil {
		if _, ok := condition.Value.(ast.Object); !ok {
			return false
		}
	}
	if action == nil {
		action = at(s, "NotAction")
	}
	if resource == nil {
		resource = at(s, "NotResource")
	}
	actions, ok := texts(action)
	if !ok || slices.ContainsFunc(actions, func(a string) bool { return !spelt(a) }) {
		return false
	}
	_, ok = texts(resource)
	return ok || resource == nil
}

// texts gives the texts of a value that holds at least one, or something that is
// not known before the run; false for any other.
func texts(t *ast.Term) ([]string, bool) {
	if t == nil {
		return nil, false
	}
	switch v := t.Value.(type) {
	case ast.String:
		return []string{string(v)}, true
	case *ast.Array:
		known := make([]string, 0, v.Len())
		strange := v.Until(func(e *ast.Term) bool {
			s, ok := e.Value.(ast.String)
			if ok {
				known = append(known, string(s))
			}
			return !ok && !opaque(e)
		})
		return known, v.Len() > 0 && !strange
	}
	return nil, opaque(t)
}

// spelt tells whether IAM would accept an action: wildcards alone, or a service and
// a name.
func spelt(action string) bool {
	if action != "" && strings.Trim(action, "*") == "" {
		return true
	}
	service, name, ok := strings.Cut(action, ":")
	return ok && service != "" && name != "" &&
		!strings.ContainsFunc(service, func(c rune) bool { return c != '-' && !partOfName(c) }) &&
		!strings.ContainsFunc(name, func(c rune) bool { return !partOfName(c) })
}

func partOfName(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '*' || c == '?'
}

// statementTerm brings a well-formed statement to one form.
func statementTerm(s *ast.Term) *ast.Term {
	set := func(key string, change func(string) string) *ast.Term {
		var terms []*ast.Term
		for _, e := range listed(at(s.Value, key)) {
			if v, ok := e.Value.(ast.String); ok {
				terms = append(terms, ast.StringTerm(change(string(v))))
			}
		}
		return ast.SetTerm(terms...)
	}
	same := func(s string) string { return s }
	negated := func(key string) *ast.Term {
		v := at(s.Value, key)
		return ast.InternedTerm(v != nil && v.Value.Compare(ast.NullValue) != 0)
	}
	condition := at(s.Value, "Condition")
	if condition == nil {
		condition = ast.ObjectTerm()
	}
	return ast.ObjectTerm(
		field("effect", at(s.Value, "Effect")),
		field("actions", set("Action", strings.ToLower)),
		field("not_actions", set("NotAction", strings.ToLower)),
		field("resources", set("Resource", same)),
		field("principals", principals(at(s.Value, "Principal"))),
		field("negated_principals", negated("NotPrincipal")),
		field("negated_actions", negated("NotAction")),
		field("negated_resources", negated("NotResource")),
		field("condition", condition),
		field("opaque", opaqueElements(s.Value)),
		field("source", s),
	)
}

// principals are pairs of kind and name; "*" alone is AWS's.
func principals(p *ast.Term) *ast.Term {
	pair := func(kind, name string) *ast.Term { return ast.ArrayTerm(ast.StringTerm(kind), ast.StringTerm(name)) }
	if text(p) == "*" {
		return ast.SetTerm(pair("AWS", "*"))
	}
	var pairs []*ast.Term
	if p != nil && !opaque(p) {
		if o, ok := p.Value.(ast.Object); ok {
			o.Foreach(func(kind, names *ast.Term) {
				for _, name := range listed(names) {
					if v, ok := name.Value.(ast.String); ok {
						pairs = append(pairs, pair(text(kind), string(v)))
					}
				}
			})
		}
	}
	return ast.SetTerm(pairs...)
}

// opaqueElements names the elements of a statement of which something is not known.
func opaqueElements(s ast.Value) *ast.Term {
	var found []*ast.Term
	for _, key := range []string{"Action", "NotAction", "Resource", "NotResource"} {
		if slices.ContainsFunc(listed(at(s, key)), opaque) {
			found = append(found, ast.StringTerm(key))
		}
	}
	for _, key := range []string{"Principal", "NotPrincipal"} {
		p := at(s, key)
		if p == nil {
			continue
		}
		o, isObject := p.Value.(ast.Object)
		if opaque(p) || isObject && o.Until(func(_, names *ast.Term) bool { return slices.ContainsFunc(listed(names), opaque) }) {
			found = append(found, ast.StringTerm(key))
		}
	}
	return ast.SetTerm(found...)
}

// listed gives a value as a list: one value as a list of it, null as none.
func listed(t *ast.Term) []*ast.Term {
	if t == nil {
		return nil
	}
	if elements, ok := list(t); ok {
		return elements
	}
	if t.Value.Compare(ast.NullValue) == 0 {
		return nil
	}
	return []*ast.Term{t}
}

// opaque tells whether a value is unknown or secret.
func opaque(t *ast.Term) bool {
	for _, mark := range []string{"$unknown", "$secret"} {
		if v := at(t.Value, mark); v != nil && v.Value.Compare(ast.Boolean(true)) == 0 {
			return true
		}
	}
	return false
}
