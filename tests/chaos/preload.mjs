// Loaded into every Pi of the chaos: a clock that can be stepped by a file, and a record of what nobody handled.
import { appendFileSync, readFileSync } from "node:fs";

const { CHAOS_CLOCK, CHAOS_UNHANDLED } = process.env;
const Real = Date;
let offset = 0;
function look() {
	try {
		offset = Number(readFileSync(CHAOS_CLOCK, "utf8")) || 0;
	} catch {
		// It is being written.
	}
}
look();
setInterval(look, 200).unref();
globalThis.Date = class Date extends Real {
	constructor(...args) {
		if (args.length === 0) super(Real.now() + offset);
		else super(...args);
	}
	static now() {
		return Real.now() + offset;
	}
};
function record(kind, error) {
	appendFileSync(CHAOS_UNHANDLED, `${process.pid} ${kind} ${error?.stack ?? error}\n`);
}
process.on("uncaughtExceptionMonitor", (error, origin) => record(origin, error));
process.on("unhandledRejection", (error) => record("unhandledRejection", error));
