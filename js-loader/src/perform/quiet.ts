/** How long work that nobody waits for stands back at least, in milliseconds, and at most while a request is on its way. */
const politeness = 10;
const patience = 250;

/**
 * Finds the moment for what nobody waits for. A write to the disk holds up the whole process, so it lets a request leave first and its
 * answer begin, for a quarter of a second at most.
 */
export class Quiet {
	readonly #patience: number;
	#underway = 0;
	#waiting: (() => void)[] = [];

	/** How long it lets a request go first, in milliseconds, is for tests to change. */
	constructor(wait = patience) {
		this.#patience = wait;
	}

	/** Says that a request is on its way; call what it answers when its answer begins or there is none. */
	begin(): () => void {
		let over = false;
		this.#underway++;
		return () => {
			if (over) return;
			over = true;
			this.#underway--;
			if (this.#underway === 0) for (const go of this.#waiting.splice(0)) go();
		};
	}

	/** Resolves when the moment has come. */
	async come(): Promise<void> {
		await new Promise((resolve) => setTimeout(resolve, politeness));
		if (this.#underway === 0) return;
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, this.#patience);
			this.#waiting.push(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	}
}
