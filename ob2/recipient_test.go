package ob2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/openbadge"
)

func TestHashedEmail(t *testing.T) {
	to, err := ob2.HashedEmail(" Anna@Example.com ", strings.NewReader("0123456789abcdef"))
	want := ob2.Recipient{Type: "email", Hashed: true, Salt: "30313233343536373839616263646566", Identity: openbadge.HashIdentity("anna@example.com", "30313233343536373839616263646566")}
	if err != nil || to != want {
		t.Errorf("%+v, %v", to, err)
	}
	one, err := ob2.HashedEmail("anna@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := ob2.HashedEmail("anna@example.com", nil); err != nil || one.Salt == two.Salt || len(one.Salt) != 32 {
		t.Errorf("salts %q and %q, %v", one.Salt, two.Salt, err)
	}
	if to, err := ob2.HashedEmail("anna", nil); !errors.Is(err, openbadge.ErrIdentifier) {
		t.Errorf("%+v, %v", to, err)
	}
	if to, err := ob2.HashedEmail("anna@example.com", strings.NewReader("short")); err == nil {
		t.Errorf("a short random source gives %+v", to)
	}
}

func ExampleHashedEmail() {
	to, err := ob2.HashedEmail("Anna@example.com", nil)
	fmt.Println(to.Type, to.Hashed, len(to.Salt), strings.HasPrefix(to.Identity, "sha256$"), err)
	// Output: email true 32 true <nil>
}
