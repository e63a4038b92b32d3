package ob2_test

import (
	"context"
	"fmt"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/ob2"
)

// site answers from a table.
type site map[string]string

func (s site) Get(_ context.Context, url, _ string) ([]byte, string, error) {
	if text, ok := s[url]; ok {
		return []byte(text), "application/json", nil
	}
	return nil, "", &did.StatusError{Code: 404}
}

func ExampleVerifier_Verify() {
	web := site{
		"https://school.example/a/1": `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://school.example/a/1",
		  "recipient":{"type":"url","hashed":false,"identity":"https://anna.example"},"badge":"https://school.example/b",
		  "verification":{"type":"hosted"},"issuedOn":"2020-06-01T00:00:00Z"}`,
		"https://school.example/b": `{"type":"BadgeClass","id":"https://school.example/b","name":"Bicycles","issuer":"https://school.example/i"}`,
		"https://school.example/i": `{"type":"Profile","id":"https://school.example/i","name":"Village School"}`,
	}
	r := ob2.Verifier{Get: web, Recipient: "https://anna.example"}.Verify(context.Background(), []byte("https://school.example/a/1"), "")
	fmt.Println(r.Badge.Name, "from", r.Issuer.Name)
	for _, c := range r.Checks {
		fmt.Println(c.Name, c.Outcome)
	}
	// Output:
	// Bicycles from Village School
	// structure passed
	// proof passed
	// issuer passed
	// revoked passed
	// period passed
	// recipient passed
}
