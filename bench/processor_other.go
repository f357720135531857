//go:build !unix

package main

func processorSeconds() (float64, bool) { return 0, false }
