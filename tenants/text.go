package tenants

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// join lists words for a person: "a, b, c".
func join(words []string) string { return strings.Join(words, ", ") }

// shownValue is how many characters of a value an error message repeats.
const shownValue = 80

// quote puts a value into quotes on one line, cut where it is long.
func quote(value string) string {
	if utf8.RuneCountInString(value) <= shownValue {
		return strconv.Quote(value)
	}
	return fmt.Sprintf("%s... (%d characters)", strconv.Quote(string([]rune(value)[:shownValue])), utf8.RuneCountInString(value))
}

// element names an element of a list in a field path: by its name where that
// is usable, otherwise by its index: "tiers.free", "tiers[2]".
func element(list, name string, index int, byName bool) string {
	if byName {
		return list + "." + name
	}
	return fmt.Sprintf("%s[%d]", list, index)
}
