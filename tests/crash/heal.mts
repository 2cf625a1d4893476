// A process with the whole core that looks at its files when it is told to: each line of its input is one look, as before a request.
//
// node heal.mts <runtime folder>
import { Core } from "../../js-loader/src/core.ts";
import { places } from "../../js-loader/src/places.ts";
import { createInterface } from "node:readline";

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
for await (const _line of createInterface({ input: process.stdin })) {
	const began = performance.now();
	await core.catchUp();
	await core.drain();
	console.log(`looked ${(performance.now() - began).toFixed(1)}`);
}
await core.close();
process.exit(0);
