package localcloud

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/tenants"
)

// globalRegion is where what belongs to a whole account lies.
const globalRegion = "global"

// typed is what the SDK's args and resource types say about themselves.
type typed interface{ ElementType() reflect.Type }

// kind is one type of resource: one entry of the registry. Names of properties
// may be paths: "vpcConfig.subnetIds[*]". Forms are templates, see expand.
type kind struct {
	token    string // "aws:ec2/vpc:Vpc"
	label    string // as the provider's messages call it: "EC2 VPC"
	args     typed  // what the inputs are checked against
	resource typed  // whose fields the outputs are

	global bool   // belongs to the account, not to a region
	id     string // form of the id
	key    string // form of the file's name where ids are not unique; empty: the id
	unique string // form of a second name that must be unique; empty: none
	taken  string // AWS's words when the key or the unique name is in use; empty: written over
	arn    string // form of the ARN; empty: it has none

	name     string    // property with the physical name; empty: it has none
	autoname *autoname // how a missing name is made; nil: it is not

	required []string                        // inputs without which the SDK makes no resource and whose Go types do not show it
	outputs  map[string]string               // computed outputs and their forms
	defaults map[string]any                  // what AWS sets where the program says nothing
	settle   func(*creation) error           // what forms cannot express
	number   func(*creation) (string, error) // the running number of a version; asked again while it is taken
	changing []string                        // computed outputs that an update may change
	follows  map[string][]string             // computed outputs that an update of certain inputs changes, and these inputs
	rules    map[string]rule                 // what AWS asks of values
	replace  []string                        // inputs that cannot be changed in place
	fixed    bool                            // no input can be changed in place, but for those in keep
	keep     []string
	sets     []string                    // arrays whose order means nothing
	policies []string                    // IAM documents
	jsons    []string                    // other JSON texts
	refs     []ref                       // what must exist
	inUse    []use                       // what must be gone before it can be deleted
	guards   []guard                     // inputs that forbid deletion
	keeps    func(*Cloud, *record) error // what else forbids deletion
	adopts   bool                        // takes over what exists: the number is an id, and nothing is new

	short  string // "ec2.Vpc"
	schema func() *node
}

// autoname is how a missing physical name is made: the resource's name in the
// program, a dash, and seven hexadecimal digits, as pulumi-aws does.
type autoname struct {
	max    int    // most characters, suffix included
	prefix string // "alias/"
	lower  bool
	fifo   string // the boolean input that asks for ".fifo" at the end
}

// ref says that an input names something that must exist.
type ref struct {
	prop    string
	to      []string // short names of the kinds, one of which it must be
	by      naming
	missing string // AWS's words; {value} is the input's value
	part    bool   // the resource goes away together with what it refers to

	// What comes with a resource of this kind, in this output, will do too: the
	// default security group of a VPC.
	of, output string
}

// use says that a resource cannot be deleted while others refer to it.
type use struct {
	by     string // short name of the kind that refers
	prop   string // with this input
	unless string // a boolean input of the resource that lifts this; empty: none
	says   string // AWS's words
}

// guard says that a resource cannot be deleted while an input has a value.
type guard struct {
	prop   string
	equals any
	says   string
}

// registry is every kind by token and by short name.
type registry struct {
	tokens map[string]*kind
	shorts map[string]*kind
	all    []*kind
}

func newRegistry() registry {
	all := slices.Concat(
		ec2Kinds(), securityGroupKinds(), ec2RoutingKinds(), iamKinds(), lambdaKinds(), cloudwatchKinds(), cognitoKinds(), dynamodbKinds(), s3Kinds(),
		messagingKinds(), kmsKinds(), apigatewayKinds(), apigatewayMethodKinds(),
		lambdaScalingKinds(), scalingKinds(), signerKinds(), eventKinds(), deliveryKinds(), oamKinds(), budgetKinds(),
		organizationKinds(), configKinds(), trailKinds(), rdsKinds(), ssmKinds(), instanceKinds(), federationKinds(), riskKinds(), firewallKinds(),
	)
	r := registry{tokens: make(map[string]*kind, len(all)), shorts: make(map[string]*kind, len(all)), all: all}
	for _, k := range all {
		k.short = shortName(k.token)
		k.schema = sync.OnceValue(func() *node { return newSchema(k) })
		r.tokens[k.token] = k
		r.shorts[k.short] = k
	}
	return r
}

// byToken gives the kind of a type token.
func (r registry) byToken(token string) (*kind, error) {
	if k, ok := r.tokens[token]; ok {
		return k, nil
	}
	return nil, tenants.Errorf(tenants.CodeInvalid,
		"the local cloud has no resources of type %s; use a type it has, or an emulator or AWS as the target", token)
}

// byName gives the kind of a token or a short name.
func (r registry) byName(name string) (*kind, error) {
	if k, ok := r.shorts[name]; ok {
		return k, nil
	}
	return r.byToken(name)
}

// shortName makes "ec2.Vpc" of "aws:ec2/vpc:Vpc".
func shortName(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return token
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return module + "." + parts[2]
}

// placeOf gives where resources of the kind lie for somebody who works at p.
func (k *kind) placeOf(p place) place {
	if k.global {
		p.region = globalRegion
	}
	return p
}

// replaces tells whether a change at a path needs a new resource.
func (k *kind) replaces(path string) bool {
	if k.fixed {
		return !slices.ContainsFunc(k.keep, func(p string) bool { return within(path, p) })
	}
	return slices.ContainsFunc(k.replace, func(p string) bool { return within(path, p) })
}

// within tells whether a pattern path is at or below another.
func within(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// nameOf gives the physical name among inputs; empty when there is none or it
// is unknown.
func (k *kind) nameOf(inputs resource.PropertyMap) string {
	if k.name == "" {
		return ""
	}
	if v := reveal(inputs[resource.PropertyKey(k.name)]); v.IsString() {
		return v.StringValue()
	}
	return ""
}
