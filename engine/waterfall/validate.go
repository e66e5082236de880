package waterfall

import (
	"fmt"
	"strconv"
)

// Bounds of a plan.
const (
	// MaxWindowSeconds is the longest window: 366 days.
	MaxWindowSeconds int64 = 366 * secondsPerDay
	// MaxBuckets is the most buckets that one feature may list.
	MaxBuckets = 16
	// MaxWindows is the most windows of a bucket and ceilings of a feature.
	MaxWindows = 8
)

// FieldError says what is wrong with an input and where: Field is the path
// below the plan's features, such as "3.waterfall.0.windows.1.limit".
type FieldError struct {
	Field   string
	Problem string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// ValidatePlan checks the features of a plan before it is published: keys that
// are well formed and unique, every bucket with just the settings of its kind,
// at most one bucket of each kind that draws on grants. It returns the first
// fault as a *FieldError, or nil.
func ValidatePlan(features []Rules) error {
	seen := map[string]bool{}
	for i := range features {
		at := strconv.Itoa(i)
		f := &features[i]
		if seen[f.Feature] {
			return &FieldError{at + ".feature", "is listed twice"}
		}
		seen[f.Feature] = true
		if err := validateWaterfall(at+".waterfall", f.Buckets); err != nil {
			return err
		}
		if err := validateWindows(at+".ceilings", f.Ceilings); err != nil {
			return err
		}
	}
	return nil
}

func validateWaterfall(at string, buckets []Bucket) error {
	if len(buckets) > MaxBuckets {
		return &FieldError{at, fmt.Sprintf("has more than %d buckets", MaxBuckets)}
	}
	keys, kinds := map[string]bool{}, map[Kind]bool{}
	for i := range buckets {
		b, at := &buckets[i], at+"."+strconv.Itoa(i)
		if !ValidID(b.Key) {
			return &FieldError{at + ".key", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -"}
		}
		if keys[b.Key] {
			return &FieldError{at + ".key", "is used by another bucket of this feature"}
		}
		keys[b.Key] = true
		if b.Kind < RateLimit || b.Kind > Credit {
			return &FieldError{at + ".kind", "is not a kind of bucket"}
		}
		if !b.Kind.Counted() && kinds[b.Kind] {
			return &FieldError{at + ".kind", "only one bucket of kind " + b.Kind.String() + " is possible in a feature"}
		}
		kinds[b.Kind] = true
		if err := validateBucket(at, b); err != nil {
			return err
		}
	}
	return nil
}

func validateBucket(at string, b *Bucket) error {
	if b.Kind != RateLimit && len(b.Windows) > 0 {
		return &FieldError{at + ".windows", "belong to a RATE_LIMIT only"}
	}
	if b.Kind != FreeTier && b.Quota != 0 {
		return &FieldError{at + ".quota", "belongs to a FREE_TIER only"}
	}
	if b.Kind != FreeTier && b.Period != NoPeriod {
		return &FieldError{at + ".period", "belongs to a FREE_TIER only"}
	}
	switch {
	case b.Kind == RateLimit && len(b.Windows) == 0:
		return &FieldError{at + ".windows", "must hold at least one window"}
	case b.Kind == FreeTier && (b.Quota < 1 || b.Quota > MaxQuantity):
		return &FieldError{at + ".quota", "must be 1 to 9007199254740991"}
	case b.Kind == FreeTier && (b.Period < Day || b.Period > Month):
		return &FieldError{at + ".period", "must be DAY, WEEK or MONTH for a FREE_TIER"}
	}
	return validateWindows(at+".windows", b.Windows)
}

func validateWindows(at string, windows []Window) error {
	if len(windows) > MaxWindows {
		return &FieldError{at, fmt.Sprintf("has more than %d windows", MaxWindows)}
	}
	for i, w := range windows {
		at := at + "." + strconv.Itoa(i)
		if w.Limit < 1 || w.Limit > MaxQuantity {
			return &FieldError{at + ".limit", "must be 1 to 9007199254740991"}
		}
		if w.Seconds < 1 || w.Seconds > MaxWindowSeconds {
			return &FieldError{at + ".duration", "must be whole seconds from PT1S to P366D"}
		}
	}
	return nil
}

// ValidID tells whether a string may be the id of an account, feature, plan or
// bucket: [A-Za-z0-9._:@/-]{1,128}.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 128 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '_', c == ':', c == '@', c == '/', c == '-':
		default:
			return false
		}
	}
	return true
}
