package openbadge

import (
	"bytes"
	"encoding/json"
	"time"
)

// encode is json.Marshal without the escapes that only web pages need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// MarshalJSON implements json.Marshaler. Times are written in UTC and in whole
// seconds.
func (c AchievementCredential) MarshalJSON() ([]byte, error) {
	type plain AchievementCredential
	for _, t := range []*time.Time{&c.ValidFrom, &c.ValidUntil, &c.AwardedDate, &c.Subject.ActivityStartDate, &c.Subject.ActivityEndDate} {
		*t = wholeSeconds(*t)
	}
	return encode(plain(c))
}

// MarshalJSON implements json.Marshaler. One status is written as an object,
// which is all that the published JSON Schemas of Open Badges 3.0 know; several
// as an array, as the Verifiable Credentials Data Model 2.0 has it.
func (s Statuses) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return encode(s[0])
	}
	return encode([]StatusEntry(s))
}

func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}
