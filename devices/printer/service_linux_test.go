package printer

import (
	"testing"
	"time"

	"ipguard/devices/printer/printertest"
)

// service is a real print service of the test's own.
type service struct{ *printertest.Service }

func newService(t testing.TB, more ...string) *service { return &service{printertest.New(t, more...)} }

// as returns a Spooler of this process, root, for an account.
func (s *service) as(user string) *Spooler {
	p := New(Options{Socket: s.Socket, User: user})
	p.pause, p.longest = 50*time.Millisecond, 200*time.Millisecond
	return p
}
