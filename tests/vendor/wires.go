package vendor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
)

// wireOf answers how a request's path wants its stream.
func wireOf(w http.ResponseWriter, r *http.Request, model string) wire {
	kind := "text/event-stream"
	var out wire
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/messages"):
		out = &messages{w: w, model: model}
	case strings.HasSuffix(path, "/responses"):
		out = &responses{w: w, model: model}
	case strings.HasSuffix(path, ":streamGenerateContent"):
		out = &google{w: w}
	case strings.HasSuffix(path, "/converse-stream"):
		kind = "application/vnd.amazon.eventstream"
		out = &converse{w: w}
	default:
		out = &completions{w: w, model: model}
	}
	w.Header().Set("content-type", kind)
	return out
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// responses is the wire of openai-responses, of azure-openai-responses and of openai-codex-responses over SSE.
type responses struct {
	w     io.Writer
	model string
	said  string
	n     int
}

func (r *responses) event(name, rest string) {
	fmt.Fprintf(r.w, "event: %s\ndata: {\"type\":%q,\"sequence_number\":%d%s}\n\n", name, name, r.n, rest)
	r.n++
}

func (r *responses) response(status, rest string) string {
	return fmt.Sprintf(`,"response":{"id":"resp_1","object":"response","created_at":1,"model":%q,"status":%q,"output":[]%s}`, r.model, status, rest)
}

func (r *responses) begin() { r.event("response.created", r.response("in_progress", "")) }

func (r *responses) text(s string) {
	r.said = s
	r.event("response.output_item.added", `,"output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}`)
	r.event("response.content_part.added", `,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}`)
	r.event("response.output_text.delta", `,"item_id":"msg_1","output_index":0,"content_index":0,"delta":`+quoted(s))
}

func (r *responses) tool() {
	r.event("response.output_item.added", `,"output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"t1","name":"read","arguments":"","status":"in_progress"}`)
}

func (r *responses) fail(s string) { r.event("error", s) }

func (r *responses) end() {
	if r.said != "" {
		r.event("response.output_item.done", `,"output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":`+quoted(r.said)+`,"annotations":[]}]}`)
	}
	r.event("response.completed", r.response("completed", `,"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":7}`))
}

// google is the wire of google-generative-ai.
type google struct{ w io.Writer }

func (g *google) begin() {}

func (g *google) text(s string) {
	fmt.Fprintf(g.w, "data: {\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":%s}]}}]}\r\n\r\n", quoted(s))
}

func (g *google) tool() {
	fmt.Fprint(g.w, "data: {\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"read\",\"args\":{}}}]}}]}\r\n\r\n")
}

func (g *google) fail(s string) { fmt.Fprintf(g.w, "data: %s\r\n\r\n", s) }

func (g *google) end() {
	fmt.Fprint(g.w, "data: {\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2,\"totalTokenCount\":7}}\r\n\r\n")
}

// converse is the wire of bedrock-converse-stream: frames of Amazon's event stream encoding
// (https://smithy.io/2.0/aws/amazon-eventstream.html), each with two checksums.
type converse struct{ w io.Writer }

func (c *converse) frame(kind, event, payload string) {
	var headers []byte
	for _, pair := range [][2]string{{":" + kind + "-type", event}, {":content-type", "application/json"}, {":message-type", kind}} {
		headers = append(headers, byte(len(pair[0])))
		headers = append(headers, pair[0]...)
		headers = append(headers, 7)
		headers = binary.BigEndian.AppendUint16(headers, uint16(len(pair[1])))
		headers = append(headers, pair[1]...)
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(16+len(headers)+len(payload)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(headers)))
	frame = binary.BigEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame))
	frame = append(append(frame, headers...), payload...)
	c.w.Write(binary.BigEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame)))
}

func (c *converse) begin() { c.frame("event", "messageStart", `{"role":"assistant"}`) }

func (c *converse) text(s string) {
	c.frame("event", "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":`+quoted(s)+`}}`)
	c.frame("event", "contentBlockStop", `{"contentBlockIndex":0}`)
}

func (c *converse) tool() {
	c.frame("event", "contentBlockStart", `{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t1","name":"read"}}}`)
}

func (c *converse) fail(s string) { c.frame("exception", "throttlingException", s) }

func (c *converse) end() {
	c.frame("event", "messageStop", `{"stopReason":"end_turn"}`)
	c.frame("event", "metadata", `{"usage":{"inputTokens":5,"outputTokens":2,"totalTokens":7},"metrics":{"latencyMs":1}}`)
}
