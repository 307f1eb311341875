package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/browser/rows"
)

// rowsMemory is the memory that counting is kept within as far as the garbage collector can.
const rowsMemory = 64 << 20

// rowsCommand is for the program itself: it starts it with an account's rights.
func (a *app) rowsCommand() *cobra.Command {
	return &cobra.Command{
		Use: agent.RowsArgument, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetMemoryLimit(rowsMemory)
			return rows.Serve(cmd.Context(), a.in, a.out)
		},
	}
}
