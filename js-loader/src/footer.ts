import type { Instance } from "./instance.ts";

/** The name of our line in Pi's footer. */
const place = "multi-auth";

/** How often the age of a figure is looked at, in milliseconds. */
const often = 30_000;

/** Says the account that answers the newest session in Pi's footer, or nothing where the core has nothing to say. */
export async function glance(instance: Instance): Promise<void> {
	const { context, loaded, hasUI } = instance;
	if (!context || !loaded || !hasUI || instance.rival) return;
	instance.looking ??= setInterval(() => void glance(instance).catch(() => {}), often).unref();
	const provider = context.model?.provider ?? "";
	const session = context.sessionManager.getSessionId();
	const words = ["glance", provider, session, "--footer"];
	const { view } = await loaded.ask({ command: { text: "", words, mode: context.mode } });
	// Another session may have begun meanwhile; asking the one that is over throws.
	if (instance.context === context) context.ui.setStatus(place, view?.notes[0]);
}

/** Leaves the footer alone until a session is looked at again. */
export function endGlances(instance: Instance): void {
	clearInterval(instance.looking);
	instance.looking = undefined;
}

/** Counts down in the place where Pi says that it works, until what it answers is called. */
export function countdown(instance: Instance, text: string, until: number): () => void {
	const { context, hasUI } = instance;
	if (!context || !hasUI) return () => {};
	const tell = (message?: string) => {
		try {
			context.ui.setWorkingMessage(message);
		} catch {
			// The session is over, and so is its screen.
		}
	};
	const draw = () => tell(text.replace("{left}", `${Math.max(1, Math.ceil((until - Date.now()) / 1000))} s`));
	draw();
	const timer = setInterval(draw, 1000).unref();
	return () => {
		clearInterval(timer);
		tell();
	};
}
