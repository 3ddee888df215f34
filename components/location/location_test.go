package location_test

import (
	"slices"
	"testing"

	"github.com/tenantform/tenantform/components/location"
)

func TestARNs(t *testing.T) {
	for region, want := range map[string][3]string{
		"eu-west-1":     {"arn:aws:dynamodb:eu-west-1:111111111111:table/t", "arn:aws:iam::111111111111:role/r", "arn:aws:s3:::b"},
		"cn-north-1":    {"arn:aws-cn:dynamodb:cn-north-1:111111111111:table/t", "arn:aws-cn:iam::111111111111:role/r", "arn:aws-cn:s3:::b"},
		"us-gov-west-1": {"arn:aws-us-gov:dynamodb:us-gov-west-1:111111111111:table/t", "arn:aws-us-gov:iam::111111111111:role/r", "arn:aws-us-gov:s3:::b"},
	} {
		l := location.Location{Environment: location.Dev, Region: region, AccountID: "111111111111"}
		if faults := l.Faults(); len(faults) > 0 {
			t.Errorf("%s: %v", region, faults)
		}
		if got := [3]string{l.ARN("dynamodb", "table/t"), l.RoleARN("r"), l.BucketARN("b")}; got != want {
			t.Errorf("%s: %v, want %v", region, got, want)
		}
	}
}

func TestZones(t *testing.T) {
	l := location.Location{Region: "eu-west-1"}
	if got := l.Zones(3); !slices.Equal(got, []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}) {
		t.Errorf("%v", got)
	}
}

func TestLogRetentionDays(t *testing.T) {
	for _, c := range []struct {
		environment string
		asked, want int
	}{
		{location.Production, 0, 365},
		{location.Staging, 0, 30},
		{location.Dev, 0, 30},
		{location.Production, 7, 7},
		{location.Dev, 400, 400},
	} {
		if got := (location.Location{Environment: c.environment}).LogRetentionDays(c.asked); got != c.want {
			t.Errorf("%s, asked for %d: %d days, want %d", c.environment, c.asked, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for field, l := range map[string]location.Location{
		"Environment": {Environment: "prod", Region: "eu-west-1", AccountID: "111111111111"},
		"Region":      {Environment: "dev", Region: "europe", AccountID: "111111111111"},
		"AccountID":   {Environment: "dev", Region: "eu-west-1", AccountID: "1111-1111-1111"},
	} {
		if faults := l.Faults(); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: %v", field, faults)
		}
	}
}
