import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
	type Effect,
	type Merged,
	type Message,
	makeFileResult,
	type Notice,
	type Ready,
	type Result,
	type Turn,
} from "./abi.ts";
import { plainly } from "./failure.ts";
import { abiVersion, Guest, GuestError } from "./guest.ts";
import { isOffline } from "./offline.ts";
import { append } from "./perform/append.ts";
import { performAsk } from "./perform/ask.ts";
import { create } from "./perform/create.ts";
import { facts } from "./perform/facts.ts";
import { performFetch } from "./perform/fetch.ts";
import { Files } from "./perform/files.ts";
import { Holds } from "./perform/hold.ts";
import type { Callback } from "./perform/listen.ts";
import { appendLog } from "./perform/log.ts";
import type { Person } from "./perform/person.ts";
import type { PiSide } from "./perform/pi.ts";
import { Quiet } from "./perform/quiet.ts";
import type { FileName, Places } from "./places.ts";
import { platform } from "./platform.ts";
import { rehearse } from "./rehearse.ts";

/** A message without what the loader fills in. */
export type Question = Omit<Message, "at" | "seed">;

/** What the core needs of the one who runs it. */
export interface CoreOptions {
	/** The built module, core.wasm. */
	module: string;
	places: Places;
	/** Shows a notice to the person. */
	notice: (notice: Notice) => void;
	piVersion: string;
	now?: () => number;
	/** Pi's own code, for the logins and renewals of its providers. */
	pi?: PiSide;
}

/** What one question has open until it is answered. */
interface Work {
	person: Person | undefined;
	/** What lets go of the holds it has, by their names. */
	holds: Map<string, () => void>;
	callbacks: Map<string, Callback>;
}

const deathsAllowed = 3;
const deathSpan = 60_000;
const longestTimer = 2 ** 31 - 1;

/**
 * The core and the loop around it: a message in, its effects performed, its final turn out. When an instance dies, a new one takes over
 * and at most the turn in hand is lost.
 */
export class Core {
	readonly #options: CoreOptions;
	readonly #module: WebAssembly.Module;
	readonly #files: Files;
	readonly #holds: Holds;
	#closing = new AbortController();
	/** Questions with a hold: what they redeem is not left half done. */
	#holding = new Set<Promise<unknown>>();
	#guest: Guest;
	#known: string[] = [];
	#deaths: number[] = [];
	#said = new Set<string>();
	#timer: NodeJS.Timeout | undefined;
	/** Saves that nobody waits for, until their moment comes. */
	#later: Effect[] = [];
	#pending = new Set<Promise<unknown>>();
	#reviving: Promise<void> | undefined;
	/** What the core said last of providers and their accounts. */
	ready: Ready = { providers: [], provision: [], hidden: [], debug: false, headers: [] };

	private constructor(options: CoreOptions, module: WebAssembly.Module) {
		this.#options = options;
		this.#module = module;
		this.#files = new Files(
			options.places,
			(...ask) => this.#merge(...ask),
			(notice) => this.#say(notice),
		);
		this.#holds = new Holds(join(options.places.runtime, "multi-auth-holds"));
		this.#guest = new Guest(module);
	}

	/** Loads the module without holding up the event loop. The core knows nothing before `start`. */
	static async load(options: CoreOptions): Promise<Core> {
		return new Core(options, await WebAssembly.compile(await readFile(options.module)));
	}

	/** Loads the module at once. */
	static loadSync(options: CoreOptions): Core {
		return new Core(options, new WebAssembly.Module(readFileSync(options.module)));
	}

	/** When what nobody waits for may be done. */
	readonly quiet = new Quiet();

	/** The module failed too often: nothing more is asked of it, and Pi works as if the extension were not there. */
	dead = false;

	/** The memory of the present instance, in bytes. */
	get memoryBytes(): number {
		return this.#guest.memoryBytes;
	}

	/** Reads the files. `known` are the providers Pi knows at this moment. */
	start(known: string[], quiet = false): Promise<Turn> {
		this.#known = known;
		this.#files.checkFolder();
		return this.ask({
			start: {
				piVersion: this.#options.piVersion,
				zoneMinutes: -new Date().getTimezoneOffset(),
				known,
				quiet,
				decisions: true,
				offline: isOffline(),
			},
		});
	}

	/** Prepares for the first request while nothing else is done. */
	rehearse(): void {
		rehearse(this.#module);
	}

	/** Brings in what other processes changed, and providers that Pi knows by now; nothing is asked when nothing changed. */
	async catchUp(known?: string[]): Promise<Turn | undefined> {
		const files = this.#files.changed();
		const news = known !== undefined && known.join("\n") !== this.#known.join("\n");
		if (news) this.#known = known;
		if (files.length === 0 && !news) return undefined;
		return this.ask({ changed: { files, known: news ? known : [] } });
	}

	/** Tells the core something and answers its final turn. `person` is who a login is for. */
	async ask(question: Question, person?: Person): Promise<Turn> {
		if (this.#reviving && !question.start) await this.#reviving;
		const work: Work = { person, holds: new Map(), callbacks: new Map() };
		try {
			let [turn, effects] = this.#call(question);
			const guest = this.#guest;
			while (turn.flow !== 0) {
				const results = await Promise.all(effects.filter((e) => e.waits).map((e) => this.#perform(e, work)));
				// A start is long, and what else the process does has its turn between its parts.
				if (question.start) await new Promise((resolve) => setImmediate(resolve));
				for (const effect of effects) if (!effect.waits) this.#performAside(effect);
				// A dead instance's flows are unknown to the next one.
				if (guest !== this.#guest) throw new GuestError("the core was started anew in the middle of this", false);
				[turn, effects] = this.#call({ resume: { flow: turn.flow, results } });
			}
			for (const effect of effects) this.#performAside(effect);
			if (turn.ready) this.ready = turn.ready;
			return turn;
		} catch (error) {
			if (error instanceof GuestError && error.dead) {
				// An instance that dies of its own start would die of every next one.
				if (question.start && this.#reviving) this.dead = true;
				else await this.#revive(error);
			}
			throw error;
		} finally {
			for (const leave of work.holds.values()) leave();
			for (const callback of work.callbacks.values()) callback.close();
		}
	}

	#call(question: Question): [Turn, Effect[]] {
		if (this.dead) throw new GuestError("the core failed too often and is left alone until Pi starts anew", false);
		const at = (this.#options.now ?? Date.now)();
		const seed = Math.floor(Math.random() * 2 ** 53);
		const turn = this.#guest.call({ at, seed, ...question });
		const effects = this.#guest.effects;
		this.#guest.effects = [];
		this.#wakeAt(turn.wakeAt);
		return [turn, effects];
	}

	#revive(error: GuestError): Promise<void> {
		this.#reviving ??= (async () => {
			const now = performance.now();
			this.#deaths = [...this.#deaths.filter((at) => now - at < deathSpan), now];
			this.dead = this.#deaths.length > deathsAllowed;
			const then = this.dead
				? "It failed too often and is left alone; Pi works on without it."
				: "It was started anew; one request may have been lost.";
			this.#say({ level: "warning", key: `core-died ${this.dead}`, text: `pi-multi-auth: ${error.message}. ${then}` });
			if (this.dead) return;
			this.#guest = new Guest(this.#module);
			await this.start(this.#known, true);
		})().finally(() => {
			this.#reviving = undefined;
		});
		return this.#reviving;
	}

	#say(notice: Notice): void {
		if (this.#said.has(notice.key)) return;
		this.#said.add(notice.key);
		this.#options.notice(notice);
	}

	#performAside(effect: Effect): void {
		const { file } = effect;
		if (file?.op === "append") {
			this.#track(
				this.quiet.come().then(() => appendQuietly(this.#options.places.files[file.name as FileName], file.delta)),
			);
			return;
		}
		if (file?.op !== "save") {
			this.#track(this.#perform(effect, nobody).then((result) => this.#complain(effect, result.error)));
			return;
		}
		this.#later.push(effect);
		// One write says what several learned.
		if (this.#later.length === 1)
			this.#track(
				this.quiet.come().then(async () => {
					const names = Map.groupBy(this.#later.splice(0), (e) => e.file?.name);
					for (const effects of names.values()) await this.#saveAside(effects);
				}),
			);
	}

	async #saveAside(effects: Effect[]): Promise<void> {
		try {
			await this.#save(effects);
		} catch (error) {
			for (const effect of effects) this.#complain(effect, plainly(error));
		}
	}

	#track(work: Promise<unknown>): void {
		this.#pending.add(work);
		const over = () => this.#pending.delete(work);
		// Nobody waits for it, so nobody would catch what it throws, and Node would end Pi.
		void work.then(over, over);
	}

	#complain({ file }: Effect, error: string): void {
		if (error === "" || !file) return;
		const path = this.#options.places.files[file.name as FileName];
		this.#say({
			level: "warning",
			key: `${file.op} ${file.name} ${error}`,
			text: `pi-multi-auth: ${path} was not written (${error}). What was learned stays in memory.`,
		});
	}

	async #perform(effect: Effect, work: Work): Promise<Result> {
		try {
			if (effect.fetch)
				return { id: effect.id, error: "", fetch: await performFetch(effect.fetch, undefined, work.person?.signal) };
			if (effect.file?.op === "hold") return { id: effect.id, error: "", file: await this.#hold(effect.file, work) };
			if (effect.file) return { id: effect.id, error: "", file: await this.#file(effect) };
			if (effect.ask?.notice) this.#say(effect.ask.notice);
			else if (effect.ask) return { id: effect.id, error: "", ask: await this.#ask(effect.ask, work) };
			if (effect.log) appendLog(this.#options.places.debug, effect.log.line);
			return { id: effect.id, error: "" };
		} catch (error) {
			return { id: effect.id, error: plainly(error) };
		}
	}

	#ask(ask: NonNullable<Effect["ask"]>, work: Work) {
		return performAsk(ask, {
			keyFile: join(this.#options.places.runtime, "multi-auth.key"),
			pi: this.#options.pi,
			facts: () =>
				facts(this.#options.places, {
					pi: this.#options.piVersion,
					gate: this.#files.gateKind,
					pending: this.#files.pending,
					module: this.#options.module,
					abi: `${abiVersion}`,
				}),
			person: work.person,
			callbacks: work.callbacks,
			closing: this.#closing.signal,
		});
	}

	async #hold({ name, sync }: { name: string; sync: boolean }, work: Work) {
		// A flow does not wait for itself.
		if (work.holds.has(name)) return makeFileResult(this.#files.read("accounts"));
		const before = this.#files.stamp("accounts");
		const leave = await this.#holds.take(name, () => this.#files.stamp("accounts") !== before);
		if (!leave) return makeFileResult({ ...this.#files.read("accounts"), early: true });
		let giveUp = () => {};
		try {
			if (sync) giveUp = this.#files.setAside(this.#holds.fileOf(name, "room"));
		} catch (error) {
			leave();
			throw error;
		}
		let over = () => {};
		const held = new Promise<void>((resolve) => {
			over = resolve;
		});
		this.#holding.add(held);
		if (this.#holding.size === 1) guardSignals(() => this.#settled());
		work.holds.set(name, () => {
			giveUp();
			leave();
			this.#holding.delete(held);
			if (this.#holding.size === 0) releaseSignals();
			over();
		});
		return makeFileResult(this.#files.read("accounts"));
	}

	/** Waits until nothing is redeemed any more and what was is on the disk. */
	async #settled(): Promise<void> {
		while (this.#holding.size > 0 || this.#pending.size > 0)
			await Promise.allSettled([...this.#holding, ...this.#pending]);
	}

	async #file(effect: Effect) {
		const { op, name, key } = effect.file as { op: string; name: FileName; key: string };
		if (op === "read" && key === "pending") return makeFileResult({ text: this.#files.waiting() });
		if (op === "read") return makeFileResult(await this.#files.readWhole(name));
		if (op === "erase") await this.#files.change(new Map([[key, undefined]]));
		else if (op === "put") await this.#files.change(new Map([[key, effect.file?.delta]]));
		else if (op === "create") create(name, effect.file?.delta ?? "");
		else if (op === "mend") await this.#files.mend(name, key);
		else if (op === "save") return this.#save([effect]);
		else throw new Error(`there is no way to ${op} ${name}`);
		return makeFileResult({});
	}

	/** Performs saves of one file as one write: each merges into what the one before it made. */
	async #save(effects: Effect[]) {
		const changes = effects.map(({ id, file }) => ({ id, delta: file?.delta ?? "", sync: file?.sync ?? false }));
		const text = await this.#files.save(effects[0]?.file?.name ?? "", changes);
		return makeFileResult({ text });
	}

	/** What the core makes of a file's text. The gate is held meanwhile. */
	#merge(save: number, file: string, current: string, delta: string): Merged {
		const [turn] = this.#call({ merge: { save, file, current, delta } });
		if (!turn.merged) throw new Error("the core has nothing to write");
		return turn.merged;
	}

	#wakeAt(at: number): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (at === 0 || this.#closing.signal.aborted) return;
		const wait = Math.min(Math.max(at - (this.#options.now ?? Date.now)(), 0), longestTimer);
		this.#timer = setTimeout(() => void this.#tick().catch(() => {}), wait);
		// A core that waits must not keep `pi -p` alive.
		this.#timer.unref();
	}

	/** What others have done by now need not be done again. */
	async #tick(): Promise<void> {
		await this.catchUp();
		await this.ask({ tick: { last: false } });
	}

	/** Waits for what is on its way to the disk, and for tokens that are being redeemed: they are spent already. */
	async drain(): Promise<void> {
		await this.#settled();
	}

	/** Writes what was gathered to be written later: the session is over, and perhaps the process. */
	async last(): Promise<void> {
		try {
			await this.ask({ tick: { last: true } });
		} finally {
			await this.drain();
		}
	}

	/** Ends timers, waits and files; the core can still be asked afterwards. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#closing.abort();
		await this.drain();
		clearTimeout(this.#timer);
		this.#closing = new AbortController();
		await this.#files.close();
	}

	/** Whether a watched file was ever read; used before the first session. */
	get started(): boolean {
		return this.#files.started;
	}
}

/** The work of effects that nobody waits for. */
const nobody: Work = { person: undefined, holds: new Map(), callbacks: new Map() };

let guarded: [NodeJS.Signals, () => void][] = [];

/** Where a signal would end the process at once, it ends it after `settled` while a token is being redeemed. */
function guardSignals(settled: () => Promise<void>): void {
	for (const signal of platform.signals) {
		// Whoever listens already shuts Pi down, and that waits for us.
		if (process.listenerCount(signal) > 0) continue;
		const listener = () => {
			void settled().finally(() => {
				releaseSignals();
				process.kill(process.pid, signal);
			});
		};
		process.once(signal, listener);
		guarded.push([signal, listener]);
	}
}

function releaseSignals(): void {
	for (const [signal, listener] of guarded) process.removeListener(signal, listener);
	guarded = [];
}

/** A log that cannot be written stops nobody. */
function appendQuietly(path: string, lines: string): void {
	try {
		append(path, lines);
	} catch {
		// The next lines may find room.
	}
}
