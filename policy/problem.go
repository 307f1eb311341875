package policy

import (
	"strconv"
	"strings"
)

// Problem says in one word what is wrong with a policy. The words are a closed set: see Problems.
type Problem string

// The problems.
const (
	ProblemNotYAML      Problem = "not_yaml"       // the text cannot be read as one YAML document
	ProblemSeveral      Problem = "several"        // more than one document
	ProblemNotPlain     Problem = "not_plain"      // an anchor, an alias or a tag, which a policy has no use for
	ProblemTooLarge     Problem = "too_large"      // more than MaxSize bytes
	ProblemVersion      Problem = "bad_version"    // the version is not the one that this program knows
	ProblemUnknownKey   Problem = "unknown_key"    // nothing has this name in the part that FileError.Key names
	ProblemDuplicateKey Problem = "duplicate_key"  // the same name twice in one part
	ProblemMissing      Problem = "missing"        // something that has to be said is not
	ProblemWrongType    Problem = "wrong_type"     // a list or a number where a text should be
	ProblemNotADuration Problem = "not_a_duration" // not like "30m", "90s", "1h30m"
	ProblemNotASize     Problem = "not_a_size"     // not like "4GiB", "500MiB" or a number of bytes
	ProblemNotInList    Problem = "not_in_list"    // not one of the words that are possible here
	ProblemOutOfRange   Problem = "out_of_range"   // too much or too little
	ProblemTooMany      Problem = "too_many"       // a list that is too long
	ProblemNotHTTPS     Problem = "not_https"      // not a plain https address
	ProblemNotAText     Problem = "not_a_text"     // not one line of at most 300 characters without controls
	ProblemBadID        Problem = "bad_id"         // an identifier with a character that it cannot have
	ProblemDuplicateID  Problem = "duplicate_id"   // something that is in its list already
	ProblemBadPattern   Problem = "bad_pattern"    // a pattern that climbs, or is malformed
	ProblemWholeFolder  Problem = "whole_folder"   // a pattern that stands for everything there
	ProblemNotAbsolute  Problem = "not_absolute"   // a file that is not named from the top
	ProblemNoSearchTerm Problem = "no_search_term" // a search address without {searchTerms}
)

// Problems lists every problem.
func Problems() []Problem {
	return []Problem{
		ProblemNotYAML, ProblemSeveral, ProblemNotPlain, ProblemTooLarge, ProblemVersion, ProblemUnknownKey,
		ProblemDuplicateKey, ProblemMissing, ProblemWrongType, ProblemNotADuration, ProblemNotASize,
		ProblemNotInList, ProblemOutOfRange, ProblemTooMany, ProblemNotHTTPS, ProblemNotAText, ProblemBadID,
		ProblemDuplicateID, ProblemBadPattern, ProblemWholeFolder, ProblemNotAbsolute, ProblemNoSearchTerm,
	}
}

// FileError says what is wrong with a policy, and where. It holds nothing that somebody wrote into the file, so that it
// can be shown and logged.
type FileError struct {
	// Line counts from 1; 0 when the policy did not come from a file, or the problem is nowhere in particular.
	Line int
	// Key names the part by the schema's own names; items of a list count from 1: "services[2].logout". A key that
	// the schema does not have is never repeated: Key is then the part that it stands in. Empty: the whole document.
	Key     string
	Problem Problem
}

// Error says it in one line: "line 7: services[2].logout: not_https".
func (e *FileError) Error() string {
	var parts []string
	if e.Line > 0 {
		parts = append(parts, "line "+strconv.Itoa(e.Line))
	}
	if e.Key != "" {
		parts = append(parts, e.Key)
	}
	return strings.Join(append(parts, string(e.Problem)), ": ")
}
