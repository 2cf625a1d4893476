import type { Component, Keybinding, KeybindingsManager } from "@earendil-works/pi-tui";
import type { Screen, Show, View } from "../abi.ts";
import { textOf } from "../failure.ts";
import { choice, field, type Layer, readingOf } from "./layers.ts";
import type { Paint } from "./paint.ts";
import { accountOf, drawScreen, listSeen, type Pane, type Sight, statusLines } from "./panes.ts";
import { movedBy, Scroll } from "./scroll.ts";

/** What the screen asks of the running extension. */
export interface Asked {
	/** What there is to show. */
	show(query: Show): Promise<Screen>;
	/** Performs a command, as if it were typed; `progress` hears how far it is, and `signal` ends what can be ended. */
	command(words: string[], progress: (text: string) => void, signal: AbortSignal): Promise<View>;
	/** The lines the screen may have. */
	rows(): number;
	/** Draws again. */
	redraw(): void;
	/** Ends the screen. */
	close(): void;
}

const sorts = ["order", "name", "standing", "left"];
const panes: readonly Pane[] = ["providers", "accounts", "details"];

/** The accounts of all providers, seen, sorted and changed by keys. Nothing out of sight is acted on. */
export class Manager implements Component {
	readonly #asked: Asked;
	readonly #paint: Paint;
	readonly #keys: KeybindingsManager;
	readonly #sight: Sight;
	readonly #marked = new Set<string>();
	readonly #running = new Set<AbortController>();
	#width = 0;
	#asking = 0;
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
		const { pane, screen, query } = this.#sight;
		const key = (id: Keybinding) => (this.#keys.getKeys(id)[0] ?? id).replace(/^escape$/, "esc");
		const undo = screen.undo === "" ? [] : ["u undo"];
		const end = `? help, ${key("tui.select.cancel")} ${this.#running.size > 0 ? "stop" : query.search === "" ? "close" : "all"}`;
		const onward = `${key("tui.input.tab")} ${pane === "accounts" ? "details" : "providers"}`;
		const all = `v ${query.all ? "fewer" : "all"}`;
		if (pane === "providers")
			return [
				`${key("tui.select.confirm")} open`,
				"a add",
				...undo,
				"m mode",
				"h hide",
				all,
				"w why",
				"f forecast",
				end,
			];
		if (!accountOf(this.#sight)) return ["a add", ...undo, "/ search", onward, end];
		const pin = `${key("tui.select.confirm")} ${this.#has("pinned") ? "unpin" : "pin"}`;
		const pause = `p ${this.#has("paused") ? "resume" : "pause"}`;
		const again = this.#has("held") ? ["y ask again"] : [];
		const list = this.#listSeen() ? ["space mark"] : [];
		return [
			pin,
			"a add",
			...undo,
			...again,
			pause,
			"e rename",
			"d remove",
			onward,
			...list,
			"/ search",
			"s sort",
			"m mode",
			end,
		];
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
		// What a command said is over when the next thing is asked.
		if (layer && this.#running.size === 0) this.#say("", "");
		layer?.focus?.(this.#focused);
	}

	#press(data: string): void {
		// A letter is never a movement, whatever Pi's keys are bound to.
		const letter = this.#actions()[data];
		const moves: [Keybinding, () => void][] = [
			["tui.select.cancel", () => this.#leave()],
			["tui.select.confirm", () => (this.#sight.pane === "providers" ? this.#step(1) : this.#pin())],
			["tui.input.tab", () => this.#step(this.#sight.pane === "details" ? -2 : 1)],
			["tui.editor.cursorLeft", () => this.#step(-1)],
			["tui.editor.cursorRight", () => this.#step(1)],
		];
		const act = letter ?? moves.find(([id]) => this.#keys.matches(data, id))?.[1];
		if (act) {
			act();
			return;
		}
		const by = movedBy(data, this.#keys, this.#sight[this.#sight.pane].page);
		if (by !== undefined) this.#move(by);
	}

	/** What letters do where the keys are now. */
	#actions(): Record<string, () => void> {
		const { screen, pane, query } = this.#sight;
		const provider = screen.provider;
		const always: Record<string, () => void> = {
			"?": () => this.#read(["help", "keys"]),
			a: () => this.#act(pane === "providers" ? ["add"] : ["add", provider]),
			l: () => this.#act(["login", provider]),
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
		if (pane === "providers" || !accountOf(this.#sight)) return always;
		const ref = this.#ref();
		const seen: Record<string, () => void> = this.#listSeen()
			? { " ": () => this.#mark(), K: () => this.#order(-1), J: () => this.#order(1) }
			: {};
		return {
			...always,
			...seen,
			p: () => this.#act([this.#has("paused") ? "resume" : "pause", ...this.#chosen()]),
			e: () => this.#rename(),
			d: () => this.#remove(),
			c: () => this.#act(["check", ref]),
			y: () => this.#act(["resume", ...this.#chosen()]),
			n: () => this.#set("note", "What to remember of it; / finds its words, and an empty one takes it away.", "note"),
			L: () => this.#act([this.#has("login") ? "login" : "add", provider, "--account", screen.account]),
			r: () => this.#act(["set", ref, "reserve", this.#has("reserve") ? "off" : "on"]),
			o: () => this.#overage(),
			i: () => this.#set("priority", "A number; a lower one goes first while it is ready.", "priority"),
			b: () => this.#set("base-url", "Where this account is asked; empty for the provider's own.", "base URL"),
			H: () => this.#set("header", "A header of this account's requests, as Name: value; Name: takes it away."),
			P: () => this.#set("pool", "The pool this account belongs to; empty for none."),
		};
	}

	#listSeen(): boolean {
		return listSeen(this.#sight, this.#width, this.#asked.rows());
	}

	#leave(): void {
		if (this.#running.size > 0) for (const running of this.#running) running.abort();
		else if (this.#sight.query.search !== "") this.#ask({ search: "" });
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

	/** Performs a command and says what came of it below the panes; a longer answer is read in a layer of its own. */
	async #run(words: string[]): Promise<void> {
		const view = await this.#command(words);
		if (!view) return;
		const rows = view.rows.filter((row) => row.tone !== "head");
		const table = rows.length > 1;
		const text = table
			? ""
			: [...rows.map((row) => row.cells.filter((cell) => cell !== "").join(", ")), ...view.notes].join(" ");
		const said = view.failed ? [view.title, text].filter((part) => part !== "").join(": ") : text || view.title;
		if (table || !statusLines(said, this.#width, this.#asked.rows()).fits) {
			this.#lay(readingOf(view));
			this.#say(view.title, view.failed ? "bad" : "");
		} else this.#say(said, view.failed ? "bad" : (rows[0]?.tone ?? "good"));
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
		const running = new AbortController();
		this.#running.add(running);
		this.#say(`working ${this.#paint.borders.ellipsis}`, "dim");
		try {
			const view = await this.#asked.command(words, (text) => this.#say(text, "dim"), running.signal);
			this.#say("", "");
			return view;
		} catch (error) {
			this.#say(textOf(error), "bad");
			return undefined;
		} finally {
			this.#running.delete(running);
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
		this.#lay(
			field("rename", "A name of your own; an empty one brings back the one it came with.", account.name, given),
		);
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
		const text = `Remove ${names.join(", ")}${more}? While this Pi runs, u brings back what was removed.`;
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
		this.#lay(choice("mode", text, offers, (id) => this.#act(["mode", provider, id]), now, false));
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

	/** Asks for a setting. `label` is that of the detail that says what it is now. */
	#set(what: string, text: string, label = ""): void {
		const ref = this.#ref();
		const now = this.#sight.screen.details.find((detail) => label !== "" && detail.label === label)?.text ?? "";
		this.#lay(field(what, text, now, (value) => this.#act(["set", ref, what, value.trim()])));
	}

	#overage(): void {
		const ref = this.#ref();
		const now = this.#sight.screen.details.some((detail) => detail.label === "overage");
		const offers = [
			{ id: "off", label: "Off", about: "only what the plan includes" },
			{ id: "on", label: "On", about: "beyond the plan too, which may cost money" },
		];
		const given = (id: string) => this.#act(["set", ref, "overage", id]);
		this.#lay(choice("overage", "", offers, given, now ? 1 : 0));
	}

	#search(): void {
		const before = this.#sight.query.search;
		const found = (text: string) => this.#ask({ search: text });
		this.#lay(field("search", "Words of a name or an id.", before, found, found, () => found(before)));
	}
}
