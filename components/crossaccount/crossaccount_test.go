package crossaccount_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/crossaccount"
	"github.com/tenantform/tenantform/components/location"
)

const sinkARN = "arn:aws:oam:eu-west-1:333333333333:sink/12345678-1234-1234-1234-123456789012"

func sinkArgs() *crossaccount.SinkArgs {
	return &crossaccount.SinkArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "platform", Sources: []string{"222222222222"},
	}
}

func linkArgs() *crossaccount.LinkArgs {
	return &crossaccount.LinkArgs{Location: componenttest.Location(), Tags: componenttest.Tags(), SinkARN: pulumi.String(sinkARN)}
}

func newSink(a *crossaccount.SinkArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := crossaccount.NewSink(ctx, "sink", a)
		return err
	}
}

func newLink(a *crossaccount.LinkArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := crossaccount.NewLink(ctx, "link", a)
		return err
	}
}

func policy(t *testing.T, a *crossaccount.SinkArgs) []componenttest.Statement {
	t.Helper()
	r := componenttest.MustRun(t, "test", newSink(a), nil)
	componenttest.Check(t, r)
	p := r.One(t, "aws:oam/sinkPolicy:SinkPolicy").Inputs
	if p["sinkIdentifier"] != "arn:recorded:aws:oam/sink:Sink:sink-sink" {
		t.Errorf("the policy is that of %v", p["sinkIdentifier"])
	}
	return componenttest.Statements(t, p["policy"])
}

func TestNamedAccountsLink(t *testing.T) {
	all := policy(t, sinkArgs())
	if len(all) != 1 {
		t.Fatalf("statements %+v", all)
	}
	s := all[0]
	if fmt.Sprint(s.Principal) != "map[AWS:[arn:aws:iam::222222222222:root]]" || !slices.Equal(s.Action, []string{"oam:CreateLink", "oam:UpdateLink"}) {
		t.Errorf("%v may %v", s.Principal, s.Action)
	}
	want := []string{"AWS::CloudWatch::Metric", "AWS::Logs::LogGroup", "AWS::XRay::Trace"}
	if got := s.Condition["ForAllValues:StringEquals"]["oam:ResourceTypes"]; !slices.Equal(got, want) {
		t.Errorf("shared: %v", got)
	}
}

func TestOrganizationLinks(t *testing.T) {
	a := sinkArgs()
	a.Sources, a.OrganizationID, a.ResourceTypes = nil, "o-abcdefghij", []string{crossaccount.Metrics}
	all := policy(t, a)
	if len(all) != 1 || all[0].Condition["StringEquals"]["aws:PrincipalOrgID"][0] != "o-abcdefghij" ||
		!slices.Equal(all[0].Condition["ForAllValues:StringEquals"]["oam:ResourceTypes"], []string{"AWS::CloudWatch::Metric"}) {
		t.Errorf("statements %+v", all)
	}
}

func TestLink(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*crossaccount.LinkArgs)
		label  string
		types  string
	}{
		"all there is":     {func(*crossaccount.LinkArgs) {}, "$AccountName", "[AWS::CloudWatch::Metric AWS::Logs::LogGroup AWS::XRay::Trace]"},
		"in another order": {func(a *crossaccount.LinkArgs) { a.ResourceTypes = []string{crossaccount.Traces, crossaccount.Metrics} }, "$AccountName", "[AWS::CloudWatch::Metric AWS::XRay::Trace]"},
		"a label":          {func(a *crossaccount.LinkArgs) { a.Label = "tenant functions" }, "tenant functions", "[AWS::CloudWatch::Metric AWS::Logs::LogGroup AWS::XRay::Trace]"},
		"a later ARN":      {func(a *crossaccount.LinkArgs) { a.SinkARN = pulumi.String(sinkARN).ToStringOutput() }, "$AccountName", "[AWS::CloudWatch::Metric AWS::Logs::LogGroup AWS::XRay::Trace]"},
		"production":       {func(a *crossaccount.LinkArgs) { a.Location.Environment = location.Production }, "$AccountName", "[AWS::CloudWatch::Metric AWS::Logs::LogGroup AWS::XRay::Trace]"},
	} {
		t.Run(name, func(t *testing.T) {
			a := linkArgs()
			c.change(a)
			r := componenttest.MustRun(t, "test", newLink(a), nil)
			componenttest.Check(t, r)
			in := r.One(t, "aws:oam/link:Link").Inputs
			if in["labelTemplate"] != c.label || fmt.Sprint(in["resourceTypes"]) != c.types || in["sinkIdentifier"] != sinkARN {
				t.Errorf("link %v", in)
			}
		})
	}
}

func TestBadSinksAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*crossaccount.SinkArgs)
		words  []string
	}{
		"no name":       {func(a *crossaccount.SinkArgs) { a.Name = "" }, []string{"Name is missing"}},
		"long name":     {func(a *crossaccount.SinkArgs) { a.Name = strings.Repeat("n", 256) }, []string{"1 to 255"}},
		"nobody":        {func(a *crossaccount.SinkArgs) { a.Sources = nil }, []string{"Sources is missing"}},
		"everybody":     {func(a *crossaccount.SinkArgs) { a.Sources = []string{"*"} }, []string{"Sources", `"*"`, "12 digits"}},
		"itself":        {func(a *crossaccount.SinkArgs) { a.Sources = []string{"111111111111"} }, []string{"Sources", "other accounts"}},
		"twice":         {func(a *crossaccount.SinkArgs) { a.Sources = []string{"222222222222", "222222222222"} }, []string{"each once"}},
		"too many":      {func(a *crossaccount.SinkArgs) { a.Sources = make([]string, 101) }, []string{"Sources", "0 to 100"}},
		"organization":  {func(a *crossaccount.SinkArgs) { a.OrganizationID = "*" }, []string{"OrganizationID", `"*"`}},
		"resource type": {func(a *crossaccount.SinkArgs) { a.ResourceTypes = []string{"AWS::S3::Bucket"} }, []string{"ResourceTypes", "AWS::S3::Bucket"}},
		"no tags":       {func(a *crossaccount.SinkArgs) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := sinkArgs()
			c.change(a)
			r, err := componenttest.Run("test", newSink(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "sink")...)
		})
	}
	r, err := componenttest.Run("test", newSink(nil), nil)
	componenttest.Refused(t, r, err, "Sources")
}

func TestBadLinksAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*crossaccount.LinkArgs)
		words  []string
	}{
		"no sink":        {func(a *crossaccount.LinkArgs) { a.SinkARN = nil }, []string{"SinkARN is missing"}},
		"no ARN":         {func(a *crossaccount.LinkArgs) { a.SinkARN = pulumi.String("platform") }, []string{"SinkARN", `"platform"`}},
		"other region":   {func(a *crossaccount.LinkArgs) { a.Location.Region = "eu-central-1" }, []string{"SinkARN", "in eu-central-1"}},
		"itself":         {func(a *crossaccount.LinkArgs) { a.Location.AccountID = "333333333333" }, []string{"SinkARN", "another account"}},
		"label":          {func(a *crossaccount.LinkArgs) { a.Label = "$Name" }, []string{"Label", "$Name"}},
		"long label":     {func(a *crossaccount.LinkArgs) { a.Label = strings.Repeat("l", 65) }, []string{"Label", "1 to 64"}},
		"resource type":  {func(a *crossaccount.LinkArgs) { a.ResourceTypes = []string{"logs"} }, []string{"ResourceTypes", `"logs"`}},
		"the same twice": {func(a *crossaccount.LinkArgs) { a.ResourceTypes = []string{crossaccount.Logs, crossaccount.Logs} }, []string{"each type once"}},
		"no tags":        {func(a *crossaccount.LinkArgs) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := linkArgs()
			c.change(a)
			r, err := componenttest.Run("test", newLink(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "link")...)
		})
	}
	r, err := componenttest.Run("test", newLink(nil), nil)
	componenttest.Refused(t, r, err, "SinkARN")
}
