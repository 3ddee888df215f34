package tenants

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RuntimeDeprecations gives, for every runtime that the zip archive of a Lambda
// function may name, the day from which Lambda no longer patches it, as
// 2026-11-10. Source: "Lambda runtimes", sections "Supported runtimes" and
// "Deprecated runtimes" (AWS Lambda Developer Guide), as of November 2026.
// dotnet5.0, dotnet7 and dotnet9 are for images only.
func RuntimeDeprecations() map[string]string {
	return map[string]string{
		"nodejs24.x": "2028-04-30", "nodejs22.x": "2027-04-30", "nodejs20.x": "2026-04-30", "nodejs18.x": "2025-09-01",
		"nodejs16.x": "2024-06-12", "nodejs14.x": "2023-12-04", "nodejs12.x": "2023-03-31", "nodejs10.x": "2021-07-30",
		"nodejs8.10": "2020-03-06", "nodejs6.10": "2019-08-12", "nodejs4.3": "2020-03-05", "nodejs": "2016-10-31",

		"python3.14": "2029-06-30", "python3.13": "2029-06-30", "python3.12": "2028-10-31", "python3.11": "2027-06-30",
		"python3.10": "2026-10-31", "python3.9": "2025-12-15", "python3.8": "2024-10-14", "python3.7": "2023-12-04",
		"python3.6": "2022-07-18", "python2.7": "2021-07-15",

		"java25": "2029-06-30", "java21": "2029-06-30", "java17.al2023": "2029-06-30", "java11.al2023": "2029-06-30",
		"java8.al2023": "2029-06-30", "java17": "2027-06-30", "java11": "2027-06-30", "java8.al2": "2027-06-30", "java8": "2024-01-08",

		"dotnet10": "2028-11-14", "dotnet8": "2026-11-10", "dotnet6": "2024-12-20", "dotnetcore3.1": "2023-04-03",
		"dotnetcore2.1": "2022-01-05", "dotnetcore2.0": "2019-05-30", "dotnetcore1.0": "2019-06-27",

		"ruby4.0": "2029-03-31", "ruby3.4": "2028-03-31", "ruby3.3": "2027-03-31", "ruby3.2": "2026-03-31",
		"ruby2.7": "2023-12-07", "ruby2.5": "2021-07-30",

		"provided.al2023": "2029-06-30", "provided.al2": "2026-07-31", "provided": "2024-01-08", "go1.x": "2024-01-08",
	}
}

// Runtimes gives the identifiers of the runtimes that Lambda still patches at a
// time, sorted, as this version of Tenantform knows them.
func Runtimes(at time.Time) []string {
	var names []string
	for name, until := range RuntimeDeprecations() {
		if at.UTC().Format(time.DateOnly) < until {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ValidateRuntime gives what is wrong with a runtime at a time: nothing, or one
// entry that names those of the same language.
func ValidateRuntime(field, runtime string, at time.Time) []FieldError {
	supported := Runtimes(at)
	if slices.Contains(supported, runtime) {
		return nil
	}
	language := strings.TrimRight(runtime, "0123456789.x")
	var same []string
	for _, name := range supported {
		if language != "" && strings.HasPrefix(name, language) {
			same = append(same, name)
		}
	}
	if len(same) == 0 {
		same = supported
	}
	allowed := "a runtime that Lambda patches: " + join(same)
	if until, known := RuntimeDeprecations()[runtime]; known {
		allowed = fmt.Sprintf("%s (%s has had no security patches since %s)", allowed, runtime, until)
	}
	return []FieldError{{Field: field, Value: runtime, Allowed: allowed}}
}
