import { execFile } from "node:child_process";
import type { Device, Open, Option, Prompt } from "../abi.ts";
import { platform } from "../platform.ts";

/** The part of Pi's dialog for logins that is used; it is the same in 0.87 and 1.5. */
export interface LoginDialog {
	readonly signal: AbortSignal;
	showAuth(url: string, instructions?: string): void;
	showDeviceCode(info: { userCode: string; verificationUri: string; expiresInSeconds?: number }): void;
	showManualInput(prompt: string): Promise<string>;
	showPrompt(message: string, placeholder?: string): Promise<string>;
	showWaiting(message: string): void;
	showProgress(message: string): void;
}

/** Pi's ways to talk to the person, as far as its mode has them. */
export interface Surroundings {
	mode: string;
	notify(text: string, type?: "info" | "warning" | "error"): void;
	select(title: string, labels: string[], signal: AbortSignal): Promise<string | undefined>;
	input(title: string, placeholder: string, signal: AbortSignal): Promise<string | undefined>;
	/** Says how far something is where no dialog is open; "" when it is over. */
	progress(text: string): void;
	/** Asks for a secret that is not shown while it is typed; undefined when the person gives up. Absent outside of the TUI. */
	secret?(title: string, text: string, signal: AbortSignal): Promise<string | undefined>;
	/** Opens Pi's own dialog; `close` ends it. Undefined outside of the TUI. */
	dialog?(title: string): Promise<{ dialog: LoginDialog; close: () => void } | undefined>;
}

/** The person gave up. */
export class Canceled extends Error {
	constructor() {
		super("the person gave up");
	}
}

/** The person as one login sees them: one dialog, closed when the login is over; who gives up ends everything it waits for. */
export class Person {
	readonly #around: Surroundings;
	readonly #title: string;
	readonly #giveUp = new AbortController();
	#progressed = false;
	#opened: Promise<{ dialog: LoginDialog; close: () => void } | undefined> | undefined;

	constructor(around: Surroundings, title: string) {
		this.#around = around;
		this.#title = title;
	}

	/** Aborted when the person gives up. */
	get signal(): AbortSignal {
		return this.#giveUp.signal;
	}

	async #dialog(): Promise<LoginDialog | undefined> {
		this.#opened ??= (async () => {
			const opened = await this.#around.dialog?.(this.#title);
			opened?.dialog.signal.addEventListener("abort", () => this.#giveUp.abort());
			return opened;
		})();
		return (await this.#opened)?.dialog;
	}

	/** Shows a page, and opens it where there is a browser. */
	async open(open: Open): Promise<void> {
		const dialog = await this.#dialog();
		if (dialog) dialog.showAuth(open.url, open.text || undefined);
		else this.#around.notify(`${open.text || "Open this page to log in"}:\n${open.url}`);
		if (this.#around.mode === "tui") browse(open.url);
	}

	/** Shows a code and the page that wants it. */
	async device(device: Device): Promise<void> {
		const dialog = await this.#dialog();
		const seconds = device.expires === 0 ? undefined : Math.max(0, Math.round((device.expires - Date.now()) / 1000));
		if (dialog)
			dialog.showDeviceCode({
				userCode: device.code,
				verificationUri: device.url,
				...(seconds === undefined ? {} : { expiresInSeconds: seconds }),
			});
		else this.#around.notify(`Open ${device.url}\nand enter the code ${device.code}`);
	}

	/** Asks for a text. Beside something else, an empty answer means that nothing is typed. */
	async prompt(prompt: Prompt, until?: AbortSignal): Promise<string> {
		const signal = until ? AbortSignal.any([until, this.signal]) : this.signal;
		if (prompt.secret && this.#around.secret) {
			const secret = await this.#around.secret(prompt.title, prompt.text, signal);
			if (secret === undefined) throw new Canceled();
			return secret;
		}
		const dialog = await this.#dialog();
		const message = prompt.text ? `${prompt.title}\n${prompt.text}` : prompt.title;
		if (dialog)
			return this.#orGiveUp(prompt.beside ? dialog.showManualInput(message) : dialog.showPrompt(message), signal);
		if (this.#around.mode !== "rpc") throw new Error(typeInstead);
		const text = await this.#around.input(message, "", signal);
		if (text === undefined) throw new Canceled();
		return text;
	}

	/** Asks for one of several. */
	async choose(title: string, options: readonly Option[]): Promise<string> {
		if (this.#around.mode !== "tui" && this.#around.mode !== "rpc") throw new Error(typeInstead);
		// Two options may read the same; their places do not.
		const labels = options.map((option, i) =>
			options.findIndex((o) => o.label === option.label) === i ? option.label : `${option.label} (${i + 1})`,
		);
		const chosen = await this.#around.select(title, labels, this.signal);
		const option = chosen === undefined ? undefined : options[labels.indexOf(chosen)];
		if (!option) throw new Canceled();
		return option.id;
	}

	/** Says how far it is: in the dialog where one is open. */
	async progress(text: string): Promise<void> {
		const dialog = (await this.#opened)?.dialog;
		if (dialog) dialog.showProgress(text);
		else {
			this.#progressed = true;
			this.#around.progress(text);
		}
	}

	/** Ends everything that is waited for. */
	giveUp(): void {
		this.#giveUp.abort();
	}

	/** Ends the dialog. */
	async close(): Promise<void> {
		const opened = await this.#opened?.catch(() => undefined);
		opened?.close();
		if (this.#progressed) this.#around.progress("");
	}

	#orGiveUp(answer: Promise<string>, signal: AbortSignal): Promise<string> {
		return new Promise((resolve, reject) => {
			const gone = () => reject(new Canceled());
			if (signal.aborted) gone();
			signal.addEventListener("abort", gone, { once: true });
			answer.then(resolve, gone).finally(() => signal.removeEventListener("abort", gone));
		});
	}
}

const typeInstead = "this needs somebody to answer; run pi and type /multi-auth login there";

/** Opens the person's browser. The address is an argument of its own: no shell reads it. */
function browse(url: string): void {
	if (!/^https:\/\//.test(url)) return;
	const [command, ...args] = platform.browser;
	try {
		const child = execFile(command, [...args, url], { timeout: 10_000 }, () => {});
		child.unref();
	} catch {
		// There is no browser; the page is on the screen.
	}
}
