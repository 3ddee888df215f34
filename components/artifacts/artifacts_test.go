package artifacts_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/artifacts"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

const (
	publisher = "arn:aws:iam::111111111111:role/ci/publisher"
	signs     = "arn:aws:iam::111111111111:role/signer"
	foreign   = "arn:aws:iam::333333333333:role/signer"
	reader    = "arn:aws:iam::222222222222:role/deployer"
)

func args() *artifacts.Args {
	return &artifacts.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "platform-artifacts",
		Bucket: "platform-artifacts-111111111111-eu-west-1", Profile: "platform_signing",
		Publishers: []string{publisher}, Signers: []string{signs, foreign}, Readers: []string{reader},
	}
}

func program(a *artifacts.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := artifacts.New(ctx, "artifacts", a)
		return err
	}
}

func statements(t *testing.T, a *artifacts.Args) map[string]componenttest.Statement {
	t.Helper()
	r := componenttest.MustRun(t, "platform", program(a), nil)
	all := map[string]componenttest.Statement{}
	for _, s := range componenttest.Statements(t, r.One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"]) {
		all[s.Sid] = s
	}
	return all
}

func TestArtifacts(t *testing.T) {
	a := args()
	a.AccessLogs = &bucket.AccessLogs{BucketName: pulumi.String("platform-logs-111111111111-eu-west-1")}
	r := componenttest.MustRun(t, "platform", program(a), nil)
	componenttest.Check(t, r)
	if got := r.One(t, "aws:s3/bucketLoggingV2:BucketLoggingV2").Inputs["targetBucket"]; got != "platform-logs-111111111111-eu-west-1" {
		t.Errorf("logs go to %v", got)
	}
	if got := r.One(t, "aws:s3/bucketVersioningV2:BucketVersioningV2").Inputs["versioningConfiguration"]; !reflect.DeepEqual(got, map[string]any{"status": "Enabled"}) {
		t.Errorf("versions: %v; Signer asks for them", got)
	}
	profile := r.One(t, "aws:signer/signingProfile:SigningProfile").Inputs
	if profile["name"] != "platform_signing" || profile["platformId"] != "AWSLambda-SHA384-ECDSA" {
		t.Errorf("profile %v", profile)
	}
	if got := profile["signatureValidityPeriod"]; !reflect.DeepEqual(got, map[string]any{"type": "MONTHS", "value": 12.0}) {
		t.Errorf("a signature is valid for %v", got)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	const of = "arn:aws:s3:::platform-artifacts-111111111111-eu-west-1"
	all := statements(t, args())
	for sid, want := range map[string]struct {
		effect    string
		actions   []string
		resource  string
		principal any
	}{
		"OnlyTheNamedPut":            {"Deny", []string{"s3:PutObject"}, of + "/*", []any{"*"}},
		"OnlySignersPutWhatIsSigned": {"Deny", []string{"s3:PutObject"}, of + "/signed/*", []any{"*"}},
		"PublishersPut":              {"Allow", []string{"s3:PutObject"}, of + "/unsigned/*", []any{publisher}},
		"SignersList":                {"Allow", []string{"s3:ListBucket"}, of, []any{signs, foreign}},
		"SignersRead":                {"Allow", []string{"s3:GetObject", "s3:GetObjectVersion"}, of + "/unsigned/*", []any{signs, foreign}},
		"SignersPut":                 {"Allow", []string{"s3:PutObject"}, of + "/signed/*", []any{signs, foreign}},
		"ReadersRead":                {"Allow", []string{"s3:GetObject", "s3:GetObjectVersion"}, of + "/signed/*", []any{reader}},
	} {
		s := all[sid]
		if s.Effect != want.effect || !slices.Equal(s.Action, want.actions) || !slices.Equal(s.Resource, []string{want.resource}) ||
			!reflect.DeepEqual(s.Principal, map[string]any{"AWS": want.principal}) {
			t.Errorf("%s: %+v", sid, s)
		}
	}
	but := func(sid string) []string { return all[sid].Condition["ArnNotEquals"]["aws:PrincipalArn"] }
	if got := but("OnlyTheNamedPut"); !slices.Equal(got, []string{publisher, signs, foreign}) {
		t.Errorf("%v may put", got)
	}
	if got := but("OnlySignersPutWhatIsSigned"); !slices.Equal(got, []string{signs, foreign}) {
		t.Errorf("%v may put what is signed", got)
	}
}

func TestWithoutRolesNobodyPuts(t *testing.T) {
	a := args()
	a.Publishers, a.Signers, a.Readers = nil, nil, nil
	all := statements(t, a)
	for _, sid := range []string{"OnlyTheNamedPut", "OnlySignersPutWhatIsSigned"} {
		if s := all[sid]; s.Effect != "Deny" || len(s.Condition) != 0 {
			t.Errorf("%s: %+v", sid, s)
		}
	}
	for sid, s := range all {
		if s.Effect == "Allow" {
			t.Errorf("%s allows %v", sid, s.Action)
		}
	}
}

func TestTheKeyAndTheProfileAreShared(t *testing.T) {
	r := componenttest.MustRun(t, "platform", program(args()), nil)
	got := map[string]string{}
	for _, g := range r.OfType("aws:kms/grant:Grant") {
		context := g.Inputs["constraints"].([]any)[0].(map[string]any)["encryptionContextSubset"].(map[string]any)
		if context["aws:s3:arn"] != "arn:aws:s3:::platform-artifacts-111111111111-eu-west-1" {
			t.Errorf("%s holds for %v", g.Name, context)
		}
		got[g.Inputs["name"].(string)] = fmt.Sprint(g.Inputs["granteePrincipal"], g.Inputs["operations"])
	}
	if want := map[string]string{
		"publisher-111111111111-ci_publisher": publisher + "[Decrypt GenerateDataKey]",
		"signer-111111111111-signer":          signs + "[Decrypt GenerateDataKey]",
		"signer-333333333333-signer":          foreign + "[Decrypt GenerateDataKey]",
		"reader-222222222222-deployer":        reader + "[Decrypt]",
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("grants %v", got)
	}
	got = map[string]string{}
	for _, p := range r.OfType("aws:signer/signingProfilePermission:SigningProfilePermission") {
		got[p.Inputs["statementId"].(string)] = fmt.Sprint(p.Inputs["principal"], " ", p.Inputs["action"])
	}
	if want := map[string]string{
		"signs-333333333333-signer":   foreign + " signer:StartSigningJob",
		"names-222222222222-deployer": reader + " signer:GetSigningProfile",
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("permissions %v; the account's own need none", got)
	}
}

func TestProductionKeepsOldVersionsForLonger(t *testing.T) {
	days := func(environment string) any {
		a := args()
		a.Location.Environment = environment
		r := componenttest.MustRun(t, "platform", program(a), nil)
		rule := r.One(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
		return rule["noncurrentVersionExpiration"].(map[string]any)["noncurrentDays"]
	}
	if dev, production := days(location.Dev), days(location.Production); dev != 7.0 || production != 90.0 {
		t.Errorf("dev %v, production %v", dev, production)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*artifacts.Args)
		words  []string
	}{
		"no name":        {func(a *artifacts.Args) { a.Name = "" }, []string{"Name is missing"}},
		"key of AWS":     {func(a *artifacts.Args) { a.Name = "aws/artifacts" }, []string{"Name", "aws/artifacts"}},
		"no bucket":      {func(a *artifacts.Args) { a.Bucket = "" }, []string{"Name is missing"}},
		"profile":        {func(a *artifacts.Args) { a.Profile = "platform-signing" }, []string{"Profile", "platform-signing", "1 to 64"}},
		"short profile":  {func(a *artifacts.Args) { a.Profile = "p" }, []string{"Profile", `"p"`}},
		"long profile":   {func(a *artifacts.Args) { a.Profile = strings.Repeat("p", 65) }, []string{"1 to 64"}},
		"validity":       {func(a *artifacts.Args) { a.ValidityMonths = 136 }, []string{"ValidityMonths", `"136"`, "1 to 135 months"}},
		"past validity":  {func(a *artifacts.Args) { a.ValidityMonths = -1 }, []string{"ValidityMonths", `"-1"`}},
		"an account":     {func(a *artifacts.Args) { a.Publishers = []string{"111111111111"} }, []string{"Publishers", "111111111111"}},
		"a wildcard":     {func(a *artifacts.Args) { a.Signers = []string{"arn:aws:iam::111111111111:role/*"} }, []string{"Signers", "role/*", "without a wildcard"}},
		"a user":         {func(a *artifacts.Args) { a.Readers = []string{"arn:aws:iam::111111111111:user/ann"} }, []string{"Readers", "user/ann"}},
		"twice":          {func(a *artifacts.Args) { a.Readers = []string{reader, reader} }, []string{"Readers", "each once"}},
		"too many":       {func(a *artifacts.Args) { a.Publishers = make([]string, 11) }, []string{"Publishers", `"11"`, "0 to 10 roles"}},
		"logs to itself": {func(a *artifacts.Args) { a.AccessLogs = &bucket.AccessLogs{BucketName: pulumi.String(a.Bucket)} }, []string{"AccessLogs.BucketName"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("platform", program(a), nil)
			componenttest.Refused(t, r, err, c.words...)
		})
	}
	r, err := componenttest.Run("platform", func(ctx *pulumi.Context) error {
		_, err := artifacts.New(ctx, "artifacts", nil)
		return err
	}, nil)
	componenttest.Refused(t, r, err, "artifacts")
}
