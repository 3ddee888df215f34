// Metricsdocs writes the page of the metrics from their descriptions.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/tenantform/tenantform/internal/telemetry"
)

func main() {
	page := flag.String("page", "../../docs/metrics.md", "the page")
	flag.Parse()
	if err := os.WriteFile(*page, generate(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "metricsdocs:", err)
		os.Exit(1)
	}
}

const head = `# Metrics

<!-- Made by "go generate ./internal/telemetry". -->

Each process of the control plane answers Prometheus at ` + "`/metrics`, on the listener of `monitoring.address`" + `: see
[settings.md](settings.md). Beside those of the Go runtime and the process it counts what follows. The
outbox, requests and answers are those of ` + "`serve`; steps, runs, slots, events and mails those of `worker`" + `.

| metric | labels | what it is |
| --- | --- | --- |
`

func generate() []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, m := range telemetry.Table() {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Name, labels, m.Help)
	}
	return b.Bytes()
}
