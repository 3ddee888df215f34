package settings

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// defaultSupernet is stacks.DefaultSupernet, which the command's test compares.
const defaultSupernet = "10.64.0.0/10"

func filled(what string) func(string) string {
	return func(text string) string {
		if strings.TrimSpace(text) == "" {
			return what
		}
		return ""
	}
}

func oneOf(allowed ...string) func(string) string {
	return func(text string) string {
		if slices.Contains(allowed, text) {
			return ""
		}
		return "one of " + strings.Join(allowed, ", ")
	}
}

func region(text string) string {
	if fields := tenants.ValidateRegion("region", text); len(fields) > 0 {
		return fields[0].Allowed
	}
	return ""
}

func regionOrNone(text string) string {
	if text == "" {
		return ""
	}
	return region(text)
}

func account(text string) string {
	if text == "" || len(text) == 12 && strings.Trim(text, "0123456789") == "" {
		return ""
	}
	return "an AWS account id, 12 digits"
}

const addressAllowed = `host:port, "127.0.0.1:8080" for example; port 0 is any free one`

func address(text string) string {
	host, number, err := net.SplitHostPort(text)
	if err != nil || port(number) != "" && number != "0" || strings.ContainsAny(host, " /") {
		return addressAllowed
	}
	return ""
}

func addressOrNone(text string) string {
	if text == "" {
		return ""
	}
	return address(text)
}

func port(text string) string {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 65535 {
		return "a port, 1 to 65535"
	}
	return ""
}

func portOrFree(text string) string {
	if text == "0" || port(text) == "" {
		return ""
	}
	return "a port, 1 to 65535, or 0 for a free one"
}

func atLeast(least int) func(string) string {
	return func(text string) string {
		if n, err := strconv.Atoi(text); err != nil || n < least || n > 100_000 {
			return fmt.Sprintf("a whole number from %d to 100000", least)
		}
		return ""
	}
}

func notNegative(text string) string {
	if n, err := strconv.ParseFloat(text, 64); err != nil || !(n >= 0 && n <= 1e6) {
		return "a number from 0 to 1000000"
	}
	return ""
}

func ratio(text string) string {
	if n, err := strconv.ParseFloat(text, 64); err != nil || !(n >= 0 && n <= 1) {
		return "a number from 0 to 1"
	}
	return ""
}

func between(least, most time.Duration) func(string) string {
	return func(text string) string {
		if d, err := time.ParseDuration(text); err != nil || d < least || d > most {
			return fmt.Sprintf("a duration from %s to %s, \"90s\" or \"1h30m\" for example", brief(least), brief(most))
		}
		return ""
	}
}

// brief gives "1m" for what time.Duration shows as "1m0s".
func brief(d time.Duration) string {
	text := d.String()
	for _, end := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, end) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func topic(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || !slices.Contains([]string{"awssns", "awssqs", "spool"}, u.Scheme) || u.User != nil {
		return "a URL of the scheme awssns, awssqs or spool, without credentials"
	}
	return ""
}

func endpoint(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return `a URL without a path and credentials, "http://127.0.0.1:4317" for example`
	}
	return ""
}

// Loopback tells whether an address, host:port, is one of this machine alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
