package ipc

import "sync"

// How many connections there may be. A command needs one; the whole machine has a handful of accounts.
const (
	connMost    = 128 // in all
	connReserve = 16  // of them for administrators only
	connEach    = 16  // of an account that is none
	// From half full on, whoever has connFew already gets no more, so that a few accounts together do not keep the
	// others out.
	connCrowd = 64
	connFew   = 4
)

// gate counts connections. It is safe for concurrent use.
type gate struct {
	mu       sync.Mutex
	all      int
	ordinary int            // of those who are no administrator
	each     map[string]int // of those, by purse
}

func newGate() *gate { return &gate{each: map[string]int{}} }

// enter takes a place and says whether there was one.
func (g *gate) enter(purse string, admin bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= connMost {
		return false
	}
	if !admin {
		has := g.each[purse]
		if g.ordinary >= connMost-connReserve || has >= connEach || g.ordinary >= connCrowd && has >= connFew {
			return false
		}
		g.ordinary++
		g.each[purse]++
	}
	g.all++
	return true
}

// leave gives a place back.
func (g *gate) leave(purse string, admin bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if admin {
		return
	}
	g.ordinary--
	if g.each[purse]--; g.each[purse] == 0 {
		delete(g.each, purse)
	}
}

// open is how many connections there are.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all
}

// How many may follow wipes at once.
const (
	followersMost = 32
	followersEach = 8
)

// How many long requests may be read at once. Those of administrators are counted apart, so that nobody keeps them out.
const (
	bulkMost = 2
	bulkEach = 1
)

// seats counts what accounts may do at once only so often. It is safe for concurrent use.
type seats struct {
	most, mostEach int
	mu             sync.Mutex
	all            int
	each           map[string]int
}

func newSeats(most, each int) *seats {
	return &seats{most: most, mostEach: each, each: map[string]int{}}
}

// take says whether there was a seat for the account; then it is to be given back with leave.
func (s *seats) take(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.each[account] >= s.mostEach {
		return false
	}
	s.all++
	s.each[account]++
	return true
}

func (s *seats) leave(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.each[account]--; s.each[account] == 0 {
		delete(s.each, account)
	}
}
