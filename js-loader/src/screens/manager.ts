import type { Component, Keybinding, KeybindingsManager } from "@earendil-works/pi-tui";
import type { Screen, Show, View } from "../abi.ts";
import { choice, field, type Layer, readingOf } from "./layers.ts";
import type { Paint } from "./paint.ts";
import { accountOf, accountsSeen, drawScreen, type Pane, type Sight } from "./panes.ts";
import { Scroll } from "./scroll.ts";

/** What the screen asks of the running extension. */
export interface Asked {
	/** What there is to show. */
	show(query: Show): Promise<Screen>;
	/** Performs a command, as if it were typed. */
	command(words: string[]): Promise<View>;
	/** The lines the screen may have. */
	rows(): number;
	/** Draws again. */
	redraw(): void;
	/** Ends the screen. */
	close(): void;
	/** Takes the screen away while Pi's own dialogs are up, and brings it back. */
	aside(run: () => Promise<void>): Promise<void>;
}

const sorts = ["order", "name", "standing", "left"];
const panes: readonly Pane[] = ["providers", "accounts", "details"];
/** Answers longer than this are read in a layer of their own. */
const sentence = 160;

/** The accounts of all providers, seen, sorted and changed by keys. Nothing out of sight is acted on. */
export class Manager implements Component {
	readonly #asked: Asked;
	readonly #paint: Paint;
	readonly #keys: KeybindingsManager;
	readonly #sight: Sight;
	readonly #marked = new Set<string>();
	#width = 0;
	#asking = 0;
	#busy = 0;
	#focused = false;

	constructor(asked: Asked, paint: Paint, keys: KeybindingsManager, first: Screen) {
		this.#asked = asked;
		this.#paint = paint;
		this.#keys = keys;
		this.#sight = {
			screen: first,
			query: { provider: first.provider, account: first.account, search: "", sort: "order", all: false },
			pane: first.accounts.length > 0 ? "accounts" : "providers",
			providers: new Scroll(),
			accounts: new Scroll(),
			details: new Scroll(),
			marked: this.#marked,
			layer: undefined,
			status: "",
			statusTone: "",
			hints: [],
		};
		this.#point();
	}

	get focused(): boolean {
		return this.#focused;
	}

	set focused(focused: boolean) {
		this.#focused = focused;
		this.#sight.layer?.focus?.(focused);
	}

	invalidate(): void {
		// Every line is made anew when it is asked for.
	}

	render(width: number): string[] {
		this.#width = width;
		this.#sight.hints = this.#hints();
		return drawScreen(this.#paint, this.#sight, width, this.#asked.rows());
	}

	/** Asks the core anew: something may have changed. An answer that a later question has overtaken is dropped. */
	async reload(): Promise<void> {
		const turn = ++this.#asking;
		const screen = await this.#asked.show({ ...this.#sight.query });
		if (turn !== this.#asking) return;
		this.#sight.screen = screen;
		this.#point();
		this.#asked.redraw();
	}

	/** Puts the cursors where the details are. */
	#point(): void {
		const { screen, query, providers, accounts } = this.#sight;
		const p = screen.providers.findIndex((item) => item.id === screen.provider);
		if (p >= 0) providers.at = p;
		const a = screen.accounts.findIndex((item) => item.id === screen.account);
		if (a >= 0) accounts.at = a;
		query.provider = screen.provider;
		query.account = screen.account;
		for (const id of this.#marked) if (!screen.accounts.some((item) => item.id === id)) this.#marked.delete(id);
	}

	#hints(): string[] {
		const { layer, pane, screen } = this.#sight;
		if (layer) return [...layer.hints];
		const key = (id: Keybinding) => (this.#keys.getKeys(id)[0] ?? id).replace(/^escape$/, "esc");
		const undo = screen.undo === "" ? [] : ["u undo"];
		const end = `? help, ${key("tui.select.cancel")} close`;
		if (pane === "providers")
			return [`${key("tui.select.confirm")} open`, "a add", "m mode", ...undo, "/ search", "h hide", "v all", end];
		const pin = `${key("tui.select.confirm")} ${this.#has("pinned") ? "unpin" : "pin"}`;
		const pause = `p ${this.#has("paused") ? "resume" : "pause"}`;
		return [pin, "a add", pause, ...undo, "e rename", "d remove", "space mark", "/ search", "s sort", end];
	}

	handleInput(data: string): void {
		const { layer } = this.#sight;
		if (layer) this.#answer(layer, data);
		else this.#press(data);
		this.#asked.redraw();
	}

	#answer(layer: Layer, data: string): void {
		if (this.#keys.matches(data, "tui.select.cancel")) {
			this.#lay(undefined);
			layer.cancel?.();
		} else if (layer.input(data, this.#keys) && this.#sight.layer === layer) this.#lay(undefined);
	}

	#lay(layer: Layer | undefined): void {
		this.#sight.layer = layer;
		layer?.focus?.(this.#focused);
	}

	#press(data: string): void {
		const moves: [Keybinding, () => void][] = [
			["tui.select.cancel", () => this.#leave()],
			["tui.select.up", () => this.#move(-1)],
			["tui.select.down", () => this.#move(1)],
			["tui.select.pageUp", () => this.#move(-8)],
			["tui.select.pageDown", () => this.#move(8)],
			["tui.select.confirm", () => (this.#sight.pane === "providers" ? this.#step(1) : this.#pin())],
			["tui.input.tab", () => this.#step(this.#sight.pane === "details" ? -2 : 1)],
			["tui.editor.cursorLeft", () => this.#step(-1)],
			["tui.editor.cursorRight", () => this.#step(1)],
			["tui.editor.cursorLineStart", () => this.#move(Number.NEGATIVE_INFINITY)],
			["tui.editor.cursorLineEnd", () => this.#move(Number.POSITIVE_INFINITY)],
		];
		// A letter is never a movement, whatever Pi's keys are bound to.
		const act = this.#actions()[data];
		const run = act ?? moves.find(([id]) => this.#keys.matches(data, id))?.[1];
		run?.();
	}

	/** What letters do where the keys are now. */
	#actions(): Record<string, () => void> {
		const { screen, pane, query } = this.#sight;
		const provider = screen.provider;
		const always: Record<string, () => void> = {
			"?": () => this.#read(["help", "keys"]),
			a: () => this.#outside(pane === "providers" ? ["add"] : ["add", provider]),
			l: () => this.#outside(["login", provider]),
			m: () => this.#mode(),
			h: () => this.#act([this.#hidden() ? "unhide" : "hide", provider]),
			v: () => this.#ask({ all: !query.all }),
			"/": () => this.#search(),
			s: () => this.#ask({ sort: sorts[(sorts.indexOf(query.sort) + 1) % sorts.length] ?? "order" }),
			t: () => this.#act(["usage", pane === "providers" ? provider : this.#ref()]),
			u: () => this.#act(["undo"]),
			w: () => this.#read(["why", provider]),
			f: () => this.#read(["forecast", provider]),
			g: () => this.#read(["log"]),
			D: () => this.#read(["doctor"]),
		};
		if (pane === "providers" || !accountsSeen(this.#sight, this.#width) || !accountOf(this.#sight)) return always;
		const ref = this.#ref();
		return {
			...always,
			" ": () => this.#mark(),
			p: () => this.#act([this.#has("paused") ? "resume" : "pause", ...this.#chosen()]),
			e: () => this.#rename(),
			d: () => this.#remove(),
			c: () => this.#act(["check", ref]),
			L: () => this.#outside(["login", provider, "--account", screen.account]),
			K: () => this.#order(-1),
			J: () => this.#order(1),
			r: () => this.#act(["set", ref, "reserve", this.#has("reserve") ? "off" : "on"]),
			o: () => this.#set("overage", "Use beyond what the plan includes, which may cost money: on or off."),
			i: () => this.#set("priority", "A number; a lower one goes first while it is ready."),
			b: () => this.#set("base-url", "Where this account is asked; empty for the provider's own."),
			H: () => this.#set("header", "A header of this account's requests, as Name: value; Name: takes it away."),
			P: () => this.#set("pool", "The pool this account belongs to; empty for none."),
		};
	}

	#leave(): void {
		if (this.#sight.query.search !== "") this.#ask({ search: "" });
		else this.#asked.close();
	}

	#move(by: number): void {
		const { pane, details, providers, accounts, screen } = this.#sight;
		if (pane === "details") {
			// Drawing keeps it within what there is.
			details.top = by === Number.POSITIVE_INFINITY ? 1e6 : Math.max(0, details.top + by);
			return;
		}
		details.top = 0;
		if (pane === "providers") {
			providers.move(by, screen.providers.length);
			accounts.at = 0;
			this.#ask({ provider: screen.providers[providers.at]?.id ?? "", account: "" });
		} else {
			accounts.move(by, screen.accounts.length);
			this.#ask({ account: accountOf(this.#sight)?.id ?? "" });
		}
	}

	#step(by: number): void {
		const at = panes.indexOf(this.#sight.pane) + by;
		this.#sight.pane = panes[Math.max(0, Math.min(panes.length - 1, at))] ?? "providers";
	}

	#has(flag: string): boolean {
		return accountOf(this.#sight)?.flags.includes(flag) ?? false;
	}

	#hidden(): boolean {
		return this.#sight.screen.providers[this.#sight.providers.at]?.flags.includes("hidden") ?? false;
	}

	/** How commands call an account. */
	#ref(id = accountOf(this.#sight)?.id ?? ""): string {
		return `${this.#sight.screen.provider}/${id}`;
	}

	/** The marked accounts, else the one under the cursor. */
	#chosen(): string[] {
		return this.#marked.size > 0 ? [...this.#marked].map((id) => this.#ref(id)) : [this.#ref()];
	}

	#ask(change: Partial<Show>): void {
		Object.assign(this.#sight.query, change);
		void this.reload().catch((error) => this.#say(textOf(error), "bad"));
	}

	#say(text: string, tone: string): void {
		this.#sight.status = text;
		this.#sight.statusTone = tone;
		this.#asked.redraw();
	}

	#act(words: string[]): void {
		void this.#run(words);
	}

	/** A command that asks in Pi's own dialogs. */
	#outside(words: string[]): void {
		void this.#asked.aside(() => this.#run(words));
	}

	/** Performs a command and says what came of it below the panes. */
	async #run(words: string[]): Promise<void> {
		const view = await this.#command(words);
		if (!view) return;
		const text = [...view.rows.map((row) => row.cells.join(" ")), ...view.notes].join(" ").trim();
		if (text.length > sentence) this.#lay(readingOf(view));
		this.#say(view.failed || text === "" || text.length > sentence ? view.title : text, view.failed ? "bad" : "good");
		await this.reload().catch((error) => this.#say(textOf(error), "bad"));
	}

	/** Performs a command whose answer is read. */
	#read(words: string[]): void {
		void this.#command(words.filter((word) => word !== "")).then((view) => {
			if (view) this.#lay(readingOf(view));
			this.#asked.redraw();
		});
	}

	async #command(words: string[]): Promise<View | undefined> {
		if (this.#busy++ === 0) this.#say("working …", "dim");
		try {
			const view = await this.#asked.command(words);
			this.#say("", "");
			return view;
		} catch (error) {
			this.#say(textOf(error), "bad");
			return undefined;
		} finally {
			this.#busy--;
		}
	}

	#pin(): void {
		if (accountOf(this.#sight))
			this.#act(this.#has("pinned") ? ["auto", this.#sight.screen.provider] : ["use", this.#ref()]);
	}

	#mark(): void {
		const id = accountOf(this.#sight)?.id ?? "";
		if (!this.#marked.delete(id)) this.#marked.add(id);
		this.#move(1);
	}

	#rename(): void {
		const account = accountOf(this.#sight);
		if (!account) return;
		const ref = this.#ref();
		const given = (text: string) => this.#act(["rename", ref, text.trim()]);
		this.#lay(field("rename", "A name of your own; empty takes the id.", account.name, given));
	}

	#remove(): void {
		const chosen = this.#chosen();
		const { accounts } = this.#sight.screen;
		const names = chosen.slice(0, 5).map((ref) => accounts.find((item) => this.#ref(item.id) === ref)?.name ?? ref);
		const more = chosen.length > 5 ? ` and ${chosen.length - 5} more` : "";
		const offers = [
			{ id: "no", label: "No, keep" },
			{ id: "yes", label: "Yes, remove" },
		];
		const text = `Remove ${names.join(", ")}${more}? u brings back what was removed.`;
		this.#lay(
			choice("remove", text, offers, (id) => {
				if (id !== "yes") return;
				this.#marked.clear();
				this.#act(["remove", ...chosen, "--yes"]);
			}),
		);
	}

	#mode(): void {
		const { provider, modes } = this.#sight.screen;
		const offers = modes.map((mode) => {
			const [label = mode.id, about = ""] = mode.label.split(": ");
			return { id: mode.id, label, about };
		});
		const now = Math.max(
			0,
			offers.findIndex((offer) => offer.label.endsWith("(now)")),
		);
		const text = `How ${provider} gives new sessions their account:`;
		this.#lay(choice("mode", text, offers, (id) => this.#act(["mode", provider, id]), now));
	}

	#order(by: number): void {
		const { screen, accounts, query } = this.#sight;
		const ids = screen.accounts.map((item) => item.id);
		const to = accounts.at + by;
		if (query.sort !== "order" || query.search !== "") {
			this.#say("Moving needs the list in its own order: press s until it is, and clear the search.", "wait");
			return;
		}
		if (to < 0 || to >= ids.length) return;
		ids.splice(to, 0, ...ids.splice(accounts.at, 1));
		this.#act(["order", screen.provider, ...ids]);
	}

	#set(what: string, text: string): void {
		const ref = this.#ref();
		this.#lay(field(what, text, "", (value) => this.#act(["set", ref, what, value.trim()])));
	}

	#search(): void {
		const before = this.#sight.query.search;
		const found = (text: string) => this.#ask({ search: text });
		this.#lay(field("search", "Words of a name or an id.", before, found, found, () => found(before)));
	}
}

function textOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
