package core

// Usage is what is known of how much of an account's quota is used, at one moment. The zero value knows nothing.
type Usage struct {
	// At is when it was seen.
	At Time
	// Plan is what the provider calls the account's plan, lower case, e.g. "pro"; "" when it is not known.
	Plan string
	// Windows has an entry for each limit the provider tells of, in the order it tells them.
	Windows []Window
	// BlockedUntil is when an account that is blocked by a limit returns; zero when it is not blocked or no end is told.
	BlockedUntil Time
	Balance      Balance
	// Error says in plain words why nothing or not all could be read; "" when all was.
	Error string
}

// Window is one limit on use: it fills until it resets. What is not known is said to be so, never taken for zero or full.
type Window struct {
	// Name tells the windows of an account apart and is what people read: "5h", "weekly", "monthly", "requests", "tokens".
	Name string
	// Model is the model or family of models that alone is counted, as the provider writes it; "" counts all.
	Model string
	// Used is the part that is used in percent, 0 to 100 and above where the provider counts overage. It means nothing unless Known.
	Used  float64
	Known bool
	// Length is how long the window lasts; 0 when it is not known.
	Length Duration
	// ResetsAt is when it is empty again; zero when it is not known. A window that begins with its first use has none before that.
	ResetsAt Time
}

// Balance is money or credits that an account draws on. The zero value knows nothing.
type Balance struct {
	// Known says that Amount is.
	Known  bool
	Amount float64
	// Currency is an ISO 4217 code or what the provider counts in, e.g. "credits"; "" when it is not told.
	Currency string
	// Exhausted says that the provider refuses because of it.
	Exhausted bool
}
