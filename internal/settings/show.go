package settings

import (
	"strconv"
	"strings"
	"time"
)

// Shown is a setting as it is shown: a secret is masked.
type Shown struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Shown gives the settings that a process uses, in the order of Table.
func (s *Settings) Shown(p Process) []Shown {
	var out []Shown
	for _, f := range s.fields() {
		if f.Uses(p) {
			out = append(out, Shown{Name: f.Name, Value: f.text(), Source: s.Source(f.Name)})
		}
	}
	return out
}

// text gives a value as it would be given; a secret is masked.
func (f field) text() string {
	switch to := f.to.(type) {
	case *string:
		return *to
	case *Secret:
		return to.String()
	case *bool:
		return strconv.FormatBool(*to)
	case *int:
		return strconv.Itoa(*to)
	case *float64:
		return strconv.FormatFloat(*to, 'g', -1, 64)
	case *time.Duration:
		return brief(*to)
	case *[]string:
		return strings.Join(*to, ",")
	}
	return ""
}
