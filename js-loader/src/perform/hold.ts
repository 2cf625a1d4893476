import { createHash } from "node:crypto";
import { join } from "node:path";
import { Gate } from "./gate.ts";
import { within } from "./within.ts";

/** How long anybody waits for a hold: longer than a token endpoint may take. */
const patience = 25_000;

/**
 * Locks by name over all processes of the machine, each the gate of a file of its own: it dies with its process. Within a process those
 * who want the same one wait in their order.
 */
export class Holds {
	readonly #folder: string;
	readonly #patience: number;
	readonly #last = new Map<string, Promise<unknown>>();

	constructor(folder: string, wait = patience) {
		this.#folder = folder;
		this.#patience = wait;
	}

	/** The path of a file of a hold. A name may hold anything; the file's must not. */
	fileOf(name: string, kind: string): string {
		return join(this.#folder, `${createHash("sha256").update(name).digest("hex").slice(0, 24)}.${kind}`);
	}

	/**
	 * Waits for the hold and answers what lets it go; letting go twice does no harm. Where `done` says so while others have it, it is
	 * not taken and the answer is undefined.
	 */
	async take(name: string, done: () => boolean = () => false): Promise<(() => void) | undefined> {
		const before = this.#last.get(name);
		let next = () => {};
		const mine = new Promise<void>((resolve) => {
			next = resolve;
		});
		const chain = (before ?? Promise.resolve()).then(() => mine);
		this.#last.set(name, chain);
		void chain.then(() => {
			if (this.#last.get(name) === chain) this.#last.delete(name);
		});
		const gate = new Gate(this.fileOf(name, "hold"));
		const end = performance.now() + this.#patience;
		try {
			if (before && !(await within(before, this.#patience))) throw new Error("it is taking too long elsewhere");
			const leave = await gate.enter(end - performance.now(), done);
			if (!leave) {
				gate.close();
				next();
				return undefined;
			}
			let held = true;
			return () => {
				if (!held) return;
				held = false;
				try {
					leave();
				} finally {
					gate.close();
					next();
				}
			};
		} catch (error) {
			gate.close();
			next();
			throw error;
		}
	}
}
