package openbadge

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/credential"
)

func TestSupersedes(t *testing.T) {
	for name, c := range map[string]struct {
		change           func(*AchievementCredential)
		same, supersedes bool
	}{
		"as it is": {func(*AchievementCredential) {}, true, false},
		"later":    {func(c *AchievementCredential) { c.ValidFrom = c.ValidFrom.Add(time.Second) }, true, true},
		"earlier":  {func(c *AchievementCredential) { c.ValidFrom = c.ValidFrom.Add(-time.Second) }, true, false},
		"encoded, later": {func(c *AchievementCredential) {
			c.ID = " https://uni.edu/%61wards/1 "
			c.ValidFrom = c.ValidFrom.Add(1)
		}, true, true},
		"other id":     {func(c *AchievementCredential) { c.ID += "0"; c.ValidFrom = c.ValidFrom.Add(1) }, false, false},
		"other issuer": {func(c *AchievementCredential) { c.Issuer.ID = "did:web:evil.example"; c.ValidFrom = c.ValidFrom.Add(1) }, false, false},
	} {
		old, other := maximalBadge(), maximalBadge()
		c.change(other)
		if other.Same(old) != c.same || old.Same(other) != c.same || other.Supersedes(old) != c.supersedes {
			t.Errorf("%s: got %v, %v", name, other.Same(old), other.Supersedes(old))
		}
	}
	if (&AchievementCredential{}).Same(&AchievementCredential{}) {
		t.Error("badges without an id are the same")
	}
}

// The twin of version 1.1 of the data model is read, with its names for the
// dates, and never written.
func TestVersion11IsReadOnly(t *testing.T) {
	c, err := credential.Parse([]byte(`{
	  "@context": ["https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
	  "id": "urn:uuid:1", "type": ["VerifiableCredential", "OpenBadgeCredential"], "name": "N",
	  "issuer": {"id": "https://uni.edu/issuer", "type": ["Profile"], "name": "U"},
	  "issuanceDate": "2022-01-01T00:00:00Z", "expirationDate": "2030-01-01T00:00:00Z",
	  "credentialSubject": {"id": "did:example:1", "type": ["AchievementSubject"],
	    "achievement": {"id": "urn:uuid:2", "type": ["Achievement"], "name": "N", "description": "D", "criteria": {"narrative": "C"}}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Read(c)
	if err != nil {
		t.Fatal(err)
	}
	if b.ValidFrom.Year() != 2022 || b.ValidUntil.Year() != 2030 {
		t.Errorf("got %v to %v", b.ValidFrom, b.ValidUntil)
	}
	if _, err := b.Document(); err == nil || !strings.Contains(err.Error(), "/@context") {
		t.Errorf("written: %v", err)
	}
}

// A name is misspelt if it is a known one but for letter case, and only then.
func TestMisspelt(t *testing.T) {
	for _, known := range []map[string]string{names, namesOf(reflect.TypeFor[Achievement]())} {
		for _, name := range known {
			for _, key := range []string{name, strings.ToUpper(name), strings.ToLower(name), strings.ToUpper(name[:1]) + name[1:], name + "x", strings.Replace(name, "s", "\u017f", 1), strings.Replace(name, "k", "\u212a", 1)} {
				want := false
				for _, one := range known {
					want = want || one != key && strings.EqualFold(one, key)
				}
				if got := misspelt(key, known); got != want {
					t.Errorf("misspelt(%q) = %t", key, got)
				}
			}
		}
	}
	if misspelt("ID", nil) || misspelt("", names) || misspelt("unheard", names) {
		t.Error("what is not known is misspelt")
	}
}
