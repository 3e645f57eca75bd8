// Flowctl watches Azure networks for a while and answers what it saw. This
// package is the program: streams, signals and the exit status.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"flowctl/cmd/flowctl/docs"
	"flowctl/cmd/internal/command"
	"flowctl/cmd/internal/env"
)

func main() {
	os.Exit(run())
}

// run lives apart from main so that what it defers is done before the exit.
func run() int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	return command.Main(ctx, &env.Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(), Docs: docs.Files,
	})
}

// interrupted is the exit status that shells know for a second Ctrl-C.
const interrupted = 130

// interruptible returns a context that the first interrupt, or the end of the terminal (SIGHUP), ends, so that the
// step under way is finished and saved; the second ends the process.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(interrupted)
	}()
	return ctx, cancel
}
