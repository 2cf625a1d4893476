import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

function collector(): () => void {
	const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
	if (Bun) return () => Bun.gc(true);
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc") as () => void;
}

/** Collects what nobody holds any more, now, in Node and in Bun. */
export const collect = collector();
