package tenants

// Tier is a named level of service: where a tenant is placed and what it may
// use. Every number is positive; zero is refused by Catalogue.Validate, but for
// the budget.
type Tier struct {
	Name               string  `json:"name"`
	Model              Model   `json:"model"`
	Cell               string  `json:"cell,omitempty"`      // for a pooled tier: the cell that takes new tenants
	RateLimit          float64 `json:"rateLimit"`           // API requests a second, steady
	BurstLimit         int     `json:"burstLimit"`          // API requests at once
	MonthlyQuota       int     `json:"monthlyQuota"`        // API requests a month
	FunctionMemoryMB   int     `json:"functionMemoryMB"`    // 128 to 10240, Lambda's limits
	FunctionTimeoutSec int     `json:"functionTimeoutSec"`  // 1 to 900, Lambda's limit
	FunctionConcurrent int     `json:"functionConcurrency"` // reserved concurrency a function
	FunctionCount      int     `json:"functionCount"`       // functions a tenant
	LogRetentionDays   int     `json:"logRetentionDays"`    // one of the values CloudWatch Logs allows
	DeletionProtection bool    `json:"deletionProtection"`  // data stores refuse deletion until it is switched off
	// ThreatProtection has Cognito refuse risky sign-ins to a silo's user pool,
	// which is on the plan Plus then. A pool's user pool has one plan for all tiers.
	ThreatProtection bool `json:"threatProtection,omitempty"`
	// MonthlyBudgetUSD is what a tenant may cost a month, in US dollars, before the
	// platform's alerts tell of it; at most 10,000,000. 0: there is no budget.
	MonthlyBudgetUSD float64 `json:"monthlyBudgetUSD,omitempty"`
}

// Placement gives where a tenant of the tier lives.
func (t Tier) Placement() Placement {
	if t.Model == ModelSilo {
		return Placement{Model: ModelSilo}
	}
	return Placement{Model: ModelPool, Cell: t.Cell}
}

// Catalogue is the set of tiers on offer.
type Catalogue struct {
	Tiers []Tier `json:"tiers"`
	// ConcurrencyLimit is the account's quota of concurrent Lambda executions
	// where tenants' functions run; zero means DefaultConcurrencyLimit.
	ConcurrencyLimit int `json:"concurrencyLimit,omitempty"`
}

// Tier gives the tier of that name; a CodeInvalid error names those that exist.
func (c Catalogue) Tier(name string) (Tier, error) {
	for _, t := range c.Tiers {
		if t.Name == name {
			return t, nil
		}
	}
	return Tier{}, Invalid(FieldError{Field: "tier", Value: name, Allowed: "one of " + join(c.Names())})
}

// Names gives the tiers' names in the catalogue's order.
func (c Catalogue) Names() []string {
	names := make([]string, len(c.Tiers))
	for i, t := range c.Tiers {
		names[i] = t.Name
	}
	return names
}
