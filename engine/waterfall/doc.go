// Package waterfall decides how much of a request is allowed, and from where.
//
// It is pure: values in, value out. The time is an argument, nothing is read
// or written, and nothing outside the standard library is imported. One
// request meets the ordered buckets of its feature; each bucket gives what it
// has, and what it cannot cover spills into the next:
//
//	windows → free tier → promotions → entitlements → credits
//
// The order and the contents are data of the plan. [Decide] answers a request
// and says for each bucket that it looked at what was available, what was
// taken and why. [RetryAt] finds the first second at which a denied request
// would pass if only time went by. [View] shows a bucket as it stands.
//
// Quantities are whole units of a feature, 0 … [MaxQuantity]. Credits are
// integers in millionths of a credit. Products are taken in 128 bits, sums
// saturate: a price that is too high is a denial, never an overflow.
//
// A "no" is a value here (an [Outcome] that is not allowed, with its
// [Reason]); the package has no errors except those of plan validation, which
// name the field that is wrong.
package waterfall
