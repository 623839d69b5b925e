//go:build unix

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal returns a terminal and a function that returns what it was sent up
// to its end.
func terminal(t *testing.T) (tty *os.File, sent func() string) {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Skip("no terminal here:", err)
	}
	text := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = b.ReadFrom(screen) // ends with an error when the terminal is closed
		text <- b.String()
	}()
	return tty, func() string {
		tty.Close()
		defer screen.Close()
		return <-text
	}
}

func TestProgressIsALineThatGoesAway(t *testing.T) {
	t.Parallel()
	tty, sent := terminal(t)
	p := &progress{out: tty} // its patience is over
	p.tell("reading", 1, 10)
	time.Sleep(150 * time.Millisecond) // longer than between two frames
	p.tell("reading", 4, 10)
	p.tell("reading", 3, 10)
	p.tell("judging", 1, 3)
	p.end()
	got := sent()
	for _, want := range []string{"reading", "1/10", "4/10", "judging", "1/3"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(got, "3/10") {
		t.Errorf("it goes back: %q", got)
	}
	const cleared = "\x1b[2K\r"
	if strings.Contains(got, "\n") || !strings.HasSuffix(got, cleared) {
		t.Errorf("the line stays: %q", got)
	}
}

func TestShortWorkShowsNothing(t *testing.T) {
	t.Setenv("CI", "")
	t.Setenv("TERM", "xterm")
	tty, sent := terminal(t)
	tell, end := showProgress(tty)
	if tell == nil {
		t.Fatal("nobody watches a terminal")
	}
	tell("reading", 1, 10)
	end()
	if got := sent(); got != "" {
		t.Errorf("%q", got)
	}
}

func TestOnlyATerminalIsWatched(t *testing.T) {
	tty, sent := terminal(t)
	defer sent()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, c := range []struct {
		name, ci, term string
		out            *os.File
	}{
		{"a pipe", "", "xterm", w},
		{"the log of a job", "true", "xterm", tty},
		{"a terminal without a cursor", "", "dumb", tty},
	} {
		t.Setenv("CI", c.ci)
		t.Setenv("TERM", c.term)
		if tell, _ := showProgress(c.out); tell != nil {
			t.Errorf("%s is watched", c.name)
		}
	}
	if tell, _ := showProgress(&bytes.Buffer{}); tell != nil {
		t.Error("memory is watched")
	}
}
