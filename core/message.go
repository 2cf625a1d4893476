package core

//go:generate go run ../hostabi/generate

// Message is one thing told to the core. Exactly one of the pointers is set; two or none is answered with an error.
//
// Every type in this file crosses the border in field order (hostabi/doc.go draws the bytes). The decoder and encoder in
// hostabi/codec.go and the twin js-loader/src/abi.ts are generated from it: change this file, then run `go generate ./core`.
//
// Texts and lists of a message may be kept; what its pointers point to is the decoder's again once Step has returned.
type Message struct {
	// At is the host's wall clock when the message was made.
	At Time
	// Seed is fresh entropy of the host, 0 ≤ Seed < 2^53. The same messages give the same turns.
	Seed int64

	Start   *Start
	Changed *Changed
	Acquire *Acquire `abi:"reused"`
	Settle  *Settle  `abi:"reused"`
	Resume  *Resume
	Cancel  *Cancel
	Tick    *Tick
	Merge   *Merge
	Command *Command
	Inspect *Inspect
	Login   *Login
	Show    *Show
	Models  *Models
}

// Start begins the life of an instance: the core answers with a flow that reads the files and ends in Ready.
type Start struct {
	// PiVersion is the running Pi's version, "" where it is not known.
	PiVersion string
	// ZoneMinutes is the host's offset from UTC, east positive, for times of day in messages.
	ZoneMinutes int
	// Known are the ids of providers known to Pi at this moment, models.json and other extensions included. It may be empty before
	// a session exists; Changed brings the rest.
	Known []string
	// Offline keeps usage from being read.
	Offline bool
	// Quiet begins an instance that takes the place of a dead one: what the start finds out about files was said already, and no id of
	// the one before means anything to it.
	Quiet bool
	// Decisions says that the host keeps a log of decisions: lines are appended to "decisions" then, unless the configuration is against it.
	Decisions bool
}

// Changed says that files differ from what the core has read, or that Pi knows other providers than before.
type Changed struct {
	// Files are the names of the files to read anew.
	Files []string
	// Known replaces the ids of Start when not empty.
	Known []string
}

// Acquire asks for an account for one request. The answer is a Lease or a Refuse, at once or after a flow.
type Acquire struct {
	// Provider and Model are Pi's ids.
	Provider string
	Model    string
	// API is the wire protocol, e.g. "anthropic-messages".
	API string
	// Session keeps one conversation on one account; "" stands for a request of its own.
	Session string
	// Mode is Pi's mode: "tui", "print", "json" or "rpc".
	Mode string
	// Members are accounts that no file names: a key of the environment, of models.json or of the command line.
	Members []Member
	// Sticky asks for the session's present account and nothing else: cache warmers never rotate and teach nothing.
	Sticky bool
	// Peek asks who would be leased to a request without a session, and leases nothing: the Lease has no ID and is not settled.
	Peek bool
	// Parent is the session this one was begun from, so that both may share a warm prompt cache; "" when it has none.
	Parent string
	// Project is the folder Pi works in, for accounts that are restricted to projects.
	Project string
	// Prompt is about how many tokens the request sends; 0 when it is not known.
	Prompt int
	// Bound names what the request carries that only the account that made it can read: "thinking", "encrypted", "response", "file".
	Bound []string
	// Only is the one account that may serve, for a process that was begun with a credential of its own; "" for any.
	Only string
	// Except names accounts that must not serve.
	Except []string
}

// Member is an account that Pi itself resolves.
type Member struct {
	// Source is "ambient" (environment or models.json) or "explicit" (given with the request, e.g. --api-key).
	Source string
	// Label is what people call it, e.g. "ANTHROPIC_API_KEY".
	Label string
	// Mark tells one key from another (Secret.Mark); 0 when it is not known.
	Mark int64
}

// Lease is permission to use one account for one attempt. It ends by Settle, or by a Tick after Deadline.
type Lease struct {
	ID int64
	// Account is the stable id, e.g. "anthropic-1".
	Account  string
	Provider string
	Label    string
	// Source says where the credential is: "stored" (it is in Credential), "ambient" or "explicit" (Pi resolved it).
	Source string
	// Credential is the entry as its file holds it, JSON; empty unless Source is "stored".
	Credential Secret
	// NotBefore is when the attempt may start; zero is at once.
	NotBefore Time
	Deadline  Time
	// Attempt counts from 1 within a request.
	Attempt int
	// Switched says that the session's last answer came from another account: what is bound to that account cannot be continued.
	Switched bool
	// Say is a notice for people about why this account is used, "" when nothing changed for them.
	Say string
	// Wait is what to say until NotBefore while a person looks on, "" for a wait too short to speak of; "{left}" in it stands for the time left.
	Wait string
	// Restart says that output already shown is to be replaced by this attempt's, in place.
	Restart bool
	// Model is the model to ask in place of the one that was asked for, and API its wire; both are "" but for a failover to another
	// provider.
	Model string
	API   string
	// BaseURL and Headers override the provider's own for this account; "" and empty leave them.
	BaseURL string
	Headers []SecretHeader
	// Strip names what has to be taken out of the request, in the words of Acquire.Bound, because this account cannot read it.
	Strip []string
}

// Refuse ends a request without an answer.
type Refuse struct {
	// Original asks the host to pass the provider's own error on, untouched; Say is "" then.
	Original bool
	// Say is what people read: the accounts, the causes, when the first returns and what to do.
	Say string
	// Retry says whether Say is worded so that Pi tries again by itself.
	Retry bool
	// Until is when the first account returns; zero when none does by itself.
	Until Time
}

// Done ends a request, a command or a flow that has nothing more to tell.
type Done struct {
	Say string
}

// Settle tells how a lease ended. The answer is Done, Refuse or the next Lease.
type Settle struct {
	Lease   int64
	Outcome Outcome
}

// Outcome is the facts of an attempt as the host saw them, unread: reading them is core/fault.
type Outcome struct {
	// OK says that the answer ended as it should; what tells of a failure is then empty.
	OK bool
	// Status is the HTTP status, 0 when no response was seen.
	Status int
	// Headers of the response, names in lower case; of a success only those that Ready.Headers names.
	Headers []Header
	// Body is at most 64 kB of the response's body, only of a failure.
	Body string
	// Text is the error as Pi's adapter put it.
	Text string
	// Emitted says that people have already seen output of this attempt.
	Emitted bool
	// ToolCall says that a tool call was begun: restarting in place is no longer possible.
	ToolCall bool
	// Aborted says that the person or Pi stopped the request.
	Aborted bool
	// Empty says that the answer ended well and held nothing.
	Empty bool
	// TimedOut says that the host gave up waiting.
	TimedOut bool
	// NotSent says that no request left the host: the credential could not be resolved. Text says why.
	NotSent bool
	// Blind says that the host could see neither the status nor the body: Text is all there is.
	Blind bool
	// Input, Cached and Output are the tokens that were counted: sent anew, read from the prompt cache, and answered; 0 when not known.
	Input  int
	Cached int
	Output int
	// Started, First and Ended are when the attempt began, when the first event came (zero: none) and when it was over.
	Started Time
	First   Time
	Ended   Time
}

// Header is one header of a response, the name in lower case.
type Header struct {
	Name  string
	Value string
}

// Resume brings the results a flow waits for, one for each effect that waits.
type Resume struct {
	Flow    int64
	Results []Result
}

// Cancel ends a flow; its turn is Done.
type Cancel struct {
	Flow int64
}

// Tick says what time it is.
type Tick struct {
	// Last says that the session is over and the process perhaps too: what is gathered before it is written leaves now, and nothing
	// new is begun.
	Last bool
}

// Merge asks for the text to write, while the host holds the gate. The answer is Merged; nothing else happens meanwhile.
type Merge struct {
	// Save is the id of the effect that asked for the save.
	Save int64
	File string
	// Current is the file's text as it stands; "" when there is none.
	Current string
	// Delta is the changes, each on a line of its own; "" where the effect's own part says them now.
	Delta Secret
}

// Merged is the text to write.
type Merged struct {
	Text Secret
	// Unchanged says that the file already says it all, so that nothing has to be written.
	Unchanged bool
	// Damaged says why Current could not be read; the host keeps a copy of it aside before it writes Text.
	Damaged string
	// ReadOnly says why the file must not be written, "" when it may.
	ReadOnly string
	// Old says that Current is of version 1; the host keeps one copy of it beside the file before it writes Text.
	Old bool
	// Delta is the change that was made where the effect named none, for the journal.
	Delta Secret
	// Forget says that a removed account's secrets went out of the file: they must not stay in the journal either.
	Forget bool
}

// Command is a line typed after /multi-auth. The answer is a View, at once or after a flow.
type Command struct {
	Text string
	// Words are the line already parted, by a screen; Text is not read then. A word may hold spaces.
	Words []string
	// Mode is Pi's mode, as in Acquire.
	Mode string
}

// View is what a command has to show: rows and words, no colour and no width.
type View struct {
	Title string
	Rows  []Row
	// Notes follow the rows, a paragraph each.
	Notes []string
	// JSON is the same as one object, only when --json asked for it.
	JSON string
	// Failed says that the command could not do what was asked.
	Failed bool
}

// Show asks for the screen of the accounts. The answer is a Screen. What is selected is the host's; the core only says what there is.
type Show struct {
	// Provider and Account are what details are asked of; an empty or unknown one stands for the first.
	Provider string
	Account  string
	// Search keeps what holds all of its words, in the name or the id.
	Search string
	// Sort is "order", "name", "standing" or "left"; "" is "order".
	Sort string
	// All lists hidden providers and those without an account too.
	All bool
}

// Screen is everything that the screen of the accounts shows, as words.
type Screen struct {
	// Provider and Account are what Details are about; Account is "" when they are about the provider.
	Provider string
	Account  string
	// Providers and Accounts are in the order they are shown; Accounts are those of Provider.
	Providers []Item
	Accounts  []Item
	// About says the facts of Provider, and Details those of Account.
	About   []Detail
	Details []Detail
	// Modes are what the provider's mode may be, with a line on each.
	Modes []Option
	// Hidden counts the providers that All would add.
	Hidden int
	// Undo says what an undo would bring back, "" when there is nothing.
	Undo string
}

// Item is a provider or an account in a list.
type Item struct {
	ID   string
	Name string
	// State is one or two words; Note is short and stands at the end of the line: how much is left or when it returns.
	State string
	Note  string
	// Tone is as in Row.
	Tone string
	// Flags are "pinned", "paused", "reserve", "hidden".
	Flags []string
}

// Detail is one fact: a label and its words.
type Detail struct {
	Label string
	Text  string
	// Tone is as in Row.
	Tone string
	// Bar is a part in permille that is drawn as well as said, -1 for none.
	Bar int
}

// Row is a line of a View.
type Row struct {
	Cells []string
	// Tone is "head", "good", "wait", "bad" or "" for plain.
	Tone string
}

// Login begins the login of one more account, or of one anew. The answer is a flow that ends in a View.
type Login struct {
	Provider string
	// Method is the login's method by the provider's own word, "" for its first.
	Method string
	// Account is the id of the account that is renewed; "" adds one.
	Account string
	// Label is what the new account is called; "" takes what the provider says.
	Label string
	// Mode is Pi's mode, as in Acquire.
	Mode string
	// Replaced and Credential are the provider's own entry before and after a login that Pi made itself: nobody is asked anything, and
	// the replaced one stays as an account of ours unless both are the same.
	Replaced   Secret
	Credential Secret
	// Entry asks for the credential alone, which Pi keeps itself: that of a login, or Credential renewed. The answer is a Lease with
	// it, or a View that says why there is none.
	Entry bool
}

// Models asks the service of a provider that Pi has only through us for its list of models. The answer is a flow that ends in a View;
// its JSON is the list as Pi takes it, "" where there is none. Without a provider it is answered at once with those there are, a list of
// {"id","name","api","baseUrl","login","prefix","headers","accounts","list"}: what Pi has to know of them, whether there are accounts
// and whether a list of models is told.
type Models struct {
	Provider string
}

// Inspect asks what the core makes of something, without changing anything. Line is one JSON object.
type Inspect struct {
	Line string
}

// Inspected answers Inspect with one JSON object.
type Inspected struct {
	Line string
}

// Turn is the core's whole answer to a message.
type Turn struct {
	// Flow is the flow that waits for the results of the queued effects that wait; 0 when this turn is the answer.
	Flow      int64
	Ready     *Ready
	Lease     *Lease
	Refuse    *Refuse
	Done      *Done
	View      *View
	Screen    *Screen
	Merged    *Merged
	Inspected *Inspected
	// WakeAt is when the core next wants a Tick; zero is never.
	WakeAt Time
	// Effects leave through the imports, in this order, before the turn is read.
	Effects []Effect `abi:"import"`
}

// Ready answers Start and Changed.
type Ready struct {
	// Providers have at least one account in a file and are to be wrapped.
	Providers []string
	// Provision are those of Providers whose accounts Pi cannot see by itself.
	Provision []string
	// Hidden are providers that are left alone altogether.
	Hidden []string
	// Debug says that the log is wanted.
	Debug bool
	// Headers are how the names of response headers begin that Outcome brings of a success; of a failure it brings all.
	Headers []string
}

// Effect is work asked of the host. Exactly one of the pointers is set.
type Effect struct {
	// ID is unique within an instance.
	ID int64
	// Waits says that the turn's flow waits for the result.
	Waits bool
	Fetch *Fetch
	File  *File
	Ask   *Ask
	Log   *Log
}

// Fetch is an HTTP request. The host never follows a redirect with it.
type Fetch struct {
	Method  string
	URL     string
	Headers []SecretHeader
	Body    Secret
	// Timeout spans connecting, headers and body.
	Timeout Duration
	// MaxBytes bounds the decoded body.
	MaxBytes int
	// Origin is the only origin the request may reach, e.g. "https://api.anthropic.com".
	Origin string
	// Ends says that the request changes nothing and ends at once, with the error "you stopped", when the person gives up.
	Ends bool
}

// SecretHeader is a header of a request; its value may be a secret.
type SecretHeader struct {
	Name  string
	Value Secret
}

// File is work on one of the files the host knows by name: "auth", "models", "state", "accounts", "usage", "catalogue", "config",
// "settings" (the configuration in the runtime directory), "decisions", "decisionsBefore" (the file before it) and "journal".
type File struct {
	// Op is "read", "save", "append", "hold" or "erase". A hold waits for a lock across processes that is let go when its flow ends,
	// and answers the text of "accounts" as it stands then, or Early; a flow that has it already is answered at once. Erase takes the entry Key out of "auth" under Pi's own lock, and
	// put makes it Delta. Create writes Delta into a new file of the person's own and never over another. Mend sets a file right as
	// Key says: "mode" (0600), "temp" (what a dead writer left is kept aside), "lock" (a dead lock of ours goes) or "copy" (kept aside).
	Op string
	// Name is the file's, or the hold's: any text. Of a created file it is the path; "~" stands for the person's folder.
	Name string
	// Key is the entry that is erased or put, or what is mended. Of the journal "pending" reads only what is not in its file yet.
	Key string
	// Delta is merged into the file under the gate ("save") or written after its end ("append").
	Delta Secret
	// Sync asks for the change to be durable before the result is given. A hold with Sync sets room for one durable save of "accounts"
	// aside on the disk, and is not taken where there is none.
	Sync bool
}

// Ask is something for the person, for Pi or for the host's cryptography. Exactly one of the pointers is set.
type Ask struct {
	// Notice is a message nobody has to answer.
	Notice *Notice
	// Open shows a page to the person, in a browser where there is one.
	Open *Open
	// Device shows a code to be entered on another page.
	Device *Device
	// Prompt asks for a text.
	Prompt *Prompt
	// Choose asks for one of several.
	Choose *Choose
	// Progress says how far a flow is; nobody answers.
	Progress *Progress
	// Listen waits for one call of a browser on this machine.
	Listen *Listen
	// Input reads what the person keeps elsewhere.
	Input *Input
	// Crypto makes or hashes what the core cannot.
	Crypto *Crypto
	// Pi asks Pi's own code about a credential.
	Pi *AskPi
	// Sleep answers after a while.
	Sleep *Sleep
}

// Open is a page.
type Open struct {
	URL  string
	Text string
}

// Device is a code and the page that wants it.
type Device struct {
	URL  string
	Code string
	// Expires is when the code ends; zero when it is not known.
	Expires Time
}

// Prompt asks for a text. The answer is in Answer.Text.
type Prompt struct {
	Title string
	Text  string
	// Secret keeps what is typed off the screen.
	Secret bool
	// Beside says that the flow waits for something else too: whichever comes first ends the other.
	Beside bool
}

// Choose asks for one of several. The answer is the option's ID in Answer.Text.
type Choose struct {
	Title   string
	Options []Option
}

// Option is one of several to choose from.
type Option struct {
	ID    string
	Label string
}

// Progress is a line that replaces the one before.
type Progress struct {
	Text string
}

// Listen waits on 127.0.0.1 for one GET of Path whose query names State. The answer's Text is the query; a call that does not fit is
// refused and waited past. A port that is in use or not permitted is passed over.
type Listen struct {
	// Ports are tried in their order; 0 is one that is free.
	Ports []int
	Path  string
	// State is what the query's "state" must be.
	State Secret
	// Open is the page to show once the port is known; "{port}" in it is replaced.
	Open    string
	Timeout Duration
	// Paste also takes what the browser was sent to, typed by the person, where no browser reaches this machine. The answer's Port is 0
	// then. Without Ports it is the only way.
	Paste bool
	// Keep opens the port and answers which, without waiting: a later Listen of the same State waits there.
	Keep bool
}

// Input reads what the person keeps elsewhere. Kind is "env", "file" or "stdin"; Name the variable or the path. Of a "place" and a
// "folder" a leading "~" or "$VARIABLE" of the path stands for a folder; what is not there is no error but an empty Answer.Extra, which
// is the path otherwise. A folder's text is a JSON list of the files in it that end in ".json" ({"path","text"} or {"path","error"}). A
// "tool" is what a program of the system prints, by the name the host knows it under: "gh" and "claude-keychain". "facts" are those of
// this installation, one JSON object: what stands where, and of what kind and mode.
type Input struct {
	Kind string
	Name string
}

// Crypto is "pkce" (Answer.Text is the verifier, Answer.Extra its S256 challenge), "random" (Answer.Text has 256 bits, base64url) or
// "hash" (Answer.Text is the 64-bit HMAC-SHA-256 of Text under this installation's key, hex). "seal" encrypts Text with the passphrase
// Key (scrypt, AES-256-GCM; Answer.Text is a JSON object), and "open" is its reverse.
type Crypto struct {
	Op   string
	Text Secret
	Key  Secret
}

// AskPi is "refresh" (Answer.Text is the new credential), "login" (the same, of a new login with Method), "own" (Pi refreshes its own
// entry by itself, where that is due), "check" (whether Pi's provider takes the credential) or "resolve" (Answer.Text is the key's entry with
// the secret that its variable or command gives, escaped so that it is read as nothing else, of Credential "" the key that Pi finds by
// itself; "" where there is none. With Method "quiet" no command is run that has not run before. Answer.Extra has the origins of the
// provider's models, one a line).
type AskPi struct {
	Provider   string
	Op         string
	Method     string
	Credential Secret
}

// Sleep is answered after Wait, sooner when the flow is cancelled.
type Sleep struct {
	Wait Duration
}

// Notice is a message for the person. The host shows it where its mode allows and says the same Key once.
type Notice struct {
	// Level is "info", "warning" or "error".
	Level string
	Key   string
	Text  string
}

// Log is one line of the debug log, a JSON object without secrets.
type Log struct {
	Line string
}

// Result is what came of an effect.
type Result struct {
	ID int64
	// Error is the host's plain reason for a failure; the pointers are nil then.
	Error string
	Fetch *FetchResult
	File  *FileResult
	Ask   *Answer
}

// FetchResult is the answer to a Fetch.
type FetchResult struct {
	Status  int
	Headers []Header
	Body    Secret
}

// FileResult is the text of a file: as read, or as it stands after a save.
type FileResult struct {
	Text    Secret
	Missing bool
	// Early says that a hold was not taken, because "accounts" changed while others held it: what it was wanted for may be done.
	Early bool
}

// Answer is what was answered to an Ask.
type Answer struct {
	Text  Secret
	Extra Secret
	// Port is the one that was listened on.
	Port int
	// Canceled says that the person gave up; Text is "" then.
	Canceled bool
}
