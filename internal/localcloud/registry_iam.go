package localcloud

import (
	"fmt"
	"unicode"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
)

func refRole(prop, missing string) ref {
	return ref{prop: prop, to: []string{"iam.Role"}, by: asLast, missing: missing}
}

// iamName is what names of roles and policies may be made of.
const iamName = `^[\w+=,.@-]+$`

// iamKinds are identities. Source of limits: IAM User Guide, "IAM and AWS STS quotas".
func iamKinds() []*kind {
	name := func(most int) rule {
		return all(length(1, most), pattern(iamName, "letters, digits or _+=,.@-"))
	}
	inRole := ref{prop: "role", to: []string{"iam.Role"}, by: asLast, part: true, missing: "NoSuchEntity: The role with name {value} cannot be found."}
	return []*kind{
		{
			token: "aws:iam/role:Role", label: "IAM Role", args: iam.RoleArgs{}, resource: &iam.Role{}, global: true,
			id: "{name}", arn: "arn:{partition}:iam::{account}:role{path}{name}", taken: "EntityAlreadyExists: Role with name {name} already exists.",
			name: "name", autoname: &autoname{max: 64}, required: []string{"assumeRolePolicy"},
			outputs:  map[string]string{"createDate": "{now}", "uniqueId": "AROA{upper:17}"},
			defaults: map[string]any{"path": "/", "maxSessionDuration": 3600.0, "forceDetachPolicies": false},
			rules: map[string]rule{
				"name": name(64), "path": pattern(`^(/|/.+/)$`, "a path that begins and ends with /"), "maxSessionDuration": between(3600, 43200),
				"description": length(0, 1000), "permissionsBoundary": arn("iam"), "managedPolicyArns[*]": arn("iam"), "tags": tags,
				"assumeRolePolicy": policySize(4096), "inlinePolicies[*].policy": policySize(10240),
			},
			replace: []string{"name", "namePrefix", "path"}, sets: []string{"managedPolicyArns", "inlinePolicies"},
			policies: []string{"assumeRolePolicy", "inlinePolicies[*].policy"},
			refs: []ref{
				{prop: "permissionsBoundary", to: []string{"iam.Policy"}, by: asARN, missing: "NoSuchEntity: Scope ARN: {value} does not exist or is not attachable."},
				{prop: "managedPolicyArns[*]", to: []string{"iam.Policy"}, by: asARN, missing: "NoSuchEntity: Policy {value} does not exist or is not attachable."},
			},
			inUse: []use{
				{by: "iam.RolePolicyAttachment", prop: "role", unless: "forceDetachPolicies", says: "DeleteConflict: Cannot delete entity, must detach all policies first."},
				{by: "iam.RolePolicy", prop: "role", unless: "forceDetachPolicies", says: "DeleteConflict: Cannot delete entity, must delete policies first."},
				{by: "iam.InstanceProfile", prop: "role", says: "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
			},
		},
		{
			token: "aws:iam/rolePolicy:RolePolicy", label: "IAM Role Policy", args: iam.RolePolicyArgs{}, resource: &iam.RolePolicy{}, global: true,
			id: "{in.role}:{name}", name: "name", autoname: &autoname{max: 128}, required: []string{"policy", "role"},
			rules:   map[string]rule{"name": name(128), "policy": policySize(10240)},
			replace: []string{"name", "namePrefix", "role"}, policies: []string{"policy"}, refs: []ref{inRole},
		},
		{
			token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", label: "IAM Role Policy Attachment",
			args: iam.RolePolicyAttachmentArgs{}, resource: &iam.RolePolicyAttachment{}, global: true,
			id: "{in.role}-{digits:26}", key: "{in.role}/{in.policyArn}", required: []string{"role"},
			rules: map[string]rule{"policyArn": arn("iam")}, replace: []string{"role", "policyArn"},
			refs: []ref{inRole, {prop: "policyArn", to: []string{"iam.Policy"}, by: asARN,
				missing: "NoSuchEntity: Policy {value} does not exist or is not attachable."}},
		},
		{
			token: "aws:iam/policy:Policy", label: "IAM Policy", args: iam.PolicyArgs{}, resource: &iam.Policy{}, global: true,
			id: "{arn}", arn: "arn:{partition}:iam::{account}:policy{path}{name}",
			taken: "EntityAlreadyExists: A policy called {name} already exists. Duplicate names are not allowed.",
			name:  "name", autoname: &autoname{max: 128}, required: []string{"policy"},
			outputs: map[string]string{"policyId": "ANPA{upper:17}"}, defaults: map[string]any{"path": "/", "attachmentCount": 0.0},
			rules: map[string]rule{"name": name(128), "path": pattern(`^(/|/.+/)$`, "a path that begins and ends with /"), "description": length(0, 1000), "tags": tags,
				"policy": policySize(6144)},
			replace: []string{"name", "namePrefix", "path", "description"}, policies: []string{"policy"},
			inUse: []use{
				{by: "iam.RolePolicyAttachment", prop: "policyArn", says: "DeleteConflict: Cannot delete a policy attached to entities."},
				{by: "iam.Role", prop: "managedPolicyArns[*]", says: "DeleteConflict: Cannot delete a policy attached to entities."},
				{by: "iam.Role", prop: "permissionsBoundary", says: "DeleteConflict: Cannot delete a policy attached to entities."},
			},
		},
		{
			token: "aws:iam/instanceProfile:InstanceProfile", label: "IAM Instance Profile", args: iam.InstanceProfileArgs{}, resource: &iam.InstanceProfile{}, global: true,
			id: "{name}", arn: "arn:{partition}:iam::{account}:instance-profile{path}{name}",
			taken: "EntityAlreadyExists: Instance Profile {name} already exists.", name: "name", autoname: &autoname{max: 128},
			outputs: map[string]string{"createDate": "{now}", "uniqueId": "AIPA{upper:17}"}, defaults: map[string]any{"path": "/"},
			rules: map[string]rule{"name": name(128), "tags": tags}, replace: []string{"name", "namePrefix", "path"},
			refs: []ref{{prop: "role", to: []string{"iam.Role"}, by: asLast, missing: "NoSuchEntity: The role with name {value} cannot be found."}},
		},
	}
}

// policySize wants a policy of at most so many characters, white space aside.
// Source: IAM User Guide, "IAM and AWS STS quotas".
func policySize(most int) rule {
	return text(func(s string) string {
		n := 0
		for _, r := range s {
			if !unicode.IsSpace(r) {
				n++
			}
		}
		if n > most {
			return fmt.Sprintf("LimitExceeded: Cannot exceed quota for PolicySize: %d; it has %d characters", most, n)
		}
		return ""
	})
}
