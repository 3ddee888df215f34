//go:build linux

package controlplane

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// table gives the matrix of kills: a row a step, a column a victim.
func table(cells []cell) string {
	type row struct{ ledger, kind, step string }
	var rows []row
	at := map[row]map[string]cell{}
	for _, c := range cells {
		r := row{c.ledger, string(c.kind), c.step}
		if at[r] == nil {
			at[r] = map[string]cell{}
			rows = append(rows, r)
		}
		at[r][c.victim] = c
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if a.ledger != b.ledger {
			return strings.Compare(b.ledger, a.ledger) // SQLite before PostgreSQL
		}
		return slices.IndexFunc(kinds, func(k tenants.OperationKind) bool { return string(k) == a.kind }) - slices.IndexFunc(kinds, func(k tenants.OperationKind) bool { return string(k) == b.kind })
	})
	var b strings.Builder
	fmt.Fprintf(&b, "| ledger | operation | step | %s |\n| --- | --- | --- |%s\n", strings.Join(victims, " | "), strings.Repeat(" ---: |", len(victims)))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s |", r.ledger, r.kind, r.step)
		for _, v := range victims {
			text := ""
			if c, killed := at[r][v]; killed {
				text = c.String()
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// page gives the page of a run.
func page(cells []cell, all bool, took time.Duration) string {
	kills := 0
	for _, c := range cells {
		if !c.none {
			kills++
		}
	}
	which := "In this run each step lost one process, on one ledger or the other."
	if all {
		which = "In this run every process died in every step with the ledger in SQLite, and one in each with the ledger in PostgreSQL."
	}
	return fmt.Sprintf(`# What the control plane survives

Written by %[1]s; do not edit. The API's server, the worker, Temporal and the pulumi command, each a process of
its own, were killed with SIGKILL in the steps of a tenant's creation in one pool, its move to another, and its deletion. The steps are
those that undisturbed operations recorded. Each operation then had to end as an undisturbed one: the same status, tier, placements,
steps, services' answers and attempts, mails (one welcome, whatever happened) and resources; after the deletion the cloud had nothing of
the tenant, and no lock or lease was left. A killed process was started again at once; of pulumi the worker starts another by itself.

A figure is the time from the kill to the operation's end, with a heartbeat of 2 s after which a worker counts as dead (30 s where
nothing is set). Where a resource is being made or taken away, the kill comes while it exists, or does not any more, and nobody knows: the cloud
holds its answer back. "in" names the step that was recorded as under way when the process was dead, where the kill came a moment too late for its own;
"–" is a step in which that process has nothing to do.

%[2]s
%[3]d kills in %[4]s on a machine with 2 processors, which other programs used too.

%[5]s`, "`make crash-control`", which, kills, took.Round(time.Second), table(cells))
}
