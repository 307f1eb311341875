package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"ipguard/policy"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Short: a.say.Text("help.policy.short"), Long: a.say.Text("help.policy.long"),
		Example: "  ipguard policy check\n  ipguard policy check policy.yaml",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "check [FILE]", Short: a.say.Text("help.policy_check.short"), Example: "  ipguard policy check policy.yaml",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.policyCheck(cmd.Context(), args) },
	})
	return cmd
}

// policyCheck reads the policy of the laptop as every command does, or a file as it would be read there.
func (a *app) policyCheck(_ context.Context, args []string) error {
	if len(args) == 1 {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return &exit{code: exitUsage, key: "error.policy_unreadable", word: "policy_unreadable"}
		}
		_, err = policy.Parse(data)
		return a.policyTold(err, "policy.good")
	}
	path, said := policyPath(a.env, a.stateDir), "policy.good"
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		said = "policy.none"
	}
	_, err := policy.Load(path)
	return a.policyTold(err, said)
}

type policyJSON struct {
	Schema  string `json:"schema"`
	Good    bool   `json:"good"`
	Problem string `json:"problem,omitempty"`
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
}

// policyTold says whether a policy is good, or what is wrong and where.
func (a *app) policyTold(err error, said string) error {
	out := policyJSON{Schema: "ipguard.policy/1", Good: err == nil}
	x := &exit{code: exitUsage, key: "error.policy_unreadable", word: "policy_unreadable"}
	if wrong := (*policy.FileError)(nil); errors.As(err, &wrong) {
		out.Problem, out.Line, out.Key = string(wrong.Problem), wrong.Line, wrong.Key
		x.word, x.key = "policy_file", "error.policy_file"
		x.args = []any{wrong.Line, wrong.Key, a.say.Text("problem." + string(wrong.Problem))}
	} else if errors.Is(err, policy.ErrUnsafe) {
		x.word, x.key = "policy_unsafe", "error.policy_unsafe"
	}
	if a.json {
		a.line(out)
	} else if err == nil {
		a.printf(said)
	}
	if err != nil {
		return x
	}
	return nil
}
