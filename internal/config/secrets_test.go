package config

import (
	"strings"
	"testing"
)

// TestLinesHideSecrets: wherever an address may carry a password, it is not shown.
func TestLinesHideSecrets(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://roundel:hunter2@db.example.org/roundel":                          "postgres://roundel:xxxxx@db.example.org/roundel",
		"postgres://db.example.org/roundel?user=roundel&password=hunter2":            "postgres://db.example.org/roundel?user=roundel&password=xxxxx",
		"postgres://db.example.org/roundel?sslkey=/k&sslpassword=hunter2":            "postgres://db.example.org/roundel?sslkey=/k&sslpassword=xxxxx",
		"postgres://a:hunter2@db.example.org/?p%61ssword=hunter2&%zz=hunter2":        "postgres://a:xxxxx@db.example.org/?p%61ssword=xxxxx&%zz=xxxxx",
		"postgres://roundel:hunter2%@db.example.org/roundel":                         "postgres://xxxxx",
		"postgres://db.example.org/roundel?sslmode=verify-full&application_name=two": "postgres://db.example.org/roundel?sslmode=verify-full&application_name=two",
	} {
		lines := strings.Join((&Config{Database: address, DatabaseOwner: address, Blobs: address, OTLPEndpoint: address}).Lines(), "\n")
		if strings.Contains(lines, "hunter2") {
			t.Errorf("the password of %s is shown:\n%s", address, lines)
		}
		for _, name := range []string{"DATABASE", "DATABASE_OWNER", "BLOBS", "OTLP_ENDPOINT"} {
			if !strings.Contains(lines, "ROUNDEL_"+name+"="+want+"\n") {
				t.Errorf("%s=%s is not shown as %s:\n%s", name, address, want, lines)
			}
		}
	}
}
