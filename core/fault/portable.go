package fault

// binding is what one API ties to the account that made it.
type binding struct {
	// apis are Pi's names, parted by blanks.
	apis string
	// content is a word of Acquire.Bound.
	content string
	// move is what a switch to another account does with it.
	move move
	// codes and words are how a provider refuses it, as in core.FaultRule.
	codes string
	words string
}

type move int

const (
	// keeps: another account of the vendor reads it too; it is taken out when that turns out to be wrong.
	keeps move = iota
	// strips: another account refuses it, and the request says the same without it.
	strips
	// stays: another account cannot have it and the request is nothing without it, so that the switch is not made.
	stays
)

// bindings is what is known of content that is not portable. Thinking is signed by the vendor for all its accounts
// (docs.claude.com, "Extended thinking"; ai.google.dev, "Thought signatures"), encrypted reasoning is the organization's, an answer's id
// the account's (platform.openai.com/docs/guides/reasoning, conversation-state), and so are uploaded files everywhere.
var bindings = []binding{
	{"openai-responses azure-openai-responses openai-codex-responses openai-completions", "encrypted", strips,
		"invalid_encrypted_content encrypted_content_invalid",
		"encrypted content … could not be|encrypted content … not match|encrypted_content … invalid|encrypted content … invalid|encrypted_content … could not|could not be decrypted|failed to decrypt|items are not persisted|item with id … not found|reasoning … provided without its required"},
	{"openai-responses azure-openai-responses openai-codex-responses", "response", strips,
		"previous_response_not_found response_not_found",
		"previous response … not found|previous_response_id|previous response with id|no response found with id"},
	{"anthropic-messages bedrock-converse-stream google-generative-ai google-vertex", "thinking", keeps,
		"",
		"invalid `signature`|invalid signature in|thinking … signature|signature … thinking|thought signature|thought_signature|thinking blocks … cannot be modified|blocks in the latest assistant message cannot be modified|reasoning_content … signature"},
	{"openai-responses azure-openai-responses anthropic-messages google-generative-ai", "file", stays,
		"file_not_found",
		"no such file object|file not found|file with id … not found|file id … not found|permission to access the file|file … or it may not exist"},
}

// Move says what becomes of content that only its maker's account reads when another account is asked over an API: what has to be taken
// out ahead, and whether the request must stay where it is. Words it does not know are left to the other account's judgement.
func Move(api string, bound []string) (strip []string, stay bool) {
	for _, content := range bound {
		for i := range bindings {
			b := &bindings[i]
			if b.content != content || !listed([]string{api}, b.apis) {
				continue
			}
			switch b.move {
			case strips:
				strip = append(strip, content)
			case stays:
				stay = true
			}
		}
	}
	return strip, stay
}

// bound is the content a refusal is about, "" for other refusals. The request may pass without it.
func (e *evidence) bound() string {
	if e.status != 400 && e.status != 404 && e.status != 422 && e.status >= 400 {
		return ""
	}
	for i := range bindings {
		if b := &bindings[i]; (b.codes != "" && e.has(b.codes)) || e.says(b.words) {
			return b.content
		}
	}
	return ""
}
