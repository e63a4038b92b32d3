package web

import (
	"fmt"
	"html/template"
	"reflect"
	"time"
)

// The structs below are the arguments of the partials in templates/components.
// A template makes one with the function of the same name, in pairs of field
// and value, and hands it to the partial of the same name:
//
//	{{template "notice" (notice "Kind" "good" "Title" (t "saved"))}}
//
// A field that does not exist or a value of another type is an error, which
// the test that renders every page finds.

// notice is a banner. Kind is good, wait, bad or info.
type notice struct {
	Kind, Title, Text string
	HTML              template.HTML // instead of Text, from th
	URL, Link         string        // an optional way on
	Alert             bool          // announce it at once
}

// verdict is the banner that says what a badge is worth. Kind is good, wait or
// bad; Big makes the headline the page's h1.
type verdict struct {
	Kind, Headline, Text string
	URL, Link            string
	Big                  bool
}

// field is one labelled input. Type is an HTML input type, "textarea" or
// "select".
type field struct {
	Name, Label, Type, Value string
	Hint, Error              string
	HTMLHint                 template.HTML
	Required                 bool
	Options                  []option // of a select
	Blank                    string   // a select's first, empty entry
	Rows                     int      // of a textarea
	MaxLength                int
	Autocomplete, InputMode  string
	Placeholder, Pattern     string
	Accept                   string // of a file: media types
	Min, Max, Step           string
	Prefix, Suffix           string // shown in the box's border
	Disabled, ReadOnly       bool
	Autofocus, NoSpell       bool
	Short                    bool   // a narrow box, for dates and numbers
	DropLabel, DropHint      string // of a file: words in the drop zone
	HideLabel                bool   // the label is for screen readers only
	Of                       string // what it belongs to, where a page has several of the name
}

// ID is the element's id; error summaries link to it.
func (f field) ID() string {
	if f.Of != "" {
		return "f-" + f.Of + "-" + f.Name
	}
	return "f-" + f.Name
}

// Described lists the ids that aria-describedby names.
func (f field) Described() string {
	return described(f.ID(), f.Hint != "" || f.HTMLHint != "", f.Error != "")
}

// checkbox is one box with its label.
type checkbox struct {
	Name, Label, Value, Hint, Error string
	Checked, Required, Disabled     bool
}

// ID is the element's id.
func (c checkbox) ID() string { return "f-" + c.Name }

// Described lists the ids that aria-describedby names.
func (c checkbox) Described() string { return described(c.ID(), c.Hint != "", c.Error != "") }

func described(id string, hint, bad bool) string {
	switch {
	case hint && bad:
		return id + "-hint " + id + "-error"
	case hint:
		return id + "-hint"
	case bad:
		return id + "-error"
	}
	return ""
}

// choices is a group of radio buttons or checkboxes. Look is "list", "cards",
// "swatches" or "pictures".
type choices struct {
	Name, Legend, Hint, Error, Look string
	Value                           string // of the chosen radio button
	Multiple, Required, HideLegend  bool
	Options                         []option
}

// ID is the element's id.
func (c choices) ID() string { return "f-" + c.Name }

// Described lists the ids that aria-describedby names.
func (c choices) Described() string { return described(c.ID(), c.Hint != "", c.Error != "") }

// option is one entry of a select or of choices.
type option struct {
	Value, Label, Hint string
	Checked, Disabled  bool
	Colours            []string // of a swatch, "#rrggbb"
	Icon               string   // of a card
	Picture            string   // address of a picture
}

// stage shows a badge's picture.
type stage struct {
	Picture, Alt string
	Mark         string // a word across the corner: "Trial", "Withdrawn"
	Kind         string // of the mark: wait, bad, info
	Faded        bool   // no longer valid
	Small        bool
}

// badgecard is one badge in a grid.
type badgecard struct {
	URL, Picture, Alt, Name string
	By, Note                string
	Tag                     tag
}

// tag is a state in a word. Kind is good, wait, bad, info or "".
type tag struct{ Kind, Text, Icon string }

// fact is one line of a list of facts.
type fact struct {
	Term, Text string
	HTML       template.HTML
	URL        string // makes Text a link
}

// stat is one number with its meaning.
type stat struct{ Value, Label, Note, URL string }

// empty is what stands where nothing is yet, and teaches the next step.
type empty struct{ Icon, Title, Text, URL, Action string }

// steps is the head of a wizard; Current counts from 1.
type steps struct {
	Label   string
	Current int
	Items   []string
}

// progress is a long job's state. URL, if set, is asked for the state until
// the job is Finished; ID must be unique in the page.
type progress struct {
	ID, Label, Note, URL string
	Done, Total          int64
	Finished             bool
}

// Percent is Done in hundredths of Total.
func (p progress) Percent() int64 {
	if p.Total <= 0 {
		return 0
	}
	return min(100, p.Done*100/p.Total)
}

// paging leads through a long list. From and To count from 1; Total may be
// negative if unknown.
type paging struct {
	Previous, Next  string
	From, To, Total int64
}

// tab is one entry of a row of tabs, which are links.
type tab struct {
	URL, Label string
	Current    bool
	Count      int64
	Counted    bool // show Count
}

// crumb is one step of the way to this page.
type crumb struct{ URL, Label string }

// code is a block of text to be copied.
type code struct{ ID, Label, Text string }

// copyfield is a one-line address to be copied.
type copyfield struct{ ID, Label, Value, Hint string }

// check is one check of the verifier. Outcome is passed, failed, unknown or
// not_applicable.
type check struct{ Outcome, Title, Reason, Code string }

// Icon names the picture of the outcome.
func (c check) Icon() string {
	switch c.Outcome {
	case "passed":
		return "circle-check"
	case "failed":
		return "circle-x"
	case "unknown":
		return "circle-alert"
	}
	return "circle-minus"
}

// moment is one entry of a timeline. Kind is good, wait, bad or "".
type moment struct {
	When               time.Time
	Kind, Text, Detail string
}

// share is the panel with the ways to pass a page on.
type share struct {
	URL, LinkedIn, Mail, Embed string
}

// download is one file in a list of downloads.
type download struct{ URL, Name, Hint string }

// build makes a T from pairs of field name and value.
func build[T any](pairs ...any) (T, error) {
	var v T
	if len(pairs)%2 != 0 {
		return v, fmt.Errorf("%T: a field without a value", v)
	}
	rv := reflect.ValueOf(&v).Elem()
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return v, fmt.Errorf("%T: %v is not a field's name", v, pairs[i])
		}
		f := rv.FieldByName(name)
		if !f.IsValid() {
			return v, fmt.Errorf("%T has no field %q", v, name)
		}
		if err := assign(f, pairs[i+1]); err != nil {
			return v, fmt.Errorf("%T.%s: %w", v, name, err)
		}
	}
	return v, nil
}

// assign sets f, turning one integer type into another and nil into nothing,
// but never a text into trusted HTML.
func assign(f reflect.Value, value any) error {
	if value == nil {
		return nil
	}
	v := reflect.ValueOf(value)
	switch {
	case v.Type().AssignableTo(f.Type()):
		f.Set(v)
	case v.CanInt() && f.CanInt():
		f.SetInt(v.Int())
	default:
		return fmt.Errorf("cannot take a %T", value)
	}
	return nil
}

// list collects its arguments, for the fields that are lists.
func list[T any](items ...T) []T { return items }

// chosen is one input of a group of choices.
type chosen struct {
	Name, Value                           string
	Multiple, Checked, Disabled, Required bool
}

func chooseOption(c choices, o option) chosen {
	return chosen{
		Name: c.Name, Value: o.Value, Multiple: c.Multiple, Disabled: o.Disabled,
		Checked:  o.Checked || (!c.Multiple && c.Value != "" && c.Value == o.Value),
		Required: c.Required && !c.Multiple,
	}
}
