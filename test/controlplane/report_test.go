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
	order := campaigns(true)
	place := func(r row) int {
		return slices.IndexFunc(order, func(c campaign) bool { return c.name == r.ledger })*len(kinds) + slices.Index(kinds, tenants.OperationKind(r.kind))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return place(a) - place(b) })
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
		which = "In this run every process died in every step with the ledger in SQLite, and one in each with the ledger in PostgreSQL, and one in each with a silo as the move's target."
	}
	return fmt.Sprintf(`# What the control plane survives

Written by %[1]s; do not edit. The API's server, the worker, Temporal and the pulumi command, each a process of
its own, were killed with SIGKILL in the steps of a tenant's creation in one pool, its move to another (or to a silo), and its deletion. The steps are
those that undisturbed operations recorded. Each operation then had to end as an undisturbed one: the same status, tier, placements,
steps, services' answers and attempts, mails (one welcome, whatever happened) and resources; after the deletion the cloud had nothing of
the tenant, and no lock or lease was left. A killed process was started again at once; of pulumi the worker starts another by itself.

A figure is the time from the kill to the operation's end, with a heartbeat of 2 s after which a worker counts as dead in a step that runs stacks (30 s
where nothing is set). The work of a dead worker that only reads, writes and tells is given to another after 30 s, and a workflow's next task after 5 s or 10 s. Where a resource is being made or taken away, the kill comes while it exists, or does not any more, and nobody knows: the cloud
holds its answer back. "in" names the step that was recorded as under way when the process was dead, where the kill came a moment too late for its own;
"–" is a step in which that process has nothing to do.

%[2]s
%[3]d kills in %[4]s on a machine with 2 processors, which other programs used too.

%[5]s`, "`make crash-control`", which, kills, took.Round(time.Second), table(cells))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }

func mb(bytes int64) string { return fmt.Sprintf("%d", bytes>>20) }

// speedPage gives the page of what TestSpeed has measured.
func speedPage(all []*speeds) string {
	var b strings.Builder
	section := func(title, text, head string, rows func(s *speeds) []string) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n%s\n", title, text, head, strings.Repeat("| --- ", strings.Count(head, "|")-1)+"|")
		for _, s := range all {
			for _, r := range rows(s) {
				fmt.Fprintf(&b, "| %s | %s |\n", s.ledger, r)
			}
		}
	}
	fmt.Fprintf(&b, `# How fast the control plane is

Written by %s; do not edit. Measured on a machine with 2 processors, on which the server, the worker, Temporal, PostgreSQL, the
business service and the callers ran side by side, and other programs too: ratios say more than figures. PostgreSQL and SQLite waited for the disk with each
write. The ledger had %d tenants.
`, "`make bench-control`", many)
	section("Reads", `Milliseconds, by one caller unless it says otherwise: of the ledger alone, and of the API over HTTP on loopback, with the token checked and the
answer encoded. The aim is a 99th percentile below 20 ms for a tenant and for a page of 50. PostgreSQL had its statistics, which it makes within
a minute of a big change; before, it takes a word that every tenant has for a rare one, and such a page takes 25 to 50 ms.`,
		"| ledger | what | ledger p50 | ledger p99 | API p50 | API p99 | API a second |", func(s *speeds) (rows []string) {
			for i, h := range s.http {
				direct := "  |  "
				if i < len(s.direct) {
					direct = ms(s.direct[i].p50) + " | " + ms(s.direct[i].p99)
				}
				rows = append(rows, fmt.Sprintf("%s | %s | %s | %s | %.0f", h.what, direct, ms(h.p50), ms(h.p99), h.rate))
			}
			return rows
		})
	section("Creations accepted", "A creation is accepted when the tenant, its operation, the order to start it and the audit entry are on the disk. Milliseconds, and creations a second.",
		"| ledger | through | callers | p50 | p99 | a second |", func(s *speeds) (rows []string) {
			for _, l := range s.begins {
				rows = append(rows, fmt.Sprintf("Ledger.Begin | %s | %s | %s | %.0f", l.what, ms(l.p50), ms(l.p99), l.rate))
			}
			for _, l := range s.creates {
				rows = append(rows, fmt.Sprintf("the API | %s | %s | %s | %.0f", l.what, ms(l.p50), ms(l.p99), l.rate))
			}
			return rows
		})
	section("The outbox", "Milliseconds from the moment at which a creation is accepted to its workflow's start in Temporal.",
		"| ledger | creations | p50 | p99 |", func(s *speeds) (rows []string) {
			for _, l := range s.lags {
				rows = append(rows, fmt.Sprintf("%s, %d | %s | %s", l.what, l.n, ms(l.p50), ms(l.p99)))
			}
			return rows
		})
	section("Operations", `Two dozen tenants at once are created in a pool, then moved to another, then deleted: each with its runs of the pulumi command on the local cloud,
a business service's answer and its mail. Seconds from the request to the end of an operation, most of which it waits for its place.`,
		"| ledger | operation | p50 | p99 | operations a minute |", func(s *speeds) (rows []string) {
			for _, l := range s.life {
				rows = append(rows, fmt.Sprintf("%s | %.1f | %.1f | %.0f", l.what, l.p50.Seconds(), l.p99.Seconds(), l.rate))
			}
			return rows
		})
	section("Memory", "Resident MB: of the server when it begins and after all reads and creations above; of Temporal's development server after them; of the worker at most, and of the pulumi commands below it together at most.",
		"| ledger | server, at first | server, in the end | Temporal | worker | pulumi |", func(s *speeds) []string {
			return []string{strings.Join([]string{mb(s.server[0]), mb(s.server[1]), mb(s.serverTemp), mb(s.worker), mb(s.peaks)}, " | ")}
		})
	return b.String()
}
