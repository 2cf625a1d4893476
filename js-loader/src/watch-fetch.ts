import { AsyncLocalStorage } from "node:async_hooks";
import type { Header } from "./abi.ts";
import { hearClock } from "./perform/facts.ts";
import { pinned } from "./perform/pin.ts";

const largestBody = 64 << 10;
/** How long a failure's body may take after the adapter has given up on it. */
const bodyPatience = 250;

/** What the last response of an attempt said, and the fetch to use underneath. */
export interface Seen {
	/** Whether anything of the adapter's requests was seen. */
	asked: boolean;
	/** Whether it was the adapter that told, and not the watching fetch. */
	told: boolean;
	status: number;
	headers: Header[];
	body: Promise<string>;
	fetch: typeof fetch;
}

const attempt = new AsyncLocalStorage<Seen>();

/** An attempt that has seen nothing yet. */
export function nothingSeen(underneath: typeof fetch | undefined): Seen {
	return {
		asked: false,
		told: false,
		status: 0,
		headers: [],
		body: Promise.resolve(""),
		fetch: underneath ?? ((input, init) => globalThis.fetch(input, init)),
	};
}

/** Runs an attempt so that `watchingFetch` notes what it sees in `seen`. */
export function watch<T>(seen: Seen, run: () => T): T {
	return attempt.run(seen, run);
}

/**
 * A fetch that notes status, headers and, of a failure, the first 64 kB of the body, of which the adapter gets no more either: it would
 * take in whatever a server sends to put it into one message. It is one function for the life of the process, because adapters cache clients by it; the attempt is found through the asynchronous context.
 */
export const watchingFetch: typeof fetch = async (input, init) => {
	const seen = attempt.getStore();
	if (!seen) return globalThis.fetch(input, init);
	seen.asked = true;
	const response = await within(seen.fetch, input, init);
	hearClock(response.headers);
	seen.status = response.status;
	seen.headers = [...response.headers].map(([name, value]) => ({ name: name.toLowerCase(), value }));
	seen.body = Promise.resolve("");
	// What is no status of HTTP cannot be given to a response of our own.
	if (response.status < 400 || response.status > 599 || !response.body) return response;
	const start = startOf(response.body);
	seen.body = start.text.catch(() => "");
	const { status, statusText, headers, url } = response;
	return Object.defineProperty(new Response(start.body, { status, statusText, headers }), "url", { value: url });
};

/**
 * Notes a response of an adapter that makes its requests by itself and tells only of status and headers. Throws when the adapter would
 * sit out a named time with the account that was refused (Amazon's SDK does, whatever `maxRetries` says).
 */
export function noteResponse(seen: Seen, status: number, headers: Record<string, unknown>): void {
	if (seen.asked && !seen.told) return;
	seen.asked = true;
	seen.told = true;
	seen.status = status;
	// Over HTTP/2 there is ":status" among them, and it is a number.
	seen.headers = Object.entries(headers).map(([name, value]) => ({ name: name.toLowerCase(), value: String(value) }));
	if (status >= 400 && seen.headers.some(({ name }) => name === "retry-after"))
		throw new Error(`${status} ${headers["x-amzn-errortype"] ?? ""}`.trim());
}

const mostRedirects = 5;

/**
 * Follows redirects within the origin that was asked and no further: fetch by itself takes `authorization` off a request that leaves its
 * origin and sends `x-api-key` and the account's own headers on.
 */
async function within(
	underneath: typeof fetch,
	input: string | URL | Request,
	init: RequestInit = {},
): Promise<Response> {
	const first = new URL(input instanceof Request ? input.url : input);
	let at = first;
	let request = init;
	for (let hops = 0; ; hops++) {
		const response = await pinned(underneath, hops === 0 ? input : at, { ...request, redirect: "manual" });
		const location = response.headers.get("location");
		if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return response;
		void response.body?.cancel().catch(() => {});
		at = new URL(location, at);
		if (at.origin !== first.origin)
			throw new Error(`the provider redirects to ${at.origin}, where the account's key is not sent`);
		if (hops === mostRedirects || input instanceof Request || typeof (request.body ?? "") !== "string")
			throw new Error("the provider redirects, and the request cannot follow");
		if (response.status < 307 && request.method?.toUpperCase() !== "HEAD")
			request = { ...request, method: "GET", body: null };
	}
}

/** The first 64 kB of a body, for the adapter as they come and as a text when they are there; the rest is never received. */
function startOf(whole: ReadableStream<Uint8Array>): { body: ReadableStream<Uint8Array>; text: Promise<string> } {
	const reader = whole.getReader();
	let out: ReadableStreamDefaultController<Uint8Array> | undefined;
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			out = controller;
		},
		cancel() {
			out = undefined;
		},
	});
	const receive = async () => {
		const chunks: Uint8Array[] = [];
		for (let left = largestBody; left > 0; ) {
			const { done, value } = await reader.read();
			if (done) break;
			const chunk = value.subarray(0, left);
			left -= chunk.length;
			chunks.push(chunk);
			out?.enqueue(chunk);
		}
		out?.close();
		void reader.cancel().catch(() => {});
		return Buffer.concat(chunks).toString();
	};
	const text = receive();
	text.catch((error) => out?.error(error));
	return { body, text };
}

/** The body of a failure, "" when it does not come in time. */
export async function bodyOf(seen: Seen): Promise<string> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<string>((resolve) => {
		timer = setTimeout(() => resolve(""), bodyPatience);
	});
	try {
		return await Promise.race([seen.body, late]);
	} finally {
		clearTimeout(timer);
	}
}
