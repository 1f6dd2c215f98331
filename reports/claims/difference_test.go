package claims_test

import (
	"errors"
	"testing"

	"github.com/whitewater-kv/whitewater/reports/claims"
)

// The grammar of claims on a difference, and what is said of those that are none.
func TestParseDifference(t *testing.T) {
	for expr, want := range map[string]claims.Claim{
		"read.p99{quiet} < +5%":      {Op: "read", Phase: "quiet", Sign: "<", Limit: .05},
		" all.rate > -2% ":           {Op: "all", Phase: "all", Sign: ">", Limit: -.02},
		"write.p99.9{faulty}<=12.5%": {Op: "write", Phase: "faulty", Sign: "<=", Limit: .125},
		"cas.p50 < 0%":               {Op: "cas", Phase: "all", Sign: "<", Limit: 0},
	} {
		c, err := claims.ParseDifference(expr)
		if err != nil || c.Op != want.Op || c.Phase != want.Phase || c.Sign != want.Sign || c.Limit != want.Limit || c.Unit != claims.Share {
			t.Errorf("%q: %+v, %v", expr, c, err)
		}
	}
	for expr, want := range map[string]string{
		"read.p99 < 25ms":         `claim "read.p99 < 25ms", column 12: "25ms" is no change (allowed: +5%, -2%, 0%)`,
		"read.p99 < 5":            `claim "read.p99 < 5", column 12: "5" is no change (allowed: +5%, -2%, 0%)`,
		"read.p99 < -100%":        `claim "read.p99 < -100%", column 12: "-100%" is no change (allowed: +5%, -2%, 0%)`,
		" all.sustained > -2%":    `claim " all.sustained > -2%", column 2: "all.sustained" cannot be claimed of a difference (allowed: an operation and a percentile or rate: read.p99, all.rate)`,
		"checks":                  `claim "checks", column 1: "checks" cannot be claimed of a difference (allowed: an operation and a percentile or rate: read.p99, all.rate)`,
		"watch.lag.p99 < +5%":     `claim "watch.lag.p99 < +5%", column 1: "watch.lag.p99" cannot be claimed of a difference (allowed: an operation and a percentile or rate: read.p99, all.rate)`,
		"read.p99 == +5%":         `claim "read.p99 == +5%", column 10: a measured quantity never equals a limit exactly (allowed: <, <=, >, >=)`,
		"read.p99{calm} < +5%":    `claim "read.p99{calm} < +5%", column 10: unknown phase "calm" (allowed: quiet, faulty, recovery, all)`,
		"":                        "",
		"read.p99{quiet} < +NaN%": "",
	} {
		_, err := claims.ParseDifference(expr)
		var wrong *claims.Error
		if !errors.As(err, &wrong) || want != "" && err.Error() != want {
			t.Errorf("%q: %v", expr, err)
		}
	}
}
