package policies

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tenantform/tenantform/tenants"
)

// BaselineVersion is the version of Baseline that this package understands.
const BaselineVersion = 2

// Baseline is a record of the findings that a stack had when the rules were
// adopted. They are shown and no longer deny; new ones do. Findings of rules of
// scope "operation", and of rules that are never waived, are in no baseline.
type Baseline struct {
	Version  int             `json:"version"` // BaselineVersion
	Findings []KnownFinding  `json:"findings"`
	known    map[string]bool // by key
}

// KnownFinding tells a finding apart from others of its rule. A property may be a
// whole document with several findings; Digest tells these apart, and keeps
// another value in the same place from being taken for the one that was there.
type KnownFinding struct {
	Rule     string `json:"rule"`
	URN      string `json:"urn"`
	Property string `json:"property,omitempty"`
	Digest   string `json:"digest"` // as of Finding
}

func (k KnownFinding) key() string {
	return k.Rule + "\n" + k.URN + "\n" + k.Property + "\n" + k.Digest
}

// NewBaseline records what denied in reports, one a stack, so that it no longer
// does. Rules says which findings may be recorded. The order of the reports
// means nothing.
func NewBaseline(rules []Rule, reports ...Report) Baseline {
	b := Baseline{Version: BaselineVersion, Findings: []KnownFinding{}}
	for _, r := range reports {
		for _, f := range r.Findings {
			rule, ok := find(rules, f.Rule)
			if !ok || !rule.recordable() || f.Waiver != nil || f.Level == LevelAdvisory {
				continue
			}
			b.Findings = append(b.Findings, KnownFinding{Rule: f.Rule, URN: f.URN, Property: f.Property, Digest: f.Digest})
		}
	}
	slices.SortFunc(b.Findings, func(x, y KnownFinding) int {
		return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.URN, y.URN), cmp.Compare(x.Property, y.Property), cmp.Compare(x.Digest, y.Digest))
	})
	b.Findings = slices.Compact(b.Findings)
	return b
}

// ParseBaseline reads a baseline's JSON; name stands for the file in errors,
// which are CodeInvalid.
func ParseBaseline(name string, data []byte) (Baseline, error) {
	var b Baseline
	if err := strict(data, &b); err != nil {
		return Baseline{}, tenants.Errorf(tenants.CodeInvalid, "%s is not a baseline: %w; write one with \"tenantform policy check --write-baseline FILE\"", name, err)
	}
	if b.Version != BaselineVersion {
		return Baseline{}, tenants.Errorf(tenants.CodeInvalid, "%s is a baseline of version %d; this program understands %d: write it again with \"tenantform policy check --write-baseline FILE\"", name, b.Version, BaselineVersion)
	}
	return b, nil
}

// JSON gives the baseline as a file holds it.
func (b Baseline) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	return append(data, '\n'), nil
}

// indexed gives the baseline with its findings ready to be looked up.
func (b Baseline) indexed() *Baseline {
	b.known = make(map[string]bool, len(b.Findings))
	for _, k := range b.Findings {
		b.known[k.key()] = true
	}
	return &b
}

// holds tells whether a finding of a rule was there before; nil holds none.
func (b *Baseline) holds(r Rule, f Finding) bool {
	return b != nil && r.recordable() && f.Digest != "" &&
		b.known[KnownFinding{Rule: f.Rule, URN: f.URN, Property: f.Property, Digest: f.Digest}.key()]
}

// recordable tells whether a finding of the rule may be in a baseline: one about
// how things are, not about what a run does to them.
func (r Rule) recordable() bool { return r.Scope != ScopeOperation && r.Waivable != WaivableNever }
