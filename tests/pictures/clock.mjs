// For pictures alone, loaded with NODE_OPTIONS=--import: the clock begins at PICTURE_CLOCK and is set anew whenever the file PICTURE_SET
// holds another time (both are epoch milliseconds), so that a picture shows the same times whenever it is made. Nothing that ships reads
// either.
import { readFileSync } from "node:fs";

const RealDate = Date;
let shown = process.env.PICTURE_CLOCK;
let shift = Number(shown) - RealDate.now();

setInterval(() => {
	try {
		const text = readFileSync(process.env.PICTURE_SET, "utf8");
		if (text === shown || text === "") return;
		shown = text;
		shift = Number(text) - RealDate.now();
	} catch {
		// Nobody has set it yet.
	}
}, 20).unref();

globalThis.Date = class extends RealDate {
	constructor(...args) {
		if (args.length === 0) super(RealDate.now() + shift);
		else super(...args);
	}

	static now() {
		return RealDate.now() + shift;
	}
};
