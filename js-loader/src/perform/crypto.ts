import { createHash, createHmac, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Answer, Crypto } from "../abi.ts";
import { makeAnswer } from "../abi.ts";

/** Makes or hashes what the core cannot. `keyFile` holds the key of this installation. */
export function performCrypto(ask: Crypto, keyFile: string): Answer {
	switch (ask.op) {
		case "random":
			return makeAnswer({ text: randomBytes(32).toString("base64url") });
		case "pkce": {
			// RFC 7636 section 4.1 and 4.2: 43 characters, and their SHA-256.
			const verifier = randomBytes(32).toString("base64url");
			return makeAnswer({ text: verifier, extra: createHash("sha256").update(verifier).digest("base64url") });
		}
		case "hash":
			return makeAnswer({
				text: createHmac("sha256", installationKey(keyFile)).update(ask.text).digest("hex").slice(0, 16),
			});
	}
	throw new Error(`there is no cryptography called ${ask.op}`);
}

const keys = new Map<string, Buffer>();

/** The key of this installation: 32 random bytes in a file of mode 0600, made once however many processes begin at once. */
function installationKey(file: string): Buffer {
	const known = keys.get(file);
	if (known) return known;
	let key = readKey(file);
	if (!key) {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		const temp = `${file}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
		const fd = openSync(temp, "wx", 0o600);
		try {
			try {
				writeSync(fd, randomBytes(32).toString("hex"));
				fsyncSync(fd);
			} finally {
				closeSync(fd);
			}
			try {
				linkSync(temp, file);
			} catch (error) {
				// Somebody else was quicker: theirs counts.
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
		} finally {
			unlinkSync(temp);
		}
		key = readKey(file);
	}
	if (!key) throw new Error("the key of this installation is damaged");
	keys.set(file, key);
	return key;
}

function readKey(file: string): Buffer | undefined {
	try {
		const text = readFileSync(file, "utf8").trim();
		return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, "hex") : undefined;
	} catch {
		return undefined;
	}
}
