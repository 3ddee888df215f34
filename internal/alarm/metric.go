package alarm

import (
	"encoding/json"
	"fmt"
	"time"
)

// Namespace is that of the metrics.
const Namespace = "Tenantform/Drift"

// Metrics are the counts of one look at all stacks. Zeros are told too: an alarm
// goes back to OK by them, and one on missing data notices that nobody looks.
type Metrics struct {
	Environment      string // the metrics' dimension
	StacksSeen       int
	StacksNotSeen    int // that could not be looked at
	StacksDrifted    int
	ResourcesDrifted int
	Stacks           []string // those that drifted; a property of the line, no dimension
}

// Line gives the metrics as one line of JSON in CloudWatch's embedded metric
// format, from which CloudWatch Logs makes metrics. Source: "Specification:
// Embedded metric format", Amazon CloudWatch User Guide.
func (m Metrics) Line(now time.Time) ([]byte, error) {
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	stacks := m.Stacks
	if stacks == nil {
		stacks = []string{}
	}
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": now.UnixMilli(),
			"CloudWatchMetrics": []directive{{
				Namespace: Namespace, Dimensions: [][]string{{"Environment"}},
				Metrics: []metric{{"StacksSeen", "Count"}, {"StacksNotSeen", "Count"}, {"StacksDrifted", "Count"}, {"ResourcesDrifted", "Count"}},
			}},
		},
		"Environment": m.Environment, "Stacks": stacks,
		"StacksSeen": m.StacksSeen, "StacksNotSeen": m.StacksNotSeen, "StacksDrifted": m.StacksDrifted, "ResourcesDrifted": m.ResourcesDrifted,
	}
	text, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return append(text, '\n'), nil
}
