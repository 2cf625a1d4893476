import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { OverlayHandle } from "@earendil-works/pi-tui";
import { makeShow, type Screen, type Show, type View } from "../abi.ts";
import type { Watch } from "../login.ts";
import { borders } from "./borders.ts";
import { Manager } from "./manager.ts";

/** What the screen needs of the core. */
export interface Teller {
	show(query: Show): Promise<Screen>;
	command(words: string[], watch: Watch): Promise<View>;
	/** Is told when to look again, until the answer is called. */
	changed(heard: () => void): () => void;
}

/** Opens the accounts over the chat. It ends when the person closes it. */
export async function openManager(ctx: ExtensionContext, teller: Teller): Promise<void> {
	const first = await teller.show(makeShow({ provider: ctx.model?.provider ?? "" }));
	let handle: OverlayHandle | undefined;
	await ctx.ui.custom<void>(
		(tui, theme, keys, done) => {
			const terminal = tui.terminal;
			let changed = () => {};
			// Pi's own dialogs stand where the screen is, and one may open inside of another.
			let away = 0;
			const aside = async <T>(run: () => Promise<T>): Promise<T> => {
				if (away++ === 0) handle?.setHidden(true);
				try {
					return await run();
				} finally {
					if (--away === 0) {
						handle?.setHidden(false);
						handle?.focus();
						tui.requestRender();
					}
				}
			};
			const manager = new Manager(
				{
					show: teller.show,
					command: (words, progress, signal) => teller.command(words, { progress, signal, aside }),
					// Chat stays to be seen behind a large terminal's edge; a small one has no line to spare.
					rows: () => (terminal.rows < 30 ? terminal.rows : terminal.rows - 4),
					redraw: () => tui.requestRender(),
					close: () => {
						changed();
						done();
					},
				},
				{ theme, borders: borders() },
				keys,
				first,
			);
			changed = teller.changed(() => void manager.reload().catch(() => {}));
			return Object.assign(manager, { dispose: changed });
		},
		{
			overlay: true,
			overlayOptions: { width: "100%", maxHeight: "100%", anchor: "center" },
			onHandle: (given) => {
				handle = given;
			},
		},
	);
}
