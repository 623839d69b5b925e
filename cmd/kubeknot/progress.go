package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// patience is how long a command works without showing that it does.
const patience = time.Second

// progress is a line on a terminal that says how far the work is.
type progress struct {
	out  io.Writer
	from time.Time // nothing is shown before

	mu   sync.Mutex
	work string
	bar  *progressbar.ProgressBar // nil while nothing is shown
}

// showProgress returns what to tell of the work, and a function that takes the line
// away again, to be called before anything else is written. Nobody is watching
// what is no terminal, and jobs of CI whose log is one keep every line.
func showProgress(stderr io.Writer) (tell func(work string, done, total int), end func()) {
	file, ok := stderr.(*os.File)
	if !ok || !isatty.IsTerminal(file.Fd()) || os.Getenv("TERM") == "dumb" || os.Getenv("CI") != "" {
		return nil, func() {}
	}
	p := &progress{out: stderr, from: time.Now().Add(patience)}
	return p.tell, p.end
}

func (p *progress) tell(work string, done, total int) {
	if time.Now().Before(p.from) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil || p.work != work || p.bar.GetMax() != total {
		p.clear()
		p.work = work
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(work),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish())
	}
	if done > int(p.bar.State().CurrentNum) { // goroutines overtake each other
		_ = p.bar.Set(done) // a terminal that takes nothing has no line to spoil
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
