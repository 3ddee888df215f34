// Package location says where resources are deployed: the environment, the
// region and the account. It builds ARNs and zone names from these, so that
// nothing has to be looked up and documents are complete at preview.
package location

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// The environments. Production turns on longer retention and deletion protection.
const (
	Dev        = "dev"
	Staging    = "staging"
	Production = "production"
)

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// Location is an environment in an account and region. The zero value is not valid.
type Location struct {
	Environment string // Dev, Staging or Production
	Region      string // an AWS region, "eu-west-1" for example
	AccountID   string // 12 digits
}

// Faults gives what is wrong with the location; none when it is valid.
func (l Location) Faults() []tenants.FieldError {
	var faults []tenants.FieldError
	switch l.Environment {
	case Dev, Staging, Production:
	default:
		faults = append(faults, tenants.FieldError{Field: "Environment", Value: l.Environment, Allowed: "one of dev, staging, production"})
	}
	faults = append(faults, tenants.ValidateRegion("Region", l.Region)...)
	if !accountPattern.MatchString(l.AccountID) {
		faults = append(faults, tenants.FieldError{Field: "AccountID", Value: l.AccountID, Allowed: "an account id of 12 digits"})
	}
	return faults
}

// Production tells whether the location is a production environment.
func (l Location) Production() bool { return l.Environment == Production }

// For how many days logs are kept where nobody says otherwise: a year in
// production, for an investigation that begins late.
const (
	productionLogDays = 365
	otherLogDays      = 30
)

// LogRetentionDays gives for how many days a log of the location is kept: as
// asked, and when that is 0, 365 in production and 30 elsewhere. What is asked is
// not checked.
func (l Location) LogRetentionDays(asked int) int {
	switch {
	case asked != 0:
		return asked
	case l.Production():
		return productionLogDays
	default:
		return otherLogDays
	}
}

// Partition gives the ARN partition of the region: aws, aws-cn or aws-us-gov.
func (l Location) Partition() string {
	switch {
	case strings.HasPrefix(l.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(l.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// ARN gives the ARN of a regional resource, "table/x" of "dynamodb" for example.
func (l Location) ARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", l.Partition(), service, l.Region, l.AccountID, resource)
}

// RoleARN gives the ARN of a role of the account.
func (l Location) RoleARN(name string) string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", l.Partition(), l.AccountID, name)
}

// RootARN gives the ARN that stands for the account itself in a policy.
func (l Location) RootARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:root", l.Partition(), l.AccountID)
}

// BucketARN gives the ARN of a bucket.
func (l Location) BucketARN(name string) string {
	return fmt.Sprintf("arn:%s:s3:::%s", l.Partition(), name)
}

// LogGroupARN gives the ARN of a log group, without the ":*" that stands for
// its streams.
func (l Location) LogGroupARN(name string) string { return l.ARN("logs", "log-group:"+name) }

// letters are those of the availability zones of regions where not every account
// has a, b and c. AWS gives letters out by account, and names to older zones that
// newer accounts do not see: an account may differ, also elsewhere. Source:
// "Regions and Availability Zones" (AWS Global Infrastructure), with the zones
// that new accounts see there.
var letters = map[string]string{
	"ap-northeast-1": "acd",
	"ca-central-1":   "abd",
	"us-west-1":      "ac",
}

// Zones gives the names of the region's first n availability zones, as most
// accounts have them: the region and a letter; fewer than n where the region is
// known to have fewer. Without a comment on the region it has those from "a" on.
// There are none for n below 1, and never more than 26.
func (l Location) Zones(n int) []string {
	known := letters[l.Region]
	if known == "" {
		known = "abcdefghijklmnopqrstuvwxyz"
	}
	zones := make([]string, min(max(n, 0), len(known)))
	for i := range zones {
		zones[i] = l.Region + known[i:i+1]
	}
	return zones
}
