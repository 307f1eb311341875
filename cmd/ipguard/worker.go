package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"ipguard/agent/worker"
)

// workerMemory is the memory that a worker is kept within as far as the garbage collector can.
const workerMemory = 16 << 20

// workerCommand is for the program itself: it starts it with an account's rights.
func (a *app) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use: worker.Argument, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetMemoryLimit(workerMemory)
			return worker.Serve(cmd.Context(), a.in, a.out)
		},
	}
}
