package main

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
)

// signs mark the operations in a plan.
var signs = map[plan.Operation]string{
	plan.OperationCreate: "+", plan.OperationUpdate: "~", plan.OperationReplace: "±", plan.OperationDelete: "-",
}

// operations are those that change something, in the order of summaries.
var operations = []plan.Operation{plan.OperationCreate, plan.OperationUpdate, plan.OperationReplace, plan.OperationDelete}

// writePlan shows what a run would change: a line for each resource, and below
// those that are updated or replaced a line for each property that differs.
func writePlan(w io.Writer, indent string, p plan.Plan) {
	unchanged := 0
	for _, r := range p.Resources {
		if !r.Custom || !isResource(r.Type) {
			continue
		}
		if _, ok := signs[r.Operation]; !ok {
			unchanged++
			continue
		}
		fmt.Fprintf(w, "%s%s %-7s  %s %s\n", indent, signs[r.Operation], r.Operation, shortType(r.Type), r.Name)
		if r.Operation != plan.OperationUpdate && r.Operation != plan.OperationReplace {
			continue
		}
		for _, c := range diff(r.OldInputs, r.Inputs) {
			forces := ""
			if slices.Contains(r.ReplaceKeys, c.top) {
				forces = "  (forces the replacement)"
			}
			old, now := shownPair(c.old, c.new)
			fmt.Fprintf(w, "%s      %s: %s -> %s%s\n", indent, c.path, old, now, forces)
		}
	}
	fmt.Fprintf(w, "%s%s", indent, planSummary(p.Changes()))
	if unchanged > 0 {
		fmt.Fprintf(w, "; %d unchanged", unchanged)
	}
	fmt.Fprintln(w)
}

// planSummary says what would be changed: "3 to create, 1 to update".
func planSummary(n map[plan.Operation]int) string {
	return summary(n, "nothing to change", func(op plan.Operation) string { return "to " + string(op) })
}

// changeSummary says what was changed: "3 created, 1 updated".
func changeSummary(n map[plan.Operation]int) string {
	return summary(n, "nothing changed", func(op plan.Operation) string { return string(op) + "d" })
}

func summary(n map[plan.Operation]int, none string, word func(plan.Operation) string) string {
	var parts []string
	for _, op := range operations {
		if n[op] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[op], word(op)))
		}
	}
	if len(parts) == 0 {
		return none
	}
	return strings.Join(parts, ", ")
}

// total counts the resources of a run's changes.
func total(n map[plan.Operation]int) int {
	sum := 0
	for _, op := range operations {
		sum += n[op]
	}
	return sum
}

// change is one property that differs; absent stands for a side that lacks it.
type change struct {
	path, top string
	old, new  any
}

type absent struct{}

// diff gives what differs between two sets of inputs, by path. What Pulumi
// keeps for itself, under names with two underscores, is left out.
func diff(before, after map[string]any) []change {
	var out []change
	for _, key := range keysOf(before, after) {
		if strings.HasPrefix(key, "__") {
			continue
		}
		out = append(out, diffAt(key, key, side(before, key), side(after, key))...)
	}
	return out
}

func diffAt(path, top string, before, after any) []change {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	b, bok := before.(map[string]any)
	a, aok := after.(map[string]any)
	if !bok || !aok || marked(b) || marked(a) {
		return []change{{path: path, top: top, old: before, new: after}}
	}
	var out []change
	for _, key := range keysOf(b, a) {
		out = append(out, diffAt(path+"."+key, top, side(b, key), side(a, key))...)
	}
	return out
}

func side(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent{}
}

func keysOf(a, b map[string]any) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func marked(m map[string]any) bool {
	return m[plan.UnknownKey] == true || m[plan.SecretKey] == true
}

// maxShown is how many characters of a value a plan shows.
const maxShown = 60

// shownPair shows the two sides of a change. Long texts that begin alike are
// shown from where they part.
func shownPair(before, after any) (string, string) {
	b, a := shownValue(before), shownValue(after)
	if len(b) <= maxShown && len(a) <= maxShown {
		return b, a
	}
	rb, ra := []rune(b), []rune(a)
	same := 0
	for same < len(rb) && same < len(ra) && rb[same] == ra[same] {
		same++
	}
	if same > maxShown/2 {
		from := same - 15
		b, a = "…"+string(rb[from:]), "…"+string(ra[from:])
	}
	return shorten(b, maxShown), shorten(a, maxShown)
}

func shownValue(v any) string {
	switch v := v.(type) {
	case absent:
		return "(none)"
	case string:
		return fmt.Sprintf("%q", v)
	case map[string]any:
		if v[plan.UnknownKey] == true {
			return "(known after)"
		}
		if v[plan.SecretKey] == true {
			return "(secret)"
		}
	}
	s := policies.Text(v)
	s = strings.ReplaceAll(s, `"[unknown]"`, "(known after)")
	return strings.ReplaceAll(s, `"[secret]"`, "(secret)")
}

// shorten cuts a text to so many characters.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// writeReport shows what the policies say, with the findings that deny.
func writeReport(w io.Writer, indent string, r policies.Report) {
	fmt.Fprintln(w, indent+"policies: "+report.Summary(r))
	writeFindings(w, indent+"  ", r.Denials())
}

// writeFindings shows the reasons of a refusal.
func writeFindings(w io.Writer, indent string, findings []policies.Finding) {
	_ = report.Findings(w, indent, findings) // of the command's own streams
}

// resourceOf gives a URN's type and name as a person reads them.
func resourceOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return urn
	}
	typ := parts[2][strings.LastIndex(parts[2], "$")+1:]
	return shortType(typ) + " " + parts[len(parts)-1]
}

// stepTitle says what a step of an operation does.
func stepTitle(name string) string {
	switch name {
	case string(automation.MovePrepare):
		return "bring the new place up beside the old one"
	case string(automation.MoveRetire):
		return "take the old place away"
	case string(automation.MoveUpdate):
		return "take on the limits of the new tier"
	case string(automation.MoveTransfer):
		return "take users and data over"
	case "provision":
		return "bring up the tenant's stack"
	case "functions":
		return "take away the tenant's functions"
	case "release":
		return "take the deletion protection off"
	case "destroy":
		return "take away what the tenant has"
	case "deploy":
		return "bring the tenant's functions up"
	case "undeploy":
		return "take a function away"
	case workflows.ServicesStep:
		return "have the business services do their part"
	case workflows.NotifyStep:
		return "tell the tenant's administrator"
	case workflows.FinishStep:
		return "record the outcome"
	}
	return name
}

// writePlanned shows what an operation would do: its steps in order, what each
// changes, and what the policies say to it.
func writePlanned(w io.Writer, title string, o direct.Outcome) {
	fmt.Fprintf(w, "%s: %s\n", title, count(len(o.Operation.Steps), "step"))
	next := 0
	for i, s := range o.Operation.Steps {
		if next < len(o.Runs) && o.Runs[next].Step == s.Name {
			r := o.Runs[next]
			next++
			fmt.Fprintf(w, "\n%d. %s: %s\n", i+1, s.Name, r.Title)
			writePlan(w, "   ", r.Result.Plan)
			writeReport(w, "   ", r.Result.Report)
			continue
		}
		fmt.Fprintf(w, "\n%d. %s: %s\n", i+1, s.Name, stepTitle(s.Name))
	}
	fmt.Fprintln(w)
	if !o.Allowed() {
		fmt.Fprintln(w, "verdict: the policies would refuse this; nothing was changed")
		return
	}
	fmt.Fprintln(w, "verdict: the policies would allow this; nothing was changed")
}

// writeDone shows what an operation did.
func writeDone(w io.Writer, title string, o direct.Outcome) {
	fmt.Fprintln(w, title)
	for _, r := range o.Runs {
		fmt.Fprintf(w, "  %-10s  %s, %.1f s\n", r.Step, changeSummary(r.Result.Changes), r.Result.Seconds)
		writeRepair(w, "              ", r.Result.Repair)
	}
}

// writeRepair says what a killed run had left behind and was mended.
func writeRepair(w io.Writer, indent string, r *automation.Repair) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "%smended first: %s cleared, %d creations adopted, %d dropped, %d other operations settled\n",
		indent, count(r.Locks, "dead lock"), len(r.Adopted), len(r.Dropped), len(r.Settled))
}

// results gives the results of an outcome's runs.
func results(o direct.Outcome) []automation.Result {
	out := make([]automation.Result, 0, len(o.Runs))
	for _, r := range o.Runs {
		out = append(out, r.Result)
	}
	return out
}

// count gives "1 step" or "3 steps".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// placement gives where a tenant lives, in words.
func placement(t tenants.Tenant) string {
	parts := make([]string, 0, len(t.Placements))
	for _, p := range t.Placements {
		parts = append(parts, p.String())
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, "+")
}
