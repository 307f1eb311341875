// Package wipe holds the words and the decisions of a wipe: accounts, artifacts, roots, plans, results and reports, and
// the pure computation of a plan from policy, catalogue, baseline and facts.
//
// It does not touch the operating system: reading and changing trees is package walk, removing is package erase, the
// second reading is package verify, and joining them to processes and state is package agent.
package wipe
