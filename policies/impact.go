package policies

// Impact gives what another set of rules, or of levels and waivers, does to a
// stack: the findings that refuse by the report after and not by the one before,
// and those that no longer do. Findings are the same when rule, resource and
// property are; of several that are, as many count as there are more.
func Impact(before, after Report) (refused, released []Finding) {
	return more(after, before), more(before, after)
}

// more gives the findings that refuse in a and have no counterpart in b.
func more(a, b Report) []Finding {
	known := map[KnownFinding]int{}
	for _, f := range b.Denials() {
		known[f.known()]++
	}
	found := []Finding{}
	for _, f := range a.Denials() {
		if known[f.known()] > 0 {
			known[f.known()]--
			continue
		}
		found = append(found, f)
	}
	return found
}

func (f Finding) known() KnownFinding {
	return KnownFinding{Rule: f.Rule, URN: f.URN, Property: f.Property}
}
