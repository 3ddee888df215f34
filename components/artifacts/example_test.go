package artifacts_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/artifacts"
	"github.com/tenantform/tenantform/components/componenttest"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		made, err := artifacts.New(ctx, "artifacts", &artifacts.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "platform-artifacts",
			Bucket: "platform-artifacts-111111111111", Profile: "platform_signing", ValidityMonths: 6,
			Publishers: []string{"arn:aws:iam::111111111111:role/ci-build"},
			Signers:    []string{"arn:aws:iam::111111111111:role/ci-release"},
			Readers:    []string{"arn:aws:iam::222222222222:role/tenantform-deployer"},
		})
		if err != nil {
			return err
		}
		ctx.Export("signedBy", made.ProfileVersionARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.OfType("aws:signer/signingProfile:SigningProfile") {
		fmt.Println(p.Inputs["name"], p.Inputs["platformId"])
	}
	for _, p := range r.OfType("aws:signer/signingProfilePermission:SigningProfilePermission") {
		fmt.Println(p.Inputs["principal"], p.Inputs["action"])
	}
	// Output:
	// platform_signing AWSLambda-SHA384-ECDSA
	// arn:aws:iam::222222222222:role/tenantform-deployer signer:GetSigningProfile
}
