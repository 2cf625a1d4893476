import type { Fetch, FetchResult } from "../abi.ts";
import { hearClock } from "./facts.ts";
import { pinned } from "./pin.ts";

/**
 * Performs one HTTP request of the core: to its origin and no other, without following redirects, within one deadline over connecting,
 * headers and body, and with the decoded body bounded. `stop` ends a request that may be ended; the answer of any other is
 * waited for, because what it was sent for may have been done.
 */
export async function performFetch(effect: Fetch, fetch = globalThis.fetch, stop?: AbortSignal): Promise<FetchResult> {
	const url = URL.canParse(effect.url) ? new URL(effect.url) : undefined;
	if (url?.username !== "" || url.password !== "") throw new Error("the address cannot be used");
	if (url.origin !== effect.origin) throw new Error("the request would leave its origin");
	try {
		return await send(effect, fetch, effect.ends ? stop : undefined);
	} catch (error) {
		if (error instanceof TooLarge) throw error;
		// What fetch says of a fault may quote headers and the address, which hold secrets.
		const { name } = error as Error;
		if (name === "AbortError" && stop?.aborted) throw new Error("you stopped");
		throw new Error(name === "TimeoutError" ? "no answer in time" : "the connection failed");
	}
}

class TooLarge extends Error {}

async function send(effect: Fetch, fetch: typeof globalThis.fetch, stop?: AbortSignal): Promise<FetchResult> {
	const late = AbortSignal.timeout(effect.timeout);
	const signal = stop ? AbortSignal.any([late, stop]) : late;
	const response = await pinned(fetch, effect.url, {
		method: effect.method,
		headers: effect.headers.map((h): [string, string] => [h.name, h.value]),
		body: effect.body === "" ? null : effect.body,
		redirect: "manual",
		signal,
	});
	hearClock(response.headers);
	const chunks: Uint8Array[] = [];
	let size = 0;
	const reader = response.body?.getReader();
	while (reader) {
		const { done, value } = await reader.read();
		if (done) break;
		size += value.length;
		if (size > effect.maxBytes) {
			void reader.cancel().catch(() => {});
			throw new TooLarge("the answer is larger than expected");
		}
		chunks.push(value);
	}
	return {
		status: response.status,
		headers: [...response.headers].map(([name, value]) => ({ name, value })),
		body: Buffer.concat(chunks).toString(),
	};
}
