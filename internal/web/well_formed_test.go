package web

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

func TestAddressesAndFormsThatNoDatabaseTakes(t *testing.T) {
	for _, bad := range []string{"/issuers/%ff", "/issuers/a%00b", "/console/x/awards?q=%00", "/console/x/awards?q=%ff", "/verify?link=%zz"} {
		u, err := url.Parse(bad)
		if err != nil {
			t.Fatal(err)
		}
		if fault.KindOf(wellFormed(u)) != fault.NotFound {
			t.Errorf("%s is let through", bad)
		}
	}
	for _, good := range []string{"/", "/issuers/universitat-koln", "/verify?link=https%3A%2F%2Fexample.org%2F%C3%BC%3Fa%3Db%2Bc", "/console/x/awards?q=%E5%AD%A6"} {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(u); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for body, want := range map[string]string{"name=a%00b": "name", "name=a%ffb": "name", "name=%C3%BC": ""} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		err := readForm(httptest.NewRecorder(), r, formLimit)
		if (err == nil) != (want == "") || (want != "" && fault.FieldMessage(err, want) == "") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
