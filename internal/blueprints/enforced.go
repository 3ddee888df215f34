package blueprints

import (
	"slices"
	"strings"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

// Enforced are the measures that a component's resources show, as the reference
// names them, in its order.
type Enforced struct {
	Always     []string // in every sample and environment
	Production []string // in production also where it is not asked for
	OnRequest  []string // where an argument asks for it
	Relaxable  []string // unless an argument takes it away
}

// Enforced runs the samples in dev and in production and compares what they show.
func (b Blueprint) Enforced(code string) (Enforced, error) {
	var runs [4]Run // minimal in dev and production, full in dev and production
	for i, sample := range []Sample{b.Minimal, b.Full} {
		for j, environment := range []string{location.Dev, location.Production} {
			r, err := b.Record(sample, NewSite(environment, code))
			if err != nil {
				return Enforced{}, err
			}
			runs[2*i+j] = r
		}
	}
	var e Enforced
	for _, m := range measures() {
		var seen, held [4]bool
		for i, r := range runs {
			seen[i], held[i] = m.shown(r)
		}
		var list *[]string
		switch {
		case held[0] && held[1] && (held[2] || !seen[2]) && (held[3] || !seen[3]):
			list = &e.Always
		case held[0] && held[1]:
			list = &e.Relaxable
		case held[1]:
			list = &e.Production
		case held[2] || held[3]:
			list = &e.OnRequest
		default:
			continue
		}
		if !slices.Contains(*list, m.says) {
			*list = append(*list, m.says)
		}
	}
	return e, nil
}

// exits are the types that lead out of a network.
var exits = []string{"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway"}

// shown tells whether a run has what the measure is about, and whether it holds.
func (m measure) shown(r Run) (seen, held bool) {
	held = !m.one
	for _, res := range r.Own {
		if res.Type != m.of {
			continue
		}
		seen = true
		var ok bool
		if m.says == noExit {
			ok = !slices.ContainsFunc(r.Own, func(x componenttest.Resource) bool { return slices.Contains(exits, x.Type) })
		} else {
			ok = m.holds(res.Inputs)
		}
		if m.one {
			held = held || ok
		} else {
			held = held && ok
		}
	}
	return seen, seen && held
}

// Short gives a resource type as the reference writes it, "lambda.Function".
func Short(token string) string {
	module, name, _ := strings.Cut(strings.TrimPrefix(token, "aws:"), "/")
	_, name, _ = strings.Cut(name, ":")
	return module + "." + name
}
