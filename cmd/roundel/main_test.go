package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this test binary as the command roundel.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"roundel": main})
}

// TestScripts runs testdata/*.txtar: what a person types, and what they see.
// The commands beyond testscript's own are in script_test.go.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples(t))
			e.Values[serverKey{}] = &servers{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"mode":   mode,
			"known":  known,
			"secret": secret,
			"empty":  empty,
			"change": change,
			"report": report,
			"start":  start,
			"stop":   stop,
			"post":   post,
		},
	})
}

// examples is the folder that docs/issue.md leads to.
func examples(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../../examples"
}
