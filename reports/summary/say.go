package summary

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// Say is what an operation asked and what it was told, without who, when, at which revision and by which member.
func Say(op history.Op) (asked, told string) {
	text := op.String()
	if _, rest, ok := strings.Cut(text, "] "); ok {
		text = rest
	}
	text = leases.ReplaceAllStringFunc(text, hex)
	asked, told, _ = strings.Cut(text, " -> ")
	words := slices.DeleteFunc(strings.Fields(told), func(word string) bool {
		return slices.ContainsFunc([]string{"rev=", "mod=", "term=", "member=", "cluster="}, func(field string) bool { return strings.HasPrefix(word, field) })
	})
	return asked, strings.Join(words, " ")
}

// leases are a lease's number where it is named as one: etcd's tools, its keys and checkers' sentences write it in
// hexadecimal digits.
var leases = regexp.MustCompile(`\blease=-?\d+|^(?:keepalive|revoke|ttl) -?\d+|(\(\S+ \S+ \d+ )-?\d+\)`)

func hex(found string) string {
	i := strings.LastIndexAny(found, "= ") + 1
	digits, end := found[i:], ""
	if strings.HasSuffix(digits, ")") {
		digits, end = digits[:len(digits)-1], ")"
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return found
	}
	return found[:i] + fmt.Sprintf("%x", uint64(n)) + end
}

// Operations counts operations, in words.
func Operations(n int) string {
	if n == 1 {
		return "1 operation"
	}
	return fmt.Sprintf("%d operations", n)
}

// wordy is how long an answer may be before the pairs that a counterexample does not speak of are left out of it.
const wordy = 160

// Say is what an operation of the counterexample asked and was told. Of a long answer it keeps the pairs whose keys the
// sentence names, if there are any.
func (c Counterexample) Say(op history.Op) (asked, told string) {
	asked, told = Say(op)
	if len(told) <= wordy {
		return asked, told
	}
	groups := pairs.FindAllString(told, -1)
	named := func(group string) bool {
		_, group, _ = strings.Cut(group, "(")
		key, _, _ := strings.Cut(strings.TrimSuffix(group, ")"), " ")
		return names(c.Why, strings.Trim(key, `"`))
	}
	if len(groups) < 3 || !slices.ContainsFunc(groups, named) {
		return asked, told
	}
	told = pairs.ReplaceAllStringFunc(told, func(group string) string {
		if named(group) {
			return group
		}
		return "…"
	})
	return asked, dots.ReplaceAllString(told, "…")
}

var (
	pairs = regexp.MustCompile(`(?:\w+=)?\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)`)
	dots  = regexp.MustCompile(`…(?: …)+`)
)

// names reports whether a sentence names a key: no letter of a longer name stands beside it.
func names(sentence, key string) bool {
	if key == "" {
		return false
	}
	found, _ := regexp.MatchString(`(?:^|[^\w/.-])`+regexp.QuoteMeta(key)+`(?:[^\w/-]|$)`, sentence)
	return found
}
