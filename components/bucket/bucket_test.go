package bucket_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
)

func args() *bucket.Args {
	return &bucket.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(),
		Name: "acme-data-111111111111-eu-west-1", KeyARN: pulumi.String("arn:key"),
	}
}

func program(a *bucket.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := bucket.New(ctx, "acme-files", a)
		return err
	}
}

func TestBucketIsClosed(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	block := r.One(t, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").Inputs
	for _, key := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if block[key] != true {
			t.Errorf("%s is %v", key, block[key])
		}
	}
	if got := r.One(t, "aws:s3/bucketOwnershipControls:BucketOwnershipControls").Inputs["rule"].(map[string]any)["objectOwnership"]; got != "BucketOwnerEnforced" {
		t.Errorf("ownership %v", got)
	}
	rule := r.One(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
	sse := rule["applyServerSideEncryptionByDefault"].(map[string]any)
	if sse["sseAlgorithm"] != "aws:kms" || sse["kmsMasterKeyId"] != "arn:key" {
		t.Errorf("encryption %v", sse)
	}
	s := componenttest.Statements(t, r.One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"])[0]
	if s.Effect != "Deny" || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" || len(s.Resource) != 2 || s.Action[0] != "s3:*" {
		t.Errorf("plain HTTP: %+v", s)
	}
	if got := r.One(t, "aws:s3/bucketVersioningV2:BucketVersioningV2").Inputs["versioningConfiguration"].(map[string]any)["status"]; got != "Enabled" {
		t.Errorf("versions %v", got)
	}
	if got := r.One(t, "aws:s3/bucketV2:BucketV2").Inputs["forceDestroy"]; got != false {
		t.Errorf("forceDestroy %v", got)
	}
}

func TestOldVersionsAreKeptLongerInProduction(t *testing.T) {
	for environment, want := range map[string]float64{location.Dev: 7, location.Production: 90} {
		a := args()
		a.Location.Environment = environment
		r := componenttest.MustRun(t, "test", program(a), nil)
		rule := r.One(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
		if got := rule["noncurrentVersionExpiration"].(map[string]any)["noncurrentDays"]; got != want {
			t.Errorf("%s: %v days, want %v", environment, got, want)
		}
	}
}

func rules(t *testing.T, r *componenttest.Recording) []any {
	t.Helper()
	return r.One(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Inputs["rules"].([]any)
}

func TestS3ManagedKey(t *testing.T) {
	a := args()
	a.KeyARN, a.S3ManagedKey = nil, true
	r := componenttest.MustRun(t, "test", program(a), nil)
	rule := r.One(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
	sse := rule["applyServerSideEncryptionByDefault"].(map[string]any)
	if sse["sseAlgorithm"] != "AES256" || sse["kmsMasterKeyId"] != nil || rule["bucketKeyEnabled"] != nil {
		t.Errorf("encryption %v", rule)
	}
}

func TestUnversionedIsForOtherEnvironments(t *testing.T) {
	a := args()
	a.Unversioned = true
	r := componenttest.MustRun(t, "test", program(a), nil)
	if got := r.One(t, "aws:s3/bucketVersioningV2:BucketVersioningV2").Inputs["versioningConfiguration"].(map[string]any)["status"]; got != "Suspended" {
		t.Errorf("versions %v", got)
	}
	a.Location.Environment = location.Production
	r, err := componenttest.Run("test", program(a), nil)
	componenttest.Refused(t, r, err, "bucket", "acme-files", "Unversioned", "production")
}

func TestObjectLock(t *testing.T) {
	a := args()
	a.ObjectLock = &bucket.ObjectLock{Mode: bucket.Compliance, Days: 365}
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	if got := r.One(t, "aws:s3/bucketV2:BucketV2").Inputs["objectLockEnabled"]; got != true {
		t.Errorf("the bucket is made without a lock: %v", got)
	}
	retention := r.One(t, "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2").Inputs["rule"].(map[string]any)["defaultRetention"].(map[string]any)
	if retention["mode"] != "COMPLIANCE" || retention["days"] != 365.0 {
		t.Errorf("retention %v", retention)
	}

	r = componenttest.MustRun(t, "test", program(args()), nil)
	if got, given := r.One(t, "aws:s3/bucketV2:BucketV2").Inputs["objectLockEnabled"]; given {
		t.Errorf("an unlocked bucket has objectLockEnabled %v", got)
	}
}

func TestLifecycleOnRequest(t *testing.T) {
	if n := len(rules(t, componenttest.MustRun(t, "test", program(args()), nil))); n != 1 {
		t.Errorf("%d rules, want the one for old versions", n)
	}
	a := args()
	a.InfrequentAccessDays, a.ExpireDays = 30, 365
	all := rules(t, componenttest.MustRun(t, "test", program(a), nil))
	if len(all) != 2 {
		t.Fatalf("%d rules", len(all))
	}
	age := all[1].(map[string]any)
	move := age["transitions"].([]any)[0].(map[string]any)
	if move["days"] != 30.0 || move["storageClass"] != "STANDARD_IA" || age["expiration"].(map[string]any)["days"] != 365.0 {
		t.Errorf("ageing %v", age)
	}
}

func TestAccessLogsGoToTheLogBucket(t *testing.T) {
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		logs, err := bucket.NewLogs(ctx, "acme-logs", &bucket.LogsArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-logs-111111111111", Sources: []string{"acme-data-111111111111-eu-west-1"},
		})
		if err != nil {
			return err
		}
		a := args()
		a.AccessLogs = &bucket.AccessLogs{BucketName: logs.Name}
		_, err = bucket.New(ctx, "acme-files", a)
		return err
	}, nil)
	componenttest.Check(t, r)
	logging := r.One(t, "aws:s3/bucketLoggingV2:BucketLoggingV2")
	if logging.Inputs["bucket"] != "acme-files-bucket-id" || logging.Inputs["targetBucket"] != "acme-logs-111111111111" ||
		logging.Inputs["targetPrefix"] != "acme-data-111111111111-eu-west-1/" {
		t.Errorf("logs: %v", logging.Inputs)
	}
}

// dependencies records what each resource of a type waits for.
type dependencies struct {
	componenttest.Recording
	token string
	urns  []string
}

func (d *dependencies) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == d.token {
		d.urns = append(d.urns, args.RegisterRPC.GetDependencies()...)
	}
	return d.Recording.NewResource(args)
}

func TestLoggingWaitsForThePolicyOfTheLogBucket(t *testing.T) {
	d := &dependencies{token: "aws:s3/bucketLoggingV2:BucketLoggingV2"}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		logs, err := bucket.NewLogs(ctx, "logs", &bucket.LogsArgs{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-logs"})
		if err != nil {
			return err
		}
		a := args()
		a.AccessLogs = &bucket.AccessLogs{BucketName: logs.Name, Prefix: "files/"}
		_, err = bucket.New(ctx, "files", a)
		return err
	}, pulumi.WithMocks("tenantform", "test", d))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(d.urns, func(urn string) bool { return strings.HasSuffix(urn, "::logs-logs-policy") }) {
		t.Errorf("logging waits for %v, not for the policy", d.urns)
	}
}

func TestLogBucketTakesLogsOfTheAccount(t *testing.T) {
	run := func(a *bucket.LogsArgs) *componenttest.Recording {
		return componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
			_, err := bucket.NewLogs(ctx, "logs", a)
			return err
		}, nil)
	}
	a := &bucket.LogsArgs{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-logs"}
	r := run(a)
	componenttest.Check(t, r)
	statements := componenttest.Statements(t, r.One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"])
	if len(statements) != 2 || statements[0].Sid != "TLSOnly" {
		t.Fatalf("policy %+v", statements)
	}
	put := statements[1]
	service := put.Principal.(map[string]any)["Service"].([]any)[0]
	if put.Effect != "Allow" || service != "logging.s3.amazonaws.com" || !slices.Equal(put.Action, []string{"s3:PutObject"}) ||
		!slices.Equal(put.Resource, []string{"arn:aws:s3:::acme-logs/*"}) ||
		put.Condition["StringEquals"]["aws:SourceAccount"][0] != "111111111111" || put.Condition["ArnLike"]["aws:SourceArn"][0] != "arn:aws:s3:::*" {
		t.Errorf("delivery %+v", put)
	}
	rule := r.One(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2").Inputs["rules"].([]any)[0].(map[string]any)
	if got := rule["applyServerSideEncryptionByDefault"].(map[string]any)["sseAlgorithm"]; got != "AES256" {
		t.Errorf("S3 delivers no logs to a bucket with %v", got)
	}
	for _, token := range []string{"aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"} {
		if n := len(r.OfType(token)); n > 0 {
			t.Errorf("%d of %s", n, token)
		}
	}
	for environment, want := range map[string]float64{location.Dev: 30, location.Production: 365} {
		a.Location.Environment = environment
		if got := rules(t, run(a))[1].(map[string]any)["expiration"].(map[string]any)["days"]; got != want {
			t.Errorf("%s: logs expire after %v days, want %v", environment, got, want)
		}
	}
	a.Sources = []string{"acme-files", "acme-events"}
	put = componenttest.Statements(t, run(a).One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"])[1]
	if got := put.Condition["ArnLike"]["aws:SourceArn"]; !slices.Equal(got, []string{"arn:aws:s3:::acme-files", "arn:aws:s3:::acme-events"}) {
		t.Errorf("sources %v", got)
	}
}

func TestBadLogArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bucket.LogsArgs)
		words  []string
	}{
		"no name":          {func(a *bucket.LogsArgs) { a.Name = "" }, []string{"Name is missing"}},
		"itself":           {func(a *bucket.LogsArgs) { a.Sources = []string{"acme-logs"} }, []string{"Sources", "acme-logs", "other buckets"}},
		"no bucket's name": {func(a *bucket.LogsArgs) { a.Sources = []string{"*"} }, []string{"Sources", `"*"`}},
		"many sources":     {func(a *bucket.LogsArgs) { a.Sources = slices.Repeat([]string{"b-1"}, 101) }, []string{"Sources", `"101"`, "100"}},
		"expiry":           {func(a *bucket.LogsArgs) { a.ExpireDays = -1 }, []string{"ExpireDays", `"-1"`}},
		"expiry first":     {func(a *bucket.LogsArgs) { a.InfrequentAccessDays = 60 }, []string{"ExpireDays", `"30"`, "60"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &bucket.LogsArgs{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-logs"}
			c.change(a)
			r, err := componenttest.Run("test", func(ctx *pulumi.Context) error {
				_, err := bucket.NewLogs(ctx, "logs", a)
				return err
			}, nil)
			componenttest.Refused(t, r, err, append(c.words, "access log bucket", `"logs"`)...)
		})
	}
}

// delivery is a statement that a bucket accepts.
func delivery() iampolicy.Statement {
	return iampolicy.Statement{
		Sid: "Config", Effect: iampolicy.Allow, Principal: &iampolicy.Principal{Service: []string{"config.amazonaws.com"}},
		Actions: []string{"s3:PutObject"}, Resources: []string{"arn:aws:s3:::acme-data-111111111111-eu-west-1/AWSLogs/*"},
		Conditions: iampolicy.Conditions{"StringEquals": {"aws:SourceAccount": {"111111111111"}}},
	}
}

func TestStatementsFollowTLSOnly(t *testing.T) {
	a := args()
	a.Statements = iampolicy.Document{delivery()}
	r := componenttest.MustRun(t, "test", program(a), nil)
	statements := componenttest.Statements(t, r.One(t, "aws:s3/bucketPolicy:BucketPolicy").Inputs["policy"])
	if len(statements) != 2 || statements[0].Sid != "TLSOnly" || statements[1].Sid != "Config" {
		t.Errorf("policy %+v", statements)
	}
}

func TestBadStatementsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*iampolicy.Statement)
		words  []string
	}{
		"everybody":       {func(s *iampolicy.Statement) { s.Principal = &iampolicy.Principal{AWS: []string{"*"}} }, []string{"Statements[0].Principal", `"*"`}},
		"nobody":          {func(s *iampolicy.Statement) { s.Principal = nil }, []string{"Statements[0].Principal is missing"}},
		"everything":      {func(s *iampolicy.Statement) { s.Actions = []string{"s3:*"} }, []string{"Statements[0].Actions", "s3:*"}},
		"nothing":         {func(s *iampolicy.Statement) { s.Actions, s.NotActions = nil, []string{"s3:GetObject"} }, []string{"Statements[0].Actions is missing"}},
		"other bucket":    {func(s *iampolicy.Statement) { s.Resources = []string{"arn:aws:s3:::acme-data-2/*"} }, []string{"Statements[0].Resources", "acme-data-2"}},
		"no resource":     {func(s *iampolicy.Statement) { s.Resources = nil }, []string{"Statements[0].Resources is missing"}},
		"unbound service": {func(s *iampolicy.Statement) { s.Conditions = nil }, []string{"Statements[0].Conditions is missing", "aws:SourceAccount"}},
		"bound to all": {func(s *iampolicy.Statement) {
			s.Conditions = iampolicy.Conditions{"StringLike": {"aws:SourceArn": {"*"}}}
		}, []string{"Statements[0].Conditions is missing"}},
		"no effect": {func(s *iampolicy.Statement) { s.Effect = "" }, []string{"Statements[0].Effect is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, s := args(), delivery()
			c.change(&s)
			a.Statements = iampolicy.Document{s}
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "bucket", "acme-files")...)
		})
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bucket.Args)
		words  []string
	}{
		"no name":    {func(a *bucket.Args) { a.Name = "" }, []string{"Name is missing"}},
		"upper case": {func(a *bucket.Args) { a.Name = "Acme" }, []string{"Name", "Acme"}},
		"long name":  {func(a *bucket.Args) { a.Name = strings.Repeat("b", 64) }, []string{"1 to 63"}},
		"reserved":   {func(a *bucket.Args) { a.Name = "sthree-acme" }, []string{"Name", "sthree-acme", "begin with sthree-"}},
		"alias":      {func(a *bucket.Args) { a.Name = "acme-s3alias" }, []string{"Name", "acme-s3alias", "end in -s3alias"}},
		"no key":     {func(a *bucket.Args) { a.KeyARN = nil }, []string{"KeyARN is missing", "S3ManagedKey"}},
		"two keys":   {func(a *bucket.Args) { a.S3ManagedKey = true }, []string{"S3ManagedKey", "one or the other"}},
		"early move": {func(a *bucket.Args) { a.InfrequentAccessDays = 29 }, []string{"InfrequentAccessDays", `"29"`, "30 to 36500"}},
		"expiry":     {func(a *bucket.Args) { a.ExpireDays = -1 }, []string{"ExpireDays", `"-1"`}},
		"expiry before the move": {func(a *bucket.Args) { a.InfrequentAccessDays, a.ExpireDays = 30, 30 },
			[]string{"ExpireDays", `"30"`, "more than InfrequentAccessDays"}},
		"lock's mode": {func(a *bucket.Args) { a.ObjectLock = &bucket.ObjectLock{Mode: "LEGAL", Days: 1} }, []string{"ObjectLock.Mode", "LEGAL", "GOVERNANCE"}},
		"lock without an end": {func(a *bucket.Args) { a.ObjectLock = &bucket.ObjectLock{Mode: bucket.Governance} },
			[]string{"ObjectLock.Days", `"0"`, "1 to 36500"}},
		"lock without versions": {func(a *bucket.Args) {
			a.ObjectLock, a.Unversioned = &bucket.ObjectLock{Mode: bucket.Governance, Days: 1}, true
		}, []string{"Unversioned", "ObjectLock"}},
		"discarded though locked": {func(a *bucket.Args) {
			a.ObjectLock, a.Discard = &bucket.ObjectLock{Mode: bucket.Compliance, Days: 1}, true
		}, []string{"Discard", "COMPLIANCE"}},
		"logs nowhere": {func(a *bucket.Args) { a.AccessLogs = &bucket.AccessLogs{} }, []string{"AccessLogs.BucketName is missing"}},
		"logs to itself": {func(a *bucket.Args) { a.AccessLogs = &bucket.AccessLogs{BucketName: pulumi.String(a.Name)} },
			[]string{"AccessLogs.BucketName", "acme-data", "another bucket"}},
		"prefix of logs": {func(a *bucket.Args) {
			a.AccessLogs = &bucket.AccessLogs{BucketName: pulumi.String("acme-logs"), Prefix: "a b"}
		}, []string{"AccessLogs.Prefix", "a b"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "bucket", "acme-files")...)
		})
	}
}
