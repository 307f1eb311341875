package managed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
)

// Equal tells whether two values are the same to a browser, whatever Go type a decoder chose for a number: 2, 2.0 and
// json.Number("2") are equal, but 2 is not "2" and true is not 1. The order in a list counts, that of an object does not.
func Equal(a, b any) bool {
	a, b = plain(a), plain(b)
	switch left := a.(type) {
	case *big.Rat:
		right, ok := b.(*big.Rat)
		return ok && left.Cmp(right) == 0
	case []any:
		right, ok := b.([]any)
		if !ok || len(left) != len(right) {
			return false
		}
		for i := range left {
			if !Equal(left[i], right[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		right, ok := b.(map[string]any)
		if !ok || len(left) != len(right) {
			return false
		}
		for name, value := range left {
			other, there := right[name]
			if !there || !Equal(value, other) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a, b)
	}
}

// SameType tells whether a browser that expects the type of one value takes the other: both null, boolean, string, number,
// list or object. What is inside a list or an object does not count, nor whether a number is whole.
func SameType(a, b any) bool {
	a, b = plain(a), plain(b)
	return reflect.TypeOf(a) == reflect.TypeOf(b) || isNumber(a) && isNumber(b)
}

// JSON returns the values as an object with sorted names, indented, with a newline at its end. The same values always give
// the same bytes. No values give "{}".
func (s Settings) JSON() ([]byte, error) {
	values := s.Values
	if values == nil {
		values = map[string]any{}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // addresses with & stay legible
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(values); err != nil {
		return nil, fmt.Errorf("encoding settings: %w", err)
	}
	return out.Bytes(), nil
}

// isNumber also knows those that plain leaves alone.
func isNumber(v any) bool {
	switch v.(type) {
	case *big.Rat, json.Number, float64, float32:
		return true
	default:
		return false
	}
}

// plain brings a value to one of nil, bool, string, *big.Rat, []any, map[string]any. What JSON does not know stays as it is.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, string, *big.Rat, []any, map[string]any:
		return v
	case json.Number:
		return number(v)
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return new(big.Rat).SetInt64(r.Int())
	case r.CanUint():
		return new(big.Rat).SetUint64(r.Uint())
	case r.CanFloat():
		if rat := new(big.Rat).SetFloat64(r.Float()); rat != nil {
			return rat
		}
	}
	return v
}

// number does not compute a number with a huge exponent: a hostile file could ask for gigabytes that way. Such a number is
// equal only to itself, and nothing that a browser is told comes near it.
func number(n json.Number) any {
	if at := strings.IndexAny(string(n), "eE"); at >= 0 && len(n)-at > 4 || len(n) > 64 {
		return n
	}
	if rat, ok := new(big.Rat).SetString(string(n)); ok {
		return rat
	}
	return n
}
