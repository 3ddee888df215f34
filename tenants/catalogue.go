package tenants

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
)

//go:embed tiers.yaml
var defaultTiers string

// DefaultTiersYAML gives the catalogue that is used where none is named.
func DefaultTiersYAML() []byte { return []byte(defaultTiers) }

// DefaultConcurrencyLimit is a new account's quota of concurrent Lambda
// executions in a region, and UnreservedConcurrency the part of it that no
// function may reserve. Source: "Lambda quotas" and "Configuring reserved
// concurrency for a function" (AWS Lambda Developer Guide).
const (
	DefaultConcurrencyLimit = 1000
	UnreservedConcurrency   = 100
)

// Limits of a tier. Memory and timeout: "Lambda quotas" (AWS Lambda Developer
// Guide). The monthly quota is a 32-bit integer: "QuotaSettings" (Amazon API
// Gateway REST API Reference), and so is the burst limit ("ThrottleSettings").
// The rate has no documented maximum; a million a second is a hundred times the
// default quota of an account.
const (
	minMemoryMB   = 128
	maxMemoryMB   = 10240
	maxTimeoutSec = 900
	maxRate       = 1e6
	maxBudgetUSD  = 1e7 // a figure above it is taken for a mistake
)

// LogRetentionDays gives the retentions that CloudWatch Logs allows, in days.
// Source: "PutRetentionPolicy" (Amazon CloudWatch Logs API Reference).
func LogRetentionDays() []int {
	return []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

func (c Catalogue) find(name string) (Tier, bool) {
	i := slices.IndexFunc(c.Tiers, func(t Tier) bool { return t.Name == name })
	if i < 0 || name == "" {
		return Tier{}, false
	}
	return c.Tiers[i], true
}

// Validate gives what is wrong with the catalogue, nil when nothing is. Paths
// name a tier by its name, "tiers.free.monthlyQuota", or by its index where the
// name is unusable.
func (c Catalogue) Validate() []FieldError {
	var fields []FieldError
	limit := c.ConcurrencyLimit
	if limit == 0 {
		limit = DefaultConcurrencyLimit
	}
	if limit <= UnreservedConcurrency || limit > math.MaxInt32 {
		fields = append(fields, FieldError{Field: "concurrencyLimit", Value: strconv.Itoa(c.ConcurrencyLimit),
			Allowed: fmt.Sprintf("a number above %d, which Lambda keeps unreserved", UnreservedConcurrency)})
		limit = DefaultConcurrencyLimit
	}
	if len(c.Tiers) == 0 {
		return append(fields, FieldError{Field: "tiers", Allowed: "a list of at least one tier"})
	}
	seen := make(map[string]bool, len(c.Tiers))
	for i, t := range c.Tiers {
		path := element("tiers", t.Name, i, idPattern.MatchString(t.Name) && !seen[t.Name])
		if seen[t.Name] && t.Name != "" {
			fields = append(fields, FieldError{Field: path + ".name", Value: t.Name, Allowed: "a name that no other tier has"})
		}
		seen[t.Name] = true
		fields = append(fields, t.Validate(path)...)
		fields = append(fields, t.validateConcurrency(path, limit-UnreservedConcurrency)...)
	}
	return fields
}

// Validate gives what is wrong with the tier alone; prefix is its path.
func (t Tier) Validate(prefix string) []FieldError {
	var fields []FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, FieldError{Field: prefix + "." + field, Value: value, Allowed: allowed})
	}
	between := func(field string, value, low, high int) {
		if value < low || value > high {
			refuse(field, strconv.Itoa(value), fmt.Sprintf("a whole number from %d to %d", low, high))
		}
	}
	if len(t.Name) > MaxTierNameLength || !idPattern.MatchString(t.Name) || slices.Contains(reserved, t.Name) {
		refuse("name", t.Name, fmt.Sprintf("1 to %d lower-case letters, digits and single hyphens, beginning with a letter; not %s",
			MaxTierNameLength, join(reserved)))
	}
	fields = append(fields, Placement{Model: t.Model, Cell: t.Cell}.Validate(prefix)...)
	rateFine := t.RateLimit > 0 && t.RateLimit <= maxRate
	if !rateFine {
		refuse("rateLimit", strconv.FormatFloat(t.RateLimit, 'g', -1, 64), "a number above 0, at most 1000000")
	}
	between("burstLimit", t.BurstLimit, 1, math.MaxInt32)
	if rateFine && t.BurstLimit >= 1 && float64(t.BurstLimit) < t.RateLimit {
		refuse("burstLimit", strconv.Itoa(t.BurstLimit),
			fmt.Sprintf("at least the tier's rateLimit of %s", strconv.FormatFloat(t.RateLimit, 'g', -1, 64)))
	}
	between("monthlyQuota", t.MonthlyQuota, 1, math.MaxInt32)
	between("functionMemoryMB", t.FunctionMemoryMB, minMemoryMB, maxMemoryMB)
	between("functionTimeoutSec", t.FunctionTimeoutSec, 1, maxTimeoutSec)
	between("functionConcurrency", t.FunctionConcurrent, 1, math.MaxInt32)
	between("functionCount", t.FunctionCount, 1, math.MaxInt32)
	if t.MonthlyBudgetUSD != 0 && !(t.MonthlyBudgetUSD >= 0.01 && t.MonthlyBudgetUSD <= maxBudgetUSD) {
		refuse("monthlyBudgetUSD", strconv.FormatFloat(t.MonthlyBudgetUSD, 'g', -1, 64), "a number from 0.01 to 10000000, or 0 for no budget")
	}
	if t.ThreatProtection && t.Model == ModelPool {
		refuse("threatProtection", "true", "false in a pool, whose user pool has one plan for all tiers")
	}
	if !slices.Contains(LogRetentionDays(), t.LogRetentionDays) {
		days := make([]string, 0, len(LogRetentionDays()))
		for _, d := range LogRetentionDays() {
			days = append(days, strconv.Itoa(d))
		}
		refuse("logRetentionDays", strconv.Itoa(t.LogRetentionDays), "one of "+join(days))
	}
	return fields
}

// validateConcurrency checks that one tenant's functions together cannot reserve
// more than the account has to give.
func (t Tier) validateConcurrency(prefix string, reservable int) []FieldError {
	if t.FunctionConcurrent < 1 || t.FunctionCount < 1 || t.FunctionConcurrent <= reservable/t.FunctionCount {
		return nil
	}
	return []FieldError{{Field: prefix + ".functionConcurrency", Value: strconv.Itoa(t.FunctionConcurrent),
		Allowed: fmt.Sprintf("with a functionCount of %d at most %d: together they reserve no more than %d of the account's concurrency",
			t.FunctionCount, reservable/t.FunctionCount, reservable)}}
}
