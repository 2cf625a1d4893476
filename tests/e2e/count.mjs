// For tests alone, loaded with NODE_OPTIONS=--import: writes to READ_LOG how many bytes each read of a response's body, unpacked, has given
// whoever reads.
import { appendFileSync } from "node:fs";

const log = process.env.READ_LOG;
const { prototype } = ReadableStreamDefaultReader;
const { read } = prototype;
prototype.read = async function () {
	const piece = await read.call(this);
	if (piece.value instanceof Uint8Array) appendFileSync(log, `${piece.value.length}\n`);
	return piece;
};
