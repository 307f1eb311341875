package printer

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/OpenPrinting/goipp"
)

// wanted are the attributes that make a Job (RFC 8011, section 5.3; job-printer-state-reasons, job-printer-uri: CUPS).
// Neither a job's name nor the host that it came from is asked for.
func wanted() []string {
	return []string{"job-id", "job-state", "job-state-reasons", "job-printer-uri", "job-printer-state-reasons",
		"job-k-octets", "job-originating-user-name"}
}

// job reads the attributes of a job. It is Mine where the service names user as its account, letter by letter.
func job(g goipp.Attributes, user string) Job {
	states := map[int]State{3: Pending, 4: Held, 5: Processing, 6: Stopped, 7: Canceled, 8: Aborted, 9: Completed}
	j := Job{
		ID: integer(g, "job-id"), State: states[integer(g, "job-state")],
		Mine:  word(g, "job-originating-user-name") == user,
		Bytes: int64(max(0, integer(g, "job-k-octets"))) << 10,
	}
	if j.State == "" {
		j.State = Pending
	}
	j.Reason = jobReason(j.State, words(g, "job-state-reasons"), words(g, "job-printer-state-reasons"))
	uri := word(g, "job-printer-uri")
	if name, err := url.PathUnescape(uri[strings.LastIndexByte(uri, '/')+1:]); err == nil && queue(name) {
		j.Printer = name
	}
	return j
}

// Jobs returns the jobs of an account that are not finished, on all printers, oldest first as the service tells them.
// Only those are returned that the service says are the account's.
func (s *Spooler) Jobs(ctx context.Context, user string) ([]Job, error) {
	return s.jobs(ctx, user, "not-completed")
}

// History returns the jobs of an account that are finished (completed, canceled or aborted) and that the service still
// remembers, with their titles and for a while with their documents. Cancel takes them away one by one.
func (s *Spooler) History(ctx context.Context, user string) ([]Job, error) {
	return s.jobs(ctx, user, "completed")
}

func (s *Spooler) jobs(ctx context.Context, user, which string) ([]Job, error) {
	m := s.request(goipp.OpGetJobs, here+"/", wanted()...)
	m.Operation.Add(goipp.MakeAttribute("which-jobs", goipp.TagKeyword, goipp.String(which)))
	m.Operation.Add(goipp.MakeAttribute("limit", goipp.TagInteger, goipp.Integer(maxJobs)))
	if s.peer == user { // else "mine" would mean those of the account that this process proves to be
		m.Operation.Add(goipp.MakeAttribute("my-jobs", goipp.TagBoolean, goipp.Boolean(true)))
	}
	a, err := s.exchange(ctx, "/", m, nil, s.peer)
	if err == nil {
		err = a.fault()
	}
	if errors.Is(err, ErrNotFound) {
		return nil, nil // no queue, so no job
	}
	if err != nil {
		return nil, fmt.Errorf("listing print jobs: %w", err)
	}
	var found []Job
	for _, g := range a.in(goipp.TagJobGroup) {
		if j := job(g, user); j.Mine && j.ID > 0 {
			j.Mine = user == s.user
			found = append(found, j)
		}
	}
	return s.explained(ctx, found), nil
}

// look asks for one job. ErrNotFound: the service does not know it.
func (s *Spooler) look(ctx context.Context, id int) (Job, error) {
	m := s.request(goipp.OpGetJobAttributes, here+"/", wanted()...)
	m.Operation.Add(goipp.MakeAttribute("job-id", goipp.TagInteger, goipp.Integer(id)))
	a, err := s.exchange(ctx, "/jobs/", m, nil, s.peer)
	if err == nil {
		err = a.fault()
	}
	if err != nil {
		return Job{}, err
	}
	for _, g := range a.in(goipp.TagJobGroup) {
		if j := job(g, s.user); j.ID == id {
			return s.explained(ctx, []Job{j})[0], nil
		}
	}
	return Job{}, ErrAnswer
}

// explained gives jobs that wait the reason that their printer has: the service tells a job's reasons while it is being
// printed only. A printer that cannot be asked leaves them as they are.
func (s *Spooler) explained(ctx context.Context, jobs []Job) []Job {
	waits := func(j Job) bool { return j.Reason == Waiting }
	if !slices.ContainsFunc(jobs, waits) {
		return jobs
	}
	printers, _ := s.Printers(ctx)
	for i, j := range jobs {
		for _, p := range printers {
			if waits(j) && p.Name == j.Printer && p.Reason != "" {
				jobs[i].Reason = p.Reason
			}
		}
	}
	return jobs
}
