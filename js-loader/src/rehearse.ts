import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Core } from "./core.ts";

/** Where undici, which is Node's fetch and Pi's own, says that a request has left; Bun says nothing. */
const sent = "undici:request:bodySent";

/** A refusal that touches what most of them touch: a header, a body and a text that name a time. */
const refusal = {
	what: "fault",
	at: 0,
	provider: "",
	outcome: {
		status: 429,
		headers: { date: "Thu, 01 Jan 1970 00:00:00 GMT", "retry-after": "6" },
		body: '{"error":{"type":"rate_limit_error","message":"Rate limit reached. Please try again in 6m0s."}}',
		text: "429: rate limit reached, try again in 6m0s",
	},
};

const rehearsed = new WeakSet<object>();

/**
 * Has the core read a failure before there is one, once, while the next request that leaves waits for its answer. Nothing comes of it
 * but that the code of it is compiled: that takes longer than all else between a first refusal and the next account's request.
 */
export function rehearse(core: Pick<Core, "ask">): void {
	if (rehearsed.has(core)) return;
	rehearsed.add(core);
	const left = () => {
		unsubscribe(sent, left);
		setImmediate(() => void core.ask({ inspect: { line: JSON.stringify(refusal) } }).catch(() => {}));
	};
	subscribe(sent, left);
}
