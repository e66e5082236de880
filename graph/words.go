package graph

import "regexp"

// restatements are what the parser and the validator say, without the values
// that they repeat: what a client sent by mistake, such as a token in the wrong
// place, must not come back into logs of errors. Names of fields, types and
// variables stay, for they say what to mend.
var restatements = []struct {
	said *regexp.Regexp
	told string
}{
	{regexp.MustCompile(`(?s)^(.* cannot represent .*?value): .*$`), "$1"},
	{regexp.MustCompile(`(?s)^Value ".*" does not exist in "(\w+)!?" enum.*$`), "must be one of the values of $1"},
	{regexp.MustCompile(`(?s)^.* is not a valid (\w+)$`), "must be one of the values of $1"},
	{regexp.MustCompile(`(?s)^(Unexpected|Expected .*, found) (\w+) ".*"$`), "$1 $2"},
	{regexp.MustCompile(`^must be a (\w+), not a \w+$`), "must be an object of the type $1"},
	{regexp.MustCompile(`^cannot use (?:value \S+|\w+) as (\w+)$`), "must be of the type $1"},
}

// withoutValues tells what is wrong without the value that is.
func withoutValues(message string) string {
	for _, r := range restatements {
		if r.said.MatchString(message) {
			return r.said.ReplaceAllString(message, r.told)
		}
	}
	return message
}
