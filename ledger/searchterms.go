package ledger

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// letters that Unicode does not decompose, though people who lack them on their
// keyboard write others.
var letters = strings.NewReplacer("ł", "l", "ø", "o", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th")

// foldText writes a text as it is searched for: without case, accents and the
// differences between forms of one letter. Unicode's tables alone decide.
func foldText(s string) string {
	// Not shared: a Caser has a state.
	s = norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s)))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	return letters.Replace(s)
}

// searchRow is what an account is found by: its id and its name, folded, a line
// each, and their terms.
func searchRow(id, name string) (folded string, terms []string) {
	lines := []string{strings.Join(strings.Fields(foldText(id)), " "), strings.Join(strings.Fields(foldText(name)), " ")}
	for _, line := range lines {
		terms = appendTerms(terms, []rune(line))
	}
	slices.Sort(terms)
	return strings.Join(lines, "\n"), slices.Compact(terms)
}

// appendTerms adds the terms of a text: three letters in a row, and one and two
// at the beginning of words.
func appendTerms(terms []string, text []rune) []string {
	for i, r := range text {
		if i+3 <= len(text) {
			terms = append(terms, string(text[i:i+3]))
		}
		if i > 0 && (!inWord(r) || inWord(text[i-1])) {
			continue
		}
		terms = append(terms, string(r))
		if i+2 <= len(text) {
			terms = append(terms, string(text[i:i+2]))
		}
	}
	return terms
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// maxSearchWords bounds what one search costs: later words are not looked at.
const maxSearchWords = 16

// searchTerms are the words of a search, folded, that must stand in an account's
// id or name, and the terms that its row must have for that. Words of one or two
// letters count at the beginning of words only.
func searchTerms(search string) (words, terms []string) {
	for _, word := range strings.Fields(foldText(search)) {
		if len(words) == maxSearchWords {
			break
		}
		text := []rune(word)
		words = append(words, word)
		if len(text) < 3 {
			terms = append(terms, word)
		}
		for i := 0; i+3 <= len(text); i++ {
			terms = append(terms, string(text[i:i+3]))
		}
	}
	slices.Sort(terms)
	return words, slices.Compact(terms)
}
