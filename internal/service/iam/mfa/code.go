package mfa

import (
	"crypto/subtle"
	"encoding/base32"
	"time"

	"github.com/pquerna/otp/hotp"
)

// step is how long a code lasts (RFC 6238).
const step = 30 * time.Second

// Seed is the stored secret of a device and what is known of its clock.
type Seed struct {
	Secret  []byte
	Enabled int64 // ms, 0 while nobody has it
	Drift   int64 // steps by which the device's clock is ahead
	Last    int64 // step of the newest code that was taken: it and older ones are spent
}

func stepAt(now time.Time) int64 { return now.Unix() / int64(step/time.Second) }

// code is what the device shows in a step: six digits by HMAC-SHA-1 (RFC 4226).
func (s *Seed) code(at int64) (string, error) {
	return hotp.GenerateCode(base32.StdEncoding.EncodeToString(s.Secret), uint64(at))
}

// shows reports whether the device shows a code in a step.
func (s *Seed) shows(at int64, code string) (bool, error) {
	want, err := s.code(at)
	return subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1, err
}

// Windows in steps: a code may be one step early or late; two consecutive codes
// tell how far a clock is off, by up to ten minutes.
const (
	tolerance = 1
	farthest  = 20
)

// take looks for an unspent code around now and spends it.
func (s *Seed) take(code string, now time.Time) (bool, error) {
	center := stepAt(now) + s.Drift
	for at := center - tolerance; at <= center+tolerance; at++ {
		if at <= s.Last {
			continue
		}
		ok, err := s.shows(at, code)
		if err != nil {
			return false, err
		}
		if ok {
			s.Last = at
			return true, nil
		}
	}
	return false, nil
}

// synchronize finds where two consecutive codes stand, notes how far off the
// device's clock is, and spends both.
func (s *Seed) synchronize(first, second string, now time.Time) (bool, error) {
	center := stepAt(now)
	for distance := int64(0); distance <= farthest; distance++ {
		for _, at := range []int64{center - distance, center + distance} {
			if at <= s.Last {
				continue
			}
			one, err := s.shows(at, first)
			if err != nil {
				return false, err
			}
			two, err := s.shows(at+1, second)
			if err != nil {
				return false, err
			}
			if one && two {
				s.Last, s.Drift = at+1, at+1-center
				if s.Drift >= -tolerance && s.Drift <= tolerance {
					s.Drift = 0 // whoever types is slow: the clock is right
				}
				return true, nil
			}
		}
	}
	return false, nil
}
