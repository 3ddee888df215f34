package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

const ci = "arn:aws:iam::111111111111:role/ci"

func platformSpec() stacks.PlatformSpec { return stacks.PlatformSpec{Settings: settings()} }

// named gives the resource of a type with a name in AWS.
func named(t *testing.T, r *componenttest.Recording, token, key, name string) componenttest.Resource {
	t.Helper()
	for _, res := range r.OfType(token) {
		if res.Inputs[key] == name {
			return res
		}
	}
	t.Fatalf("there is no %s %s", token, name)
	return componenttest.Resource{}
}

func TestPlatformHealthIsThatOfAllAlarms(t *testing.T) {
	spec := platformSpec()
	spec.Services, spec.Alarms = []string{"billing", "mail"}, []string{"acme-silo-health"}
	r := componenttest.MustRun(t, "platform", stacks.Platform(spec), nil)
	componenttest.Check(t, r)
	rule, _ := r.One(t, "aws:cloudwatch/compositeAlarm:CompositeAlarm").Inputs["alarmRule"].(string)
	alarms := r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm")
	if strings.Count(rule, "ALARM(") != len(alarms)+1 || !strings.Contains(rule, `ALARM("acme-silo-health")`) {
		t.Errorf("%d alarms and the tenant's, rule %s", len(alarms), rule)
	}
	for _, a := range alarms {
		if !strings.Contains(rule, `ALARM("`+a.Inputs["name"].(string)+`")`) {
			t.Errorf("%s is not part of %s", a.Inputs["name"], rule)
		}
	}
	for _, service := range spec.Services {
		named(t, r, "aws:sqs/queue:Queue", "name", "platform-lifecycle-"+service)
	}
}

func TestPlatformBucketsAreLogged(t *testing.T) {
	r := componenttest.MustRun(t, "platform", stacks.Platform(platformSpec()), nil)
	logged := r.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2")
	if len(logged) != 2 || len(r.OfType("aws:s3/bucketV2:BucketV2")) != 3 {
		t.Errorf("%d of %d buckets are logged, want all but the one for logs", len(logged), len(r.OfType("aws:s3/bucketV2:BucketV2")))
	}
	for _, l := range logged {
		if l.Inputs["targetBucket"] != "platform-logs-111111111111-eu-west-1" {
			t.Errorf("%s logs to %v", l.Name, l.Inputs["targetBucket"])
		}
	}
}

// The names that tenants' stacks build are those of what the platform makes.
func TestTenantsReachThePlatform(t *testing.T) {
	p := componenttest.MustRun(t, "platform", stacks.Platform(platformSpec()), nil)
	spec := tenant(siloed())
	spec.Placements[0].Tier.MonthlyBudgetUSD = 100
	s := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), nil)
	for _, l := range s.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2") {
		named(t, p, "aws:s3/bucketV2:BucketV2", "bucket", l.Inputs["targetBucket"].(string))
	}
	told := s.One(t, "aws:cloudwatch/compositeAlarm:CompositeAlarm").Inputs["alarmActions"].([]any)
	if len(told) != 1 || told[0] != "arn:aws:sns:eu-west-1:111111111111:platform-alerts" {
		t.Errorf("told: %v", told)
	}
	named(t, p, "aws:sns/topic:Topic", "name", "platform-alerts")
	topicPolicy := componenttest.Statements(t, named(t, p, "aws:sns/topic:Topic", "name", "platform-alerts").Inputs["policy"])
	for _, service := range []string{"cloudwatch.amazonaws.com", "budgets.amazonaws.com"} {
		if !slices.ContainsFunc(topicPolicy, func(s componenttest.Statement) bool {
			who, _ := s.Principal.(map[string]any)
			list, _ := who["Service"].([]any)
			return s.Effect == "Allow" && slices.Contains(list, any(service))
		}) {
			t.Errorf("%s may not publish alerts", service)
		}
	}

	spec.PlatformRegion = "eu-central-1"
	s = componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), nil)
	for _, l := range s.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2") {
		if l.Inputs["targetBucket"] != "acme-logs-111111111111-eu-west-1" {
			t.Errorf("%s logs into %v", l.Name, l.Inputs["targetBucket"])
		}
	}
	if a := s.One(t, "aws:cloudwatch/compositeAlarm:CompositeAlarm").Inputs["alarmActions"]; a != nil {
		t.Errorf("alarms tell %v of another region", a)
	}
	note := s.One(t, "aws:budgets/budget:Budget").Inputs["notifications"].([]any)[0].(map[string]any)
	if got, _ := note["subscriberSnsTopicArns"].([]any); len(got) != 1 || got[0] != "arn:aws:sns:eu-central-1:111111111111:platform-alerts" {
		t.Errorf("the budget tells %v", note)
	}
}

func TestPlatformsOptions(t *testing.T) {
	spec := platformSpec()
	spec.Publishers, spec.Signers, spec.SigningProfile, spec.EventLockDays, spec.Released = []string{ci}, []string{ci}, "second", 30, true
	r := componenttest.MustRun(t, "platform", stacks.Platform(spec), nil)
	componenttest.Check(t, r)
	if got := r.One(t, "aws:signer/signingProfile:SigningProfile").Inputs["name"]; got != "second" {
		t.Errorf("profile %v", got)
	}
	lock := r.One(t, "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2").Inputs
	if !strings.Contains(lock["bucket"].(string), "event") {
		t.Errorf("what is locked is %v", lock)
	}
	for name, discard := range map[string]bool{"logs": true, "artifacts": true, "events": false} {
		b := named(t, r, "aws:s3/bucketV2:BucketV2", "bucket", "platform-"+name+"-111111111111-eu-west-1")
		if b.Inputs["forceDestroy"] != discard {
			t.Errorf("%s go with their bucket: %v", name, b.Inputs["forceDestroy"])
		}
	}
}

// A role, a policy and a dashboard have one name in all regions of an account.
func TestPlatformsOfTwoRegionsShareNoName(t *testing.T) {
	everywhere := map[string]string{
		"aws:iam/role:Role": "name", "aws:iam/policy:Policy": "name", "aws:cloudwatch/dashboard:Dashboard": "dashboardName", "aws:s3/bucketV2:BucketV2": "bucket",
	}
	seen := map[string]string{}
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		spec := platformSpec()
		spec.Region = region
		for _, res := range componenttest.MustRun(t, "platform", stacks.Platform(spec), nil).Custom() {
			key, ok := everywhere[res.Type]
			if !ok {
				continue
			}
			name := res.Type + " " + res.Inputs[key].(string)
			if other, taken := seen[name]; taken && other != region {
				t.Errorf("%s is called so in %s too", name, other)
			}
			seen[name] = region
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d names were looked at", len(seen))
	}
}

func TestBadPlatforms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stacks.PlatformSpec)
		words  []string
	}{
		"service twice": {func(s *stacks.PlatformSpec) { s.Services = []string{"mail", "mail"} }, []string{"services", "mail", "once"}},
		"lock":          {func(s *stacks.PlatformSpec) { s.EventLockDays = -1 }, []string{"eventLockDays", `"-1"`}},
		"long lock":     {func(s *stacks.PlatformSpec) { s.EventLockDays = 40000 }, []string{"eventLockDays", "36500"}},
		"publisher":     {func(s *stacks.PlatformSpec) { s.Publishers = []string{"*"} }, []string{"publishers", `"*"`}},
		"profile":       {func(s *stacks.PlatformSpec) { s.SigningProfile = "a-b" }, []string{"signingProfile", "a-b"}},
		"many alarms": {func(s *stacks.PlatformSpec) {
			for i := range 200 {
				s.Alarms = append(s.Alarms, fmt.Sprintf("alarm-%d", i))
			}
		}, []string{"alarms", "100"}},
		"service": {func(s *stacks.PlatformSpec) { s.Services = []string{"Mail"} }, []string{"services", "Mail"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := platformSpec()
			c.change(&s)
			err := s.Validate()
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			r, err := componenttest.Run("platform", stacks.Platform(s), nil)
			componenttest.Refused(t, r, err)
		})
	}
}
