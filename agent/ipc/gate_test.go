package ipc

import (
	"fmt"
	"testing"
)

func enter(g *gate, purse string, admin bool, tries int) (in int) {
	for range tries {
		if g.enter(purse, admin) {
			in++
		}
	}
	return in
}

// One account, many accounts together: there is always room for another one and for an administrator.
func TestGateKeepsRoom(t *testing.T) {
	g := newGate()
	if n := enter(g, "1001", false, 10_000); n != connEach {
		t.Errorf("one account has %d connections, want %d", n, connEach)
	}
	for i := range 5 {
		enter(g, fmt.Sprint(2000+i), false, 1000)
	}
	if n := enter(g, "3000", false, connFew); n != connFew {
		t.Errorf("after six greedy accounts another one has %d connections, want %d", n, connFew)
	}
	for i := range 1000 {
		enter(g, fmt.Sprint(4000+i), false, 1000)
	}
	if g.open() != connMost-connReserve {
		t.Errorf("%d connections are open, want %d", g.open(), connMost-connReserve)
	}
	if n := enter(g, "0", true, connReserve); n != connReserve {
		t.Errorf("an administrator has %d connections, want %d", n, connReserve)
	}
	if g.enter("0", true) {
		t.Error("there is no end to it")
	}
	for range connEach {
		g.leave("1001", false)
	}
	if n := enter(g, "1001", false, 10_000); n != connFew {
		t.Errorf("in a crowd an account that left and came back has %d connections, want %d", n, connFew)
	}
}

func TestSeats(t *testing.T) {
	s := newSeats(followersMost, followersEach)
	in := 0
	for i := range 100 {
		for range 100 {
			if s.take(fmt.Sprint(i)) {
				in++
			}
		}
	}
	if in != followersMost || s.each["0"] != followersEach {
		t.Errorf("%d follow, %d of one account; want %d and %d", in, s.each["0"], followersMost, followersEach)
	}
	for range followersEach {
		s.leave("0")
	}
	if s.take("1") || !s.take("77") || !s.take("0") {
		t.Error("seats that were given back are for whoever has none yet or few")
	}
}
