// Package pin keeps the helper's PIN, with which documents that were set aside are given back.
//
// It writes down only what a PIN can be checked with, and how often it was guessed wrongly. It does not ask anybody, does
// not know what the PIN opens, and does not keep an administrator out, who can forget the PIN at any time.
package pin

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"
)

// Errors of a PIN.
var (
	ErrWrong   = errors.New("the PIN is wrong")
	ErrNone    = errors.New("no PIN is set")
	ErrFormat  = errors.New("not a PIN that can be used")
	ErrDamaged = errors.New("the PIN's record is damaged")
)

// Locked says that too many wrong PINs were tried: nothing is checked until Wait is over.
type Locked struct{ Wait time.Duration }

// Error says how long.
func (l *Locked) Error() string { return "too many wrong PINs: wait " + l.Wait.String() }

const (
	minDigits, maxDigits = 4, 12
	// free is how many wrong PINs may be tried before the first wait.
	free                = 5
	firstWait, mostWait = time.Minute, time.Hour
	saltBytes           = 16
	// rounds of PBKDF2 with SHA-256, as the OWASP Password Storage Cheat Sheet has it.
	rounds, mostRounds = 600_000, 10_000_000
)

// Store keeps the PIN of one account. Whoever uses it holds the account's lock.
type Store struct {
	// Dir is the folder of the account in the state, which administrators alone can write.
	Dir string
	Now func() time.Time
	// Boot tells which start of the machine this is and how long ago it was, time asleep counted, by a clock that nobody
	// can set; an empty id: not known. Nil is allowed.
	Boot func() (id string, up time.Duration)
}

// Set sets the PIN: four to twelve digits, not all the same and not one after the other. ErrFormat for any other.
func (s Store) Set(pin string) error {
	if !digits(pin) || weak(pin) {
		return ErrFormat
	}
	rec := record{Salt: make([]byte, saltBytes), Rounds: rounds}
	_, _ = rand.Read(rec.Salt) // it never fails: crypto/rand
	var err error
	if rec.Key, err = derive(pin, rec); err != nil {
		return err
	}
	return s.save(rec)
}

// Exists says whether a PIN is set.
func (s Store) Exists() (bool, error) {
	_, err := s.load()
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil || errors.Is(err, ErrDamaged), err
}

// Check compares. ErrNone: there is no PIN; ErrFormat: what cannot be one, which does not count as a try; ErrWrong; *Locked
// when too many were wrong: nothing was compared. That somebody tries is on the medium before it is known whether the PIN
// is right, so that nobody gains a try by switching the machine off.
func (s Store) Check(pin string) error {
	rec, err := s.load()
	if err != nil {
		return err
	}
	if !digits(pin) {
		return ErrFormat
	}
	if err := s.locked(&rec); err != nil {
		return err
	}
	rec.Tries++
	s.stamp(&rec)
	if err := s.save(rec); err != nil {
		return err
	}
	key, err := derive(pin, rec)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(key, rec.Key) != 1 {
		return ErrWrong
	}
	rec.Tries = 0
	return s.save(rec)
}

// locked says how long nothing is checked. A clock that was put back, and another start of the machine, after which no
// clock can be told from one that was put forward, let the wait count anew.
func (s Store) locked(rec *record) error {
	if rec.Tries < free {
		return nil
	}
	wait := mostWait
	if n := rec.Tries - free; n < 6 {
		wait = min(firstWait<<n, mostWait)
	}
	id, up := s.boot()
	since := time.Duration(s.Now().Unix()-rec.At) * time.Second
	switch {
	case id != rec.Boot:
		since = -1
	case id != "":
		since = up - time.Duration(rec.Up)*time.Millisecond
	}
	if since >= wait {
		return nil
	}
	if since < 0 {
		since = 0
		s.stamp(rec)
		if err := s.save(*rec); err != nil {
			return err
		}
	}
	return &Locked{Wait: wait - since}
}

// stamp notes when the last try was.
func (s Store) stamp(rec *record) {
	id, up := s.boot()
	rec.At, rec.Boot, rec.Up = s.Now().Unix(), id, up.Milliseconds()
}

func (s Store) boot() (string, time.Duration) {
	if s.Boot == nil {
		return "", 0
	}
	return s.Boot()
}

func derive(pin string, rec record) ([]byte, error) {
	return pbkdf2.Key(sha256.New, pin, rec.Salt, rec.Rounds, sha256.Size)
}

func digits(pin string) bool {
	if len(pin) < minDigits || len(pin) > maxDigits {
		return false
	}
	for _, c := range []byte(pin) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// weak reports whether every digit follows the one before in the same way: 0000, 1234, 9876, 8901.
func weak(pin string) bool {
	step := (pin[1] - pin[0] + 10) % 10
	if step != 0 && step != 1 && step != 9 {
		return false
	}
	for i := 2; i < len(pin); i++ {
		if (pin[i]-pin[i-1]+10)%10 != step {
			return false
		}
	}
	return true
}
