package waterfall

// Reason says why a step gave what it gave, or why a decision ended as it
// did. The values are stored; their order must not change.
type Reason uint8

// The reasons of the public contract, in its order.
const (
	ReasonNone Reason = iota
	Funded
	PartlyFunded
	Exhausted
	NotApplicable
	Indivisible
	CeilingReached
	SpendCapReached
	InsufficientCredits
	FeatureNotInPlan
	AccountSuspended
)

var reasonNames = [...]string{
	"", "FUNDED", "PARTLY_FUNDED", "EXHAUSTED", "NOT_APPLICABLE", "INDIVISIBLE", "CEILING_REACHED",
	"SPEND_CAP_REACHED", "INSUFFICIENT_CREDITS", "FEATURE_NOT_IN_PLAN", "ACCOUNT_SUSPENDED",
}

// String is the reason's name in the public contract.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "UNKNOWN"
}
