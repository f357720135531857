package memory

import (
	"runtime"
	"testing"
)

func TestALineOfTheSystemsCountIsReadInBytes(t *testing.T) {
	text := "MemTotal:       16316412 kB\nMemFree:          812340 kB\nMemAvailable:    9000000 kB\n"
	for _, c := range []struct {
		name string
		want int64
	}{{"MemTotal:", 16316412 << 10}, {"MemAvailable:", 9000000 << 10}, {"Swap:", 0}} {
		if got := field(text, c.name); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
	if got := number("max"); got != 0 {
		t.Errorf("no limit: got %d, want 0", got)
	}
}

func TestTheMachineHasMoreThanIsFree(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	if total, free := Total(), Free(); free <= 0 || total < free {
		t.Errorf("got %d free of %d", free, total)
	}
}
