import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** The addresses a name leads to, in the order in which they are to be tried. */
export type Resolve = (host: string) => Promise<string[]>;

/** Asks as the system does, and every time. */
export const resolveName: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** The host of an address, an IPv6 one without its brackets. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

/**
 * Runs a request in clear text to this machine at the very address that its name was found to lead to: whoever answers for "a.localhost"
 * may answer otherwise when fetch asks a second time, and no certificate is there to tell. Nothing is changed over https, for an address
 * that is no name, and for "localhost" itself, which the system's own table says.
 */
export async function pinned(
	fetch: typeof globalThis.fetch,
	input: string | URL | Request,
	init: RequestInit,
	resolve = resolveName,
): Promise<Response> {
	if (input instanceof Request) return fetch(input, init);
	const url = new URL(input);
	if (!isNamed(url)) return fetch(input, init);
	const headers = new Headers(init.headers);
	headers.set("host", url.host);
	const name = url.hostname;
	const places = await placesOf(name, resolve);
	for (const [i, place] of places.entries()) {
		url.hostname = place;
		try {
			return await fetch(url, { ...init, headers });
		} catch (error) {
			// A server may listen on one of the two kinds of addresses alone.
			if (i === places.length - 1 || typeof (init.body ?? "") !== "string" || init.signal?.aborted) throw error;
		}
	}
	throw new Error(`${name} leads nowhere`);
}

/**
 * What `pinned` does for a fetch, for an adapter that connects by itself: the base URL with the address in the place of the name, and the
 * name for its Host. Nothing where `pinned` changes nothing. A server that listens on both kinds of addresses is asked over version four.
 */
export async function numbered(
	address: string,
	resolve = resolveName,
): Promise<{ address: string; host: string } | undefined> {
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (!url || !isNamed(url)) return;
	const { host, hostname } = url;
	const places = await placesOf(hostname, resolve);
	const place = places.find((place) => !place.startsWith("[")) ?? places[0];
	if (place === undefined) throw new Error(`${hostname} leads nowhere`);
	url.hostname = place;
	return { address: url.href.replace(/\/$/, ""), host };
}

function isNamed(url: URL): boolean {
	return url.protocol === "http:" && isIP(hostOf(url)) === 0 && url.hostname.endsWith(".localhost");
}

async function placesOf(name: string, resolve: Resolve): Promise<string[]> {
	const places = await resolve(name);
	if (!places.every((place) => /^(127\.|::1$)/.test(place)))
		throw new Error(`${name} does not lead to this machine, and http must stay there`);
	return places.map((place) => (isIP(place) === 6 ? `[${place}]` : place));
}
