// Command vet holds packages, and their tests, to what go vet holds them to, as another system sees them:
//
//	GOOS=windows GOARCH=amd64 vet ./...
//
// It reads all that they import from source, where go vet has it compiled for that system first, which takes four times as long. What does
// not type-check is told too.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/suite/vet"
	"golang.org/x/tools/go/packages"
)

func main() {
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Tests: true}, os.Args[1:]...)
	if err != nil {
		fatal(err)
	}
	if packages.PrintErrors(pkgs) > 0 {
		os.Exit(1)
	}
	found, err := checker.Analyze(vet.Suite, pkgs, nil)
	if err != nil {
		fatal(err)
	}
	if err := found.PrintText(os.Stderr, -1); err != nil {
		fatal(err)
	}
	for _, a := range found.Roots {
		if a.Err != nil {
			fatal(fmt.Errorf("%v: %w", a, a.Err))
		}
		if len(a.Diagnostics) > 0 {
			os.Exit(1)
		}
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
