// Package hostabi is the contract between the module (the guest) and whoever runs it (the host), in prose and in code.
//
// It does not know what messages mean. It holds the project's only unsafe. Names and limits are in abi.go, the two buffers in memory.go, the
// bytes in bytes.go and the generated codec.go; host.go and codec_host.go are the host's side of them, for hosts written in Go.
//
// # Exports
//
// All values are i32: a 64-bit result doubles the cost of a small call in JavaScript.
//
//	memory                 the linear memory
//	_initialize()          the Go runtime's start; absent once the module was pre-initialised, so it is called only if present
//	header() -> ptr        the address of the header, constant for the instance
//	grow(n) -> rc          makes the in-buffer hold at least n bytes
//	call(n) -> rc          takes the message in the first n bytes of the in-buffer and leaves a turn in the out-buffer
//
// # The header
//
// Eight fields of four bytes, little-endian; pointers are offsets into the memory:
//
//	 0        4        8        12       16       20       24       28
//	+--------+--------+--------+--------+--------+--------+--------+--------+
//	| version| hash   | in     | in cap | out    | out len| error  | flows  |
//	+--------+--------+--------+--------+--------+--------+--------+--------+
//
// version is Version and hash SchemaHash; a host compares both before its first call and refuses a module that differs. error is the
// last return code. flows counts the conversations that wait for the host; it is 0 in an idle instance.
//
// # Memory
//
// The guest owns both buffers for ever. The host writes into the in-buffer between calls, and reads the out-buffer before the next
// call of any export. Nothing is allocated or freed across the border, and the guest copies what it keeps. After every call the host
// compares memory.buffer with the one its views were made of: memory may have grown, and a view of the old buffer writes nothing and
// says nothing.
//
// # Messages and turns
//
// A message is the schema's hash and then core.Message; a turn is core.Turn. Fields stand in the order of core/message.go:
//
//	string, Secret           u32 length, then that many bytes of UTF-8
//	int, Time, Duration      eight bytes, a float64 that is a whole number of at most 2^53
//	slice                    u32 count, then the elements
//	bool                     a bit of its structure's flags
//	pointer                  a bit of its structure's flags, set for what is not nil; then what it points to
//	struct                   u32 flags, where it has a bool or a pointer, lowest bit the first of them; then its fields
//
// There is no padding. An acquire of provider "p" with a prompt of 3 tokens is, after the hash:
//
//	04 00 00 00              the third kind, Acquire
//	00 00 00 00 00 00 f0 3f  At 1
//	00 00 00 00 00 00 00 40  Seed 2
//	00 00 00 00              neither Sticky nor Peek
//	01 00 00 00 70           Provider "p"
//	00 00 00 00              Model ""
//	00 00 00 00              API ""
//	00 00 00 00              Session ""
//	00 00 00 00              Mode ""
//	00 00 00 00              no Members
//	00 00 00 00              Parent ""
//	00 00 00 00              Project ""
//	00 00 00 00 00 00 08 40  Prompt 3
//	00 00 00 00              nothing Bound
//	00 00 00 00              Only ""
//	00 00 00 00              nobody in Except
//
// Bytes left over, a length beyond the end, a count that the rest cannot hold and a number that is not whole are answered with
// ErrMalformed. The largest message and the largest turn have MaxMessage bytes.
//
// # Effects
//
// Work for the host leaves through four imports of the module "pi_multi_auth": fetch, file, ask and log, each (ptr, n) without a
// result. The bytes are one core.Effect. An import only queues: the host copies the bytes and returns at once; it never waits, never
// throws and never calls the guest. Effects are queued in the order they are to be begun, all before call returns.
//
// A turn with a Flow is not an answer yet: the host performs the queued effects that wait, all of them, and sends their results with
// Resume. A save is the one effect during which the guest is called: with the gate held, the host sends Merge and writes what it is
// given. An effect that nobody waits for is performed all the same.
//
// Beside these the module imports the functions of WASI that Go's runtime insists on; tests/abi_test.go lists them. Time and entropy
// come with messages, so the same messages give the same turns in every host.
//
// # Errors
//
// A negative return code leaves its text in the out-buffer, but for ErrBusy, which touches nothing. ErrMalformed, ErrVersion and ErrBusy
// changed nothing. ErrPanic leaves an instance in doubt, and any exception out of an export (a trap, a stack overflow) leaves a dead one,
// even if it still answers: the host makes a new instance and sends Start with Quiet. No text holds a secret.
package hostabi
