package localcloud

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/signer"
)

// signerKinds are who signs code.
// Source of limits: AWS Signer API reference, PutSigningProfile, AddProfilePermission.
func signerKinds() []*kind {
	return []*kind{
		{
			token: "aws:signer/signingProfile:SigningProfile", label: "Signer Signing Profile", args: signer.SigningProfileArgs{}, resource: &signer.SigningProfile{},
			id: "{name}", arn: "arn:{partition}:signer:{region}:{account}:/signing-profiles/{name}", name: "name", autoname: &autoname{max: 64},
			taken:   "ValidationException: Signing profile {name} already exists",
			outputs: map[string]string{"version": "{mixed:10}", "status": "Active", "platformDisplayName": "AWS Lambda"},
			settle: func(c *creation) error {
				c.computed["versionArn"] = c.arn + "/" + textOf(c.computed["version"])
				if _, has := c.computed["revocationRecords"]; !has {
					c.computed["revocationRecords"] = []any{}
				}
				return nil
			},
			rules: map[string]rule{
				"name": all(length(2, 64), pattern(`^[a-zA-Z0-9_]+$`, "letters, digits and underscores")),
				"platformId": oneOf("AWSLambda-SHA384-ECDSA", "Notation-OCI-SHA384-ECDSA", "AWSIoTDeviceManagement-SHA256-ECDSA",
					"AmazonFreeRTOS-TI-CC3220SF", "AmazonFreeRTOS-Default"),
				"signatureValidityPeriod.type": oneOf("DAYS", "MONTHS", "YEARS"), "signatureValidityPeriod.value": between(1, 4100), "tags": tags,
			},
			fixed: true, keep: []string{"tags"},
		},
		{
			token: "aws:signer/signingProfilePermission:SigningProfilePermission", label: "Signer Signing Profile Permission",
			args: signer.SigningProfilePermissionArgs{}, resource: &signer.SigningProfilePermission{},
			id: "{in.profileName}/{name}", name: "statementId", autoname: &autoname{max: 64},
			taken: "ConflictException: A permission with statement id {name} already exists for profile {in.profileName}",
			rules: map[string]rule{"statementId": length(1, 64), "principal": length(1, 512),
				"action": oneOf("signer:StartSigningJob", "signer:GetSigningProfile", "signer:RevokeSignature", "signer:SignPayload")},
			fixed: true,
			refs: []ref{{prop: "profileName", to: []string{"signer.SigningProfile"}, by: asLast, part: true,
				missing: "ResourceNotFoundException: Signing profile {value} does not exist"}},
		},
	}
}

// asProfileVersion takes the ARN of a version of a signing profile, whose id is
// its name.
func asProfileVersion(_ *Cloud, at place, value string) (place, string, bool) {
	in, rest, ok := arnParts(at, value)
	name, _, _ := strings.Cut(strings.TrimPrefix(rest, "/signing-profiles/"), "/")
	return in, name, ok && name != ""
}
