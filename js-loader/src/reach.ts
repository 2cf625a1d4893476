import { isIP } from "node:net";
import type { Core } from "./core.ts";
import { hostOf, resolveName } from "./perform/pin.ts";
import { within } from "./perform/within.ts";

/** How long what a name leads to is believed, in milliseconds. */
const believed = 60_000;
/** How long is waited for it. Who has no name server, or a proxy that resolves, goes on without. */
const patience = 3_000;

const checked = new Map<string, { until: number; why: string }>();

/**
 * Throws in plain words when the name in an account's own address leads to where no credential may go. Pi's adapters connect by
 * themselves, so a name that changes in between is not noticed here: over https its certificate is what protects the credential, and
 * in clear text `pinned` or `numbered` is.
 */
export async function checkReach(core: Core, url: string, resolve = resolveName): Promise<void> {
	const at = new URL(url);
	if (isIP(hostOf(at)) !== 0) return;
	const { hostname, origin } = at;
	let known = checked.get(origin);
	if (!known || known.until < Date.now()) {
		let addresses: string[] = [];
		const found = resolve(hostname).then(
			(all) => {
				addresses = all;
			},
			() => {},
		);
		await within(found, patience);
		const { inspected } = await core.ask({
			inspect: { line: JSON.stringify({ what: "reach", url: origin, addresses }) },
		});
		known = { until: Date.now() + believed, why: String(JSON.parse(inspected?.line ?? "{}").error ?? "") };
		checked.set(origin, known);
	}
	if (known.why !== "") throw new Error(`the account's own address cannot be used: ${known.why}`);
}
