// A process with the whole core that looks at its files when it is told to, as before a request: each empty line of its input is one look.
// Any other line is a command of a person's.
//
// node heal.mts <runtime folder>
import { createInterface } from "node:readline";
import { makeCommand } from "../../js-loader/src/abi.ts";
import { Core } from "../../js-loader/src/core.ts";
import { places } from "../../js-loader/src/places.ts";

const [folder = "."] = process.argv.slice(2);
const core = await Core.load({
	module: new URL("../../js-loader/core.wasm", import.meta.url).pathname,
	places: places(folder, folder, {}),
	notice: (notice) => console.log(`said ${notice.text}`),
	piVersion: "1.5.2",
});
await core.start(["p"]);
await core.drain();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
	const began = performance.now();
	await core.catchUp();
	if (line !== "") {
		const turn = await core.ask({ command: makeCommand({ text: line, mode: "print" }) });
		console.log(`answered ${turn.view?.title}`);
	}
	await core.drain();
	console.log(`looked ${(performance.now() - began).toFixed(1)}`);
}
await core.close();
process.exit(0);
