import type { ExtensionContext } from "@earendil-works/pi-coding-agent";
import type { KeybindingsManager } from "@earendil-works/pi-tui";
import { borders } from "./borders.ts";
import { framed, secretField } from "./layers.ts";
import { frame, type Paint } from "./paint.ts";

/** Asks for a secret, several lines of it where they are pasted; what is typed is not shown. Undefined when the person gives up. */
export function askSecret(
	ctx: ExtensionContext,
	title: string,
	text: string,
	signal: AbortSignal,
): Promise<string | undefined> {
	return ctx.ui.custom<string | undefined>((tui, theme, keys: KeybindingsManager, done) => {
		const paint: Paint = { theme, borders: borders() };
		const layer = secretField(title, text, (given) => done(given));
		signal.addEventListener("abort", () => done(undefined), { once: true });
		return {
			render: (width: number) => frame(paint, title, framed(paint, layer, width - 4, 6), width),
			handleInput(data: string) {
				if (keys.matches(data, "tui.select.cancel")) done(undefined);
				else layer.input(data, keys);
				tui.requestRender();
			},
			invalidate() {},
		};
	});
}
