package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/whitewater-kv/whitewater/reports/summary"
)

// interrupts turns signals into the two ways of ending early: the first ends the load, and what was recorded is healed,
// checked and reported; the second ends everything at once.
type interrupts struct {
	mu     sync.Mutex
	code   int    // 130 or 143 after the first; 0 = none
	folder string // of the run under way, for the second
}

// hearing is a context that ends with the first signal. stop must be called.
func (a *app) hearing(parent context.Context) (ctx context.Context, i *interrupts, stop func()) {
	i = &interrupts{}
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	var listening sync.WaitGroup
	listening.Go(func() {
		select {
		case s := <-signals:
			i.first(s)
			fmt.Fprintln(a.err, "\nwhitewater: interrupted: healing and judging what was recorded; once more ends it at once")
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			i.abandon()
		case <-done:
		}
	})
	return ctx, i, func() {
		signal.Stop(signals)
		close(done)
		listening.Wait()
		cancel()
	}
}

func (i *interrupts) first(s os.Signal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.code = summary.ExitInterrupt
	if s == syscall.SIGTERM {
		i.code = summary.ExitTerminated
	}
}

// signal is the exit code of the signal that ended the load; 0 = none did.
func (i *interrupts) signal() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.code
}

// owns says in which folder the run under way writes down what it starts.
func (i *interrupts) owns(folder string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.folder = folder
}

// abandon ends the members and the program. Members die with the program where the system can do that; elsewhere they
// are ended here.
func (i *interrupts) abandon() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.folder != "" {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = sweep(ctx, i.folder) // what is left, whitewater cleanup ends
	}
	os.Exit(i.code)
}
