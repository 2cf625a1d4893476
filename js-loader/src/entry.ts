// What Pi loads. Pi translates each file of an extension anew at every start, which costs milliseconds for every ten kilobytes; so this
// file is small, and what does the work is a file of its own that Node reads as it is. Pi's packages can be had by Pi's own loader
// alone, so they are handed on.
import { createRequire } from "node:module";
import * as ai from "@earendil-works/pi-ai";
import * as agent from "@earendil-works/pi-coding-agent";
import * as tui from "@earendil-works/pi-tui";

type Main = typeof import("./index.ts");
type Load = (require: (name: string) => unknown, self: string) => Main;

const native = createRequire(import.meta.url);
const own: Record<string, unknown> = {
	"@earendil-works/pi-ai": ai,
	"@earendil-works/pi-coding-agent": agent,
	"@earendil-works/pi-tui": tui,
};
let main: Main | undefined;

/** Pi's entry: whatever goes wrong in here, Pi works on as if the extension were not there, and says why once. */
export default async function piMultiAuth(pi: agent.ExtensionAPI): Promise<void> {
	try {
		main ??= (native("./main.cjs") as Load)((name) => own[name] ?? native(name), import.meta.url);
	} catch (error) {
		const missing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
		const why = missing ? "main.cjs is missing; install the extension anew" : String(error);
		process.stderr.write(`pi-multi-auth is not active: ${why}\n`);
		return;
	}
	await main.default(pi);
}
