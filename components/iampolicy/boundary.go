package iampolicy

// Escalations gives the actions with which code could leave the bounds of its
// role, sorted: those that change or take up identities and those that run
// other functions.
func Escalations() []string {
	return []string{"iam:*", "lambda:InvokeAsync", "lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "organizations:*", "sso:*", "sts:*"}
}

// Boundary gives the document of a permissions boundary: a role that has it can
// do what most allows and nothing else, whatever else is attached to it, and
// none of the Escalations, even where most allows them. Actions of a deny may
// have wildcards; they take away, and do not grant. A boundary grants nothing
// itself, so that the role needs the permissions besides. See "Permissions
// boundaries for IAM entities" in the IAM User Guide.
func Boundary(most Document) Document {
	return append(append(Document{}, most...), Statement{
		Sid: "NoEscalation", Effect: Deny, Actions: Escalations(), Resources: []string{"*"},
	})
}
