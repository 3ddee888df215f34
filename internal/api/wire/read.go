package wire

import (
	"encoding/json"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Config is what a tenant's application needs to know of its tenant.
type Config struct {
	TenantID    string `json:"tenantId"`
	Name        string `json:"name"`
	Tier        string `json:"tier"`
	Model       string `json:"model" enum:"pool,silo" doc:"How its infrastructure is shared"`
	Region      string `json:"region"`
	Status      string `json:"status" doc:"Where it is in its life"`
	IssuerURL   string `json:"issuerUrl,omitempty" doc:"Issuer of the tokens that the tenant's API takes"`
	UserPoolID  string `json:"userPoolId,omitempty" doc:"Cognito user pool"`
	AppClientID string `json:"appClientId,omitempty" doc:"The pool's client for the application"`
	Endpoint    string `json:"endpoint,omitempty" doc:"URL of the tenant's API"`
}

// Service is an entry of the catalogue of business services, with its defaults filled in.
type Service struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Operations  []string `json:"operations" nullable:"false" doc:"The kinds of operations that it takes part in"`
	TimeoutSec  int      `json:"timeoutSec" doc:"How many seconds it has to answer"`
	Products    []string `json:"products" nullable:"false" doc:"It is asked for tenants with one of these; none: for all"`
	Optional    bool     `json:"optional" doc:"Its failure does not fail the operation"`
}

// Services is the catalogue of business services.
type Services struct {
	Services []Service `json:"services" nullable:"false"`
}

// Tier is an entry of the catalogue of tiers.
type Tier struct {
	Name                string  `json:"name"`
	Model               string  `json:"model" enum:"pool,silo"`
	Cell                string  `json:"cell,omitempty" doc:"Of a pooled tier: the cell that takes new tenants"`
	RateLimit           float64 `json:"rateLimit" doc:"Requests a second to the tenant's API, steady"`
	BurstLimit          int     `json:"burstLimit" doc:"Requests at once"`
	MonthlyQuota        int     `json:"monthlyQuota" doc:"Requests a month"`
	FunctionMemoryMB    int     `json:"functionMemoryMB"`
	FunctionTimeoutSec  int     `json:"functionTimeoutSec"`
	FunctionConcurrency int     `json:"functionConcurrency" doc:"Reserved for each function"`
	FunctionCount       int     `json:"functionCount" doc:"Functions a tenant"`
	LogRetentionDays    int     `json:"logRetentionDays"`
	DeletionProtection  bool    `json:"deletionProtection"`
	ThreatProtection    bool    `json:"threatProtection"`
	MonthlyBudgetUSD    float64 `json:"monthlyBudgetUSD,omitempty" doc:"Missing: there is no budget"`
}

// Tiers is the catalogue of tiers.
type Tiers struct {
	Tiers []Tier `json:"tiers" nullable:"false"`
}

// AuditEntry is one line of the record of who did what, and why.
type AuditEntry struct {
	Seq           int64           `json:"seq" doc:"1 for the first, and one more for each"`
	At            time.Time       `json:"at"`
	Actor         string          `json:"actor"`
	Role          string          `json:"role,omitempty" doc:"In which the actor did it"`
	Action        string          `json:"action" example:"tenant.create"`
	TenantID      string          `json:"tenantId,omitempty"`
	OperationID   string          `json:"operationId,omitempty"`
	CorrelationID string          `json:"correlationId,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Details       json.RawMessage `json:"details,omitempty" doc:"More, in a form that depends on the action"`
	PrevHash      string          `json:"prevHash" doc:"Hash of the entry before; empty for the first"`
	Hash          string          `json:"hash" doc:"SHA-256 over everything else"`
}

// Audit is a page of the audit journal, oldest entry first.
type Audit struct {
	Entries []AuditEntry `json:"entries" nullable:"false"`
	Next    int64        `json:"next,omitempty" doc:"To be given as after for the page that follows; missing where none does yet"`
}

// AuditCheck is what a check of the whole audit journal found.
type AuditCheck struct {
	Entries int64  `json:"entries" doc:"How many entries are sound, from the first on"`
	Sound   bool   `json:"sound" doc:"All are"`
	Problem string `json:"problem,omitempty" doc:"What is wrong with the first that is not"`
}

// FromService gives an entry of the catalogue of services as the API shows it.
func FromService(s tenants.Service) Service {
	out := Service{
		Name: s.Name, Description: s.Description, Operations: []string{}, TimeoutSec: int(s.Timeout().Seconds()),
		Products: append([]string{}, s.Products...), Optional: s.Optional,
	}
	kinds := s.Operations
	if len(kinds) == 0 {
		kinds = tenants.DefaultServiceOperations()
	}
	for _, kind := range kinds {
		out.Operations = append(out.Operations, string(kind))
	}
	return out
}

// FromTier gives an entry of the catalogue of tiers as the API shows it.
func FromTier(t tenants.Tier) Tier {
	return Tier{
		Name: t.Name, Model: string(t.Model), Cell: t.Cell, RateLimit: t.RateLimit, BurstLimit: t.BurstLimit, MonthlyQuota: t.MonthlyQuota,
		FunctionMemoryMB: t.FunctionMemoryMB, FunctionTimeoutSec: t.FunctionTimeoutSec, FunctionConcurrency: t.FunctionConcurrent,
		FunctionCount: t.FunctionCount, LogRetentionDays: t.LogRetentionDays, DeletionProtection: t.DeletionProtection,
		ThreatProtection: t.ThreatProtection, MonthlyBudgetUSD: t.MonthlyBudgetUSD,
	}
}

// FromAudit gives an entry of the audit journal as the API shows it: all of it, so
// that its hash can be checked.
func FromAudit(e tenants.AuditEntry) AuditEntry { return AuditEntry(e) }

// Record gives the entry in the vocabulary of package tenants.
func (e AuditEntry) Record() tenants.AuditEntry { return tenants.AuditEntry(e) }
