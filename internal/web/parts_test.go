package web

import (
	"errors"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

func TestBuildRefusesWhatDoesNotFit(t *testing.T) {
	for name, pairs := range map[string][]any{
		"unknown field":     {"Colour", "red"},
		"odd number":        {"Kind"},
		"name is no string": {1, "x"},
		"wrong type":        {"Kind", 5},
		"text as markup":    {"HTML", "<b>x</b>"},
	} {
		if _, err := build[notice](pairs...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	got, err := build[progress]("Label", "x", "Done", 3, "Total", int64(4), "URL", nil)
	if err != nil || got.Done != 3 || got.Percent() != 75 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestProblemsOf(t *testing.T) {
	p := problemsOf(fault.Fields(fault.Field{Path: "a", Message: "A is wrong."}, fault.Field{Path: "b", Message: "B is wrong."}))
	if !p.Any() || p.At("b") != "B is wrong." || p.At("c") != "" {
		t.Errorf("%+v", p)
	}
	if got := problemsOf(errors.New("disk on fire")); got.Message == "disk on fire" {
		t.Error("an internal error is shown to a person")
	}
}

func TestLinksOfOthers(t *testing.T) {
	for address, want := range map[string]bool{
		"https://a.example/b": true, "http://a.example": true, "mailto:a@example.org": true, "/badges/1": true, "#x": true,
		"javascript:alert(1)": false, "JAVASCRIPT:x": false, "data:text/html,x": false, "https:": false, "": false, "%zz": false, "vbscript:x": false,
	} {
		if safeURL(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
	if got := anchor("javascript:alert(1)", "<b>"); got != "<bdi>&lt;b&gt;</bdi>" {
		t.Errorf("got %s", got)
	}
	if got := hostOf("https://www.northlight.example/x"); got != "northlight.example" {
		t.Errorf("got %s", got)
	}
	if got := initial("  émile"); got != "É" {
		t.Errorf("got %s", got)
	}
}
