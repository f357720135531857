// Command assay is a lab for convolutional networks: see package internal/cli.
package main

import (
	"os"

	"github.com/assaylab/assay/internal/cli"
)

func main() { os.Exit(cli.Main()) }
