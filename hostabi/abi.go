package hostabi

// Version is that of the contract: names, header and error codes. What messages look like is SchemaHash.
const Version = 1

// Names of the guest's exports and of the module its own imports come from.
const (
	ExportMemory     = "memory"
	ExportInitialize = "_initialize"
	ExportHeader     = "header"
	ExportGrow       = "grow"
	ExportCall       = "call"

	ImportModule = "pi_multi_auth"
	ImportFetch  = "fetch"
	ImportFile   = "file"
	ImportAsk    = "ask"
	ImportLog    = "log"
)

// MaxMessage is the size of the largest message and the largest turn, in bytes.
const MaxMessage = 16 << 20

// Return codes of grow and call. A negative one leaves its text in the out-buffer.
const (
	OK = 0
	// ErrPanic: the core met what cannot happen. Its state is in doubt, so the host makes a new instance.
	ErrPanic = -1
	// ErrMalformed: the bytes are no message, or the message breaks the contract. Nothing happened.
	ErrMalformed = -2
	// ErrVersion: the message was written for another schema. Nothing happened.
	ErrVersion = -3
	// ErrTooLarge: the message or the turn is over MaxMessage. Nothing happened, or the turn is lost.
	ErrTooLarge = -4
	// ErrBusy: called again while a call was running. Nothing happened.
	ErrBusy = -5
)

// The header's fields, by their offset in bytes; each is four bytes, little-endian.
const (
	HeaderVersion = 0
	HeaderHash    = 4
	HeaderIn      = 8
	HeaderInCap   = 12
	HeaderOut     = 16
	HeaderOutLen  = 20
	HeaderError   = 24
	HeaderFlows   = 28
	HeaderSize    = 32
)
