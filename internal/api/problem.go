package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/strictjson"
)

// What huma finds wrong with a request is said as everything else is: as what to
// do. These are the places that it has for that.
func init() {
	validation.MsgUnexpectedProperty = "There is no such member here. Leave it out."
	validation.MsgExpectedRequiredProperty = "Send %s, which is missing."
	validation.MsgExpectedMinLength = "Send %d characters or more."
	validation.MsgExpectedMaxLength = "Send %d characters or fewer."
	validation.MsgExpectedMinItems = "Send %d of them or more."
	validation.MsgExpectedMaxItems = "Send %d of them or fewer."
	validation.MsgExpectedMinimumNumber = "Send a number of %v or more."
	validation.MsgExpectedMaximumNumber = "Send a number of %v or less."
	validation.MsgExpectedBePattern = "Send %s."
	validation.MsgExpectedMatchPattern = "Send what has the form %s."
	validation.MsgExpectedOneOf = "Send one of \"%s\"."
	validation.MsgExpectedRFC3339DateTime = "Send a date and time with its zone, for example 2026-01-31T09:30:00Z."
	validation.MsgExpectedString = "Send a text."
	validation.MsgExpectedBoolean = "Send true or false."
	validation.MsgExpectedNumber = "Send a number."
	validation.MsgExpectedInteger = "Send a whole number."
	validation.MsgExpectedArray = "Send a list."
	validation.MsgExpectedObject = "Send an object."
}

// strict reads JSON bodies by our own reader: a member that stands twice, or
// text behind the end, is refused and not guessed at.
func strict() map[string]huma.Format {
	formats := maps.Clone(huma.DefaultFormats)
	for name, f := range formats {
		f.Unmarshal = func(data []byte, v any) error {
			return strictjson.Unmarshal(data, strictjson.Limits{MaxBytes: maxBody}, v)
		}
		formats[name] = f
	}
	return formats
}

// What a problem document shows of a request is bounded.
const (
	longestShown = 200 // of a wrong value in JSON, and of the name of a place, in bytes
	mostShown    = 20  // mistakes
)

// explain completes huma's problem documents: the detail says what is wrong, the
// instance names the request, and a long value is not sent back.
func explain(ctx huma.Context, _ string, v any) (any, error) {
	m, is := v.(*huma.ErrorModel)
	if !is {
		return v, nil
	}
	if id := observe.RequestID(ctx.Context()); id != "" {
		m.Instance = observe.RequestURI(id)
	}
	found := len(m.Errors)
	m.Errors = m.Errors[:min(found, mostShown)]
	for _, d := range m.Errors {
		if len(d.Location) > longestShown {
			d.Location = strings.ToValidUTF8(d.Location[:longestShown], "") + "…"
		}
		if text, err := json.Marshal(d.Value); err != nil || len(text) > longestShown {
			d.Value = nil // nobody needs it back
		}
	}
	if m.Detail == "validation failed" && len(m.Errors) > 0 {
		first := m.Errors[0]
		m.Detail = fmt.Sprintf("%s: %s", first.Location, first.Message)
		if more := found - 1; more > 0 {
			m.Detail += fmt.Sprintf(" %d more mistakes; errors names the first %d.", more, len(m.Errors))
		}
	}
	return m, nil
}
