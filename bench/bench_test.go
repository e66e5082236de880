package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// The table of the README is the one of bench/latest.json.
func TestTheReadmeShowsTheLatestRun(t *testing.T) {
	text, err := os.ReadFile("latest.json")
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), tableBegin+r.table()+tableEnd) {
		t.Errorf("the README's table is not that of bench/latest.json; it should be\n%s", r.table())
	}
	if r.Quick {
		t.Error("the latest run was a quick one, which measures nothing")
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{Value: 5}, ""},
		{row{Value: 5, AtLeast: 4}, "met"},
		{row{Value: 3.9, AtLeast: 4}, "**MISSED**"},
		{row{Value: 5, AtMost: 4}, "**MISSED**"},
		{row{Value: 100, Floor: "f", Ratio: 1.9, AtLeast: 2}, "**MISSED**"},
		{row{Value: 1, Floor: "f", Ratio: 2, AtLeast: 2}, "met"},
		{row{Value: 1, Floor: "f", Ratio: 1.3, AtMost: 1.2}, "**MISSED**"},
	} {
		if got := c.row.judge().verdict(); got != c.want {
			t.Errorf("%+v is %q, expected %q", c.row, got, c.want)
		}
	}
}

func TestTheWayBack(t *testing.T) {
	for _, c := range []struct {
		rates []float64
		want  float64
		ok    bool
	}{
		{[]float64{10, 10, 10, 10, 10, 10}, 0, true},
		{[]float64{0, 0, 0, 10, 10, 10, 10, 10}, 0.2, true}, // four fifths of the half second
		{[]float64{0, 0, 0, 0, 0, 0, 0, 7}, 0.8, false},
		{nil, 0, false},
	} {
		if got, ok := backAt(c.rates, 8); math.Abs(got-c.want) > 1e-9 || ok != c.ok {
			t.Errorf("%v is back after %v, %v; expected %v, %v", c.rates, got, ok, c.want, c.ok)
		}
	}
}
