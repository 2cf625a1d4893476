package view

import (
	"strings"

	"pimultiauth/core"
)

// helps are the commands in the order people need them.
var helps = [][2]string{
	{"status [PROVIDER|ACCOUNT]", "every account: its state, why and until when"},
	{"usage [PROVIDER|ACCOUNT] / refresh …", "the same, after what is left of every account was read anew"},
	{"why [PROVIDER]", "the last choice: every candidate and the one reason it lost"},
	{"forecast [PROVIDER]", "when accounts and providers run out at this pace, and the next relief"},
	{"add PROVIDER [--unchecked]", "keys, one or many: from a dialog, --stdin, --from-env NAME or --file PATH; --account ACCOUNT gives that one a new key"},
	{"log [PROVIDER]", "what the choices of the last day and week cost"},
	{"check [PROVIDER|ACCOUNT]", "ask the providers whether the keys work"},
	{"login PROVIDER [--account ACCOUNT]", "one more login, or one anew"},
	{"remove ACCOUNT…", "take accounts out for good; undo brings them back"},
	{"use ACCOUNT [--strict]", "pin: this account before every other; strict: this one or none"},
	{"auto [PROVIDER]", "let the mode choose again"},
	{"pause ACCOUNT… / resume ACCOUNT…", "take accounts out; put them back, also those that rest or needed you"},
	{"rename ACCOUNT NAME", "call it something people know"},
	{"order PROVIDER ACCOUNT…", "which goes first"},
	{"mode PROVIDER MODE", "round-robin, usage-based, balancer, fill-first or default"},
	{"set ACCOUNT KEY VALUE", "priority, pool, reserve, overage, projects, base-url, header, note"},
	{"pool …, chain …", "groups of accounts, and where a provider with nobody left leads to"},
	{"hide PROVIDER / unhide PROVIDER", "leave a provider alone altogether, or no longer"},
	{"import [SOURCE|PATH] [--borrow|--move]", "accounts of other programs and machines: what there is, then take it"},
	{"export PATH [--plain]", "a file that another machine can import; export --to auth.json gives accounts back"},
	{"simulate --mode MODE [PROVIDER]", "what another mode would have done with your own requests"},
	{"doctor [--fix]", "files, locks, clock, logins, configuration, versions: what is wrong and what to do"},
	{"glance PROVIDER", "the provider in a few words, as in the footer"},
	{"config", "what the configuration says"},
	{"undo", "take the last change back"},
	{"help, help keys", "this list; the keys of the screen"},
}

// Help lists the commands, or those that a word stands for.
func Help(word string) *core.View {
	v := &core.View{Title: "Commands", Notes: []string{"ACCOUNT is a name, an id or PROVIDER/ID. Every command takes --json. Without a command the screen opens."}}
	for _, line := range helps {
		if word == "" || strings.Contains(" "+line[0]+" ", " "+word+" ") {
			v.AddRow("", line[0], line[1])
		}
	}
	if len(v.Rows) == 0 {
		return Unknown(word)
	}
	return v
}

// Unknown answers a command that does not exist.
func Unknown(word string) *core.View {
	guess := NewGuess(word)
	for _, offer := range Offers(nil, "", nil).Rows {
		guess.Try(offer.Cells[0])
	}
	return &core.View{Title: "There is no command \"" + Clean(word) + "\"", Notes: []string{guess.Ask("") + "/multi-auth help lists those there are."}, Failed: true}
}

// keys are those of the screen, beside the ones Pi binds.
var keys = [][2]string{
	{"arrows, tab, home, end, page keys", "move within a list and between the panes"},
	{"enter", "open a provider; pin an account, or let it go"},
	{"esc", "stop what is under way, end a search, go back, close"},
	{"a, l, L", "add accounts; log in; a new login or key for this account"},
	{"p, y", "pause or resume; ask it again although it rests or needed you"},
	{"e, n", "rename; note"},
	{"space", "mark, for p and d"},
	{"d, u", "remove; undo"},
	{"m, s, /", "mode; sort; search"},
	{"J, K", "move the account down or up"},
	{"r, o, i, P", "reserve; overage; priority; pool"},
	{"b, H", "base URL; header"},
	{"t, c", "read usage anew; check the key"},
	{"w, f, g, D", "why; forecast; log; doctor"},
	{"h, v", "hide or show a provider; list all providers"},
}

// Keys lists the keys of the screen.
func Keys() *core.View {
	v := &core.View{Title: "Keys"}
	for _, line := range keys {
		v.Rows = append(v.Rows, core.Row{Cells: []string{line[0], line[1]}})
	}
	return v
}

// Terms is said once to a person, with the first login of a subscription.
const Terms = "Said this once: vendors make the logins of their subscriptions for their own programs and for one person's ordinary use. Sharing a login is " +
	"forbidden, and several accounts used to get round a limit may break a vendor's terms even when each is paid for. Read the terms of yours; a key is the way that " +
	"is always supported. README has a section on it."
