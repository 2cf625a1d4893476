import { type Answer, type Ask, type Listen, makeAnswer } from "../abi.ts";
import { performCrypto } from "./crypto.ts";
import { performInput } from "./input.ts";
import { Callback } from "./listen.ts";
import { Canceled, type Person } from "./person.ts";
import { type PiSide, performPi } from "./pi.ts";

/** What asks are performed with. */
export interface Askers {
	/** The key of this installation. */
	keyFile: string;
	pi?: PiSide | undefined;
	/** The person of a login; undefined when the flow is nobody's. */
	person?: Person | undefined;
	/** Listeners that wait for their call, by their state. */
	callbacks: Map<string, Callback>;
	/** What stands where. */
	facts?: () => string;
	/** Ends waits early when the process closes. */
	closing: AbortSignal;
}

/** Performs an ask. A person who gives up is an answer; anything else that fails is an error in plain words. */
export async function performAsk(ask: Ask, askers: Askers): Promise<Answer> {
	try {
		return await perform(ask, askers);
	} catch (error) {
		if (error instanceof Canceled || askers.person?.signal.aborted) return makeAnswer({ canceled: true });
		throw error;
	}
}

async function perform(ask: Ask, askers: Askers): Promise<Answer> {
	const person = (): Person => {
		if (!askers.person) throw new Error("nobody is there to answer");
		return askers.person;
	};
	if (askers.person?.signal.aborted) throw new Canceled();
	if (ask.crypto) return performCrypto(ask.crypto, askers.keyFile);
	if (ask.sleep) {
		await sleep(ask.sleep.wait, [askers.closing, ...(askers.person ? [askers.person.signal] : [])]);
		if (askers.person?.signal.aborted) throw new Canceled();
		return makeAnswer();
	}
	if (ask.input)
		return ask.input.kind === "facts" ? makeAnswer({ text: askers.facts?.() ?? "" }) : performInput(ask.input);
	if (ask.pi) {
		if (!askers.pi) throw new Error("Pi is not ready yet");
		return performPi(ask.pi, askers.pi, person, () => deviceId(askers.keyFile));
	}
	if (ask.open) await person().open(ask.open);
	if (ask.device) await person().device(ask.device);
	if (ask.progress) await askers.person?.progress(ask.progress.text);
	if (ask.prompt) return makeAnswer({ text: await person().prompt(ask.prompt) });
	if (ask.choose) return makeAnswer({ text: await person().choose(ask.choose.title, ask.choose.options) });
	if (ask.listen) return listen(ask.listen, askers, person);
	return makeAnswer();
}

/**
 * Names this installation to services that ask for a device, and tells them nothing else: a UUID of version 8 (RFC 9562, section 5.8), as
 * Pi's own are UUIDs (1.5.2, getOrCreateDeviceId).
 */
function deviceId(keyFile: string): string {
	const hash = ["device-1", "device-2"].map((text) => performCrypto({ op: "hash", text }, keyFile).text).join("");
	return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20)}`;
}

async function listen(listen: Listen, askers: Askers, person: () => Person): Promise<Answer> {
	let callback = askers.callbacks.get(listen.state);
	if (!callback && listen.ports.length > 0) {
		try {
			callback = await Callback.open(listen);
			askers.callbacks.set(listen.state, callback);
		} catch (error) {
			if (listen.keep || !listen.paste) throw new Error(portWords(error));
		}
	}
	if (listen.keep) return makeAnswer({ port: callback?.port ?? 0 });
	const over = new AbortController();
	const timer = setTimeout(() => over.abort(), listen.timeout);
	try {
		if (listen.open !== "") {
			const url = listen.open.replaceAll("{port}", String(callback?.port ?? 0));
			await person().open({ url, text: "Log in on this page" });
		}
		const ways: Promise<Answer>[] = [gone(over.signal, askers)];
		if (callback) ways.push(arrived(callback));
		if (listen.paste) ways.push(pasted(person(), over.signal, callback !== undefined));
		return await Promise.race(ways);
	} finally {
		clearTimeout(timer);
		over.abort();
		askers.callbacks.delete(listen.state);
		callback?.close();
	}
}

async function arrived(callback: Callback): Promise<Answer> {
	return makeAnswer({ text: await callback.query, port: callback.port });
}

async function pasted(person: Person, over: AbortSignal, beside: boolean): Promise<Answer> {
	try {
		for (;;) {
			const text = await person.prompt(
				{
					title: "Paste the code or the address the browser was sent to",
					text: "",
					secret: false,
					beside: true,
				},
				over,
			);
			if (text.trim() !== "") return makeAnswer({ text: text.trim() });
		}
	} catch (error) {
		// Where nothing can be typed the browser may still come back.
		if (beside && !person.signal.aborted && !(error instanceof Canceled)) return new Promise(() => {});
		if (beside && over.aborted) return new Promise(() => {});
		throw error;
	}
}

function gone(over: AbortSignal, askers: Askers): Promise<Answer> {
	return new Promise((_, reject) => {
		over.addEventListener("abort", () => reject(new Error("nobody came back in time")), { once: true });
		const whileOpen = { once: true, signal: over };
		askers.person?.signal.addEventListener("abort", () => reject(new Canceled()), whileOpen);
		askers.closing.addEventListener("abort", () => reject(new Error("Pi is closing")), whileOpen);
	});
}

function portWords(error: unknown): string {
	const code = (error as NodeJS.ErrnoException).code;
	return code === "EADDRINUSE"
		? "its ports are in use"
		: code === "EACCES"
			? "its ports are not permitted"
			: "no port could be opened";
}

function sleep(ms: number, signals: AbortSignal[]): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			for (const signal of signals) signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
		for (const signal of signals) {
			if (signal.aborted) return done();
			signal.addEventListener("abort", done, { once: true });
		}
	});
}
