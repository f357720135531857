//go:build !unix

package runner

// alive cannot be told here: leases run out by themselves.
func alive(int) bool { return true }
