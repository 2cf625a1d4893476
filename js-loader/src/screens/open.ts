import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { OverlayHandle } from "@earendil-works/pi-tui";
import { makeShow, type Screen, type Show, type View } from "../abi.ts";
import { borders } from "./borders.ts";
import { Manager } from "./manager.ts";

/** What the screen needs of the core. */
export interface Teller {
	show(query: Show): Promise<Screen>;
	command(words: string[]): Promise<View>;
	/** Hears of changes others made, until the answer is called. */
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
			const manager = new Manager(
				{
					show: teller.show,
					command: teller.command,
					// Chat stays to be seen behind a large terminal's edge; a small one has no line to spare.
					rows: () => (terminal.rows < 30 ? terminal.rows : terminal.rows - 4),
					redraw: () => tui.requestRender(),
					close: () => {
						changed();
						done();
					},
					async aside(run) {
						handle?.setHidden(true);
						try {
							await run();
						} finally {
							handle?.setHidden(false);
							handle?.focus();
							tui.requestRender();
						}
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
