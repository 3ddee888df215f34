// Package alarm tells others that a stack has drifted: an event in a file, at a
// topic or on the standard input of a command, and a line of metrics that an
// alarm of CloudWatch can watch.
package alarm

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// TypeDrift is the type of the event that tells of drift. Its data is a Drift.
const TypeDrift = "com.tenantform.drift.detected.v1"

// Publisher tells of an event. events.Publisher is one, for topics.
type Publisher interface {
	// Publish returns nil once the event is where others can get it.
	Publish(ctx context.Context, e events.Event) error
}

var _ Publisher = (*events.Publisher)(nil)

// Drift is what a look at one stack found. Secrets are masked: a value of
// {"$secret": true} stands for each.
type Drift struct {
	Project     string `json:"project"`
	Stack       string `json:"stack"`
	Environment string `json:"environment"`
	Region      string `json:"region"`
	Account     string `json:"account"`
	TenantID    string `json:"tenantId,omitempty"` // empty for a shared stack
	// Fingerprint is the same for the same drift: who was told of it need not be
	// told again.
	Fingerprint string `json:"fingerprint"`
	// Drifted are the resources that are not as recorded, without what is waived,
	// known, or of a level that does not refuse.
	Drifted []plan.Drifted `json:"drifted"`
	// Refused are the findings of the other rules on what is deployed now.
	Refused []Refusal `json:"refused,omitempty"`
	// Omitted says what was left out because a message would have been too long:
	// "values", "refused", or "drifted" for the last of the resources.
	Omitted []string `json:"omitted,omitempty"`
}

// Refusal is a finding that refuses.
type Refusal struct {
	Rule     string            `json:"rule"`
	Severity policies.Severity `json:"severity"`
	URN      string            `json:"urn,omitempty"`
	Property string            `json:"property,omitempty"`
	Message  string            `json:"message"`
}

// NewDrift gives what is to be told of a stack, and whether anything is: when a
// finding of policies.DriftRules refuses.
func NewDrift(s policies.Subject, o plan.Observed, r policies.Report) (Drift, bool) {
	d := Drift{
		Project: o.Deployed.Project, Stack: o.Deployed.Stack, TenantID: s.TenantID,
		Environment: s.Environment, Region: s.Region, Account: s.Account, Drifted: []plan.Drifted{},
	}
	drift := map[string]bool{}
	for _, rule := range policies.DriftRules() {
		drift[rule.ID] = true
	}
	refuses := map[policies.KnownFinding]bool{}
	for _, f := range r.Denials() {
		refuses[policies.KnownFinding{Rule: f.Rule, URN: f.URN, Property: f.Property}] = true
		if !drift[f.Rule] {
			d.Refused = append(d.Refused, Refusal{Rule: f.Rule, Severity: f.Severity, URN: f.URN, Property: f.Property, Message: f.Message})
		}
	}
	for _, x := range o.Drifted {
		known := policies.KnownFinding{Rule: policies.DriftRule(x.Kind), URN: x.URN}
		told := x
		told.Properties = nil
		for _, p := range x.Properties {
			if known.Property = p.Path; refuses[known] {
				told.Properties = append(told.Properties, p)
			}
		}
		if known.Property = ""; len(told.Properties) > 0 || x.Kind == plan.DriftDeleted && refuses[known] {
			d.Drifted = append(d.Drifted, told)
		}
	}
	text, err := json.Marshal([]any{d.Project, d.Stack, d.Drifted})
	if err != nil {
		text = fmt.Appendf(nil, "%v", d.Drifted) // of values that came from JSON this cannot be
	}
	sum := sha256.Sum256(text)
	d.Fingerprint = hex.EncodeToString(sum[:16])
	return d, len(d.Drifted) > 0
}

// Event gives the event that tells of it, shortened to what a message holds. Its
// subject is the tenant, where the stack is one's. The error is CodeInvalid.
func (d Drift) Event(now time.Time) (events.Event, error) {
	id := rand.Text()
	for {
		data, err := json.Marshal(d)
		if err != nil {
			return events.Event{}, tenants.Errorf(tenants.CodeInvalid, "the drift of stack %s cannot be written: %w", d.Stack, err)
		}
		e := events.Event{
			SpecVersion: events.SpecVersion, ID: id, Source: events.SourceControlPlane, Type: TypeDrift, Subject: d.TenantID,
			Time: now.UTC(), DataContentType: "application/json", Data: data,
		}
		// A quarter is left for the envelope and for signs that are escaped.
		if len(data) <= events.MaxSize*3/4 || !d.shorten() {
			return e, invalid(e)
		}
	}
}

func invalid(e events.Event) error {
	_, err := e.Bytes()
	return err
}

// shorten leaves something out; false when nothing is left to leave out.
func (d *Drift) shorten() bool {
	switch {
	case len(d.Omitted) == 0:
		d.Omitted = []string{"values"}
		kept := make([]plan.Drifted, 0, len(d.Drifted))
		for _, x := range d.Drifted {
			bare := make([]plan.Difference, 0, len(x.Properties))
			for _, p := range x.Properties {
				bare = append(bare, plan.Difference{Path: p.Path})
			}
			x.Properties = bare
			kept = append(kept, x)
		}
		d.Drifted = kept
	case len(d.Refused) > 0:
		d.Omitted, d.Refused = append(d.Omitted, "refused"), nil
	case len(d.Drifted) > 1:
		if d.Omitted[len(d.Omitted)-1] != "drifted" {
			d.Omitted = append(d.Omitted, "drifted")
		}
		d.Drifted = d.Drifted[:len(d.Drifted)/2]
	default:
		return false
	}
	return true
}
