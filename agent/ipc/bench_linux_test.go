package ipc

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkStatus is one question to the service, with the median and the 99th percentile.
func BenchmarkStatus(b *testing.B) {
	for name, fresh := range map[string]bool{"kept": false, "fresh": true} {
		b.Run(name, func(b *testing.B) {
			c := Dial(up(b, &fake{account: shared}))
			defer c.Close()
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := c.Status(b.Context(), ""); err != nil {
					b.Fatal(err)
				}
				if fresh {
					c.Close()
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
