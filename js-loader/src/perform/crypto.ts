import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, scryptSync } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Answer, Crypto } from "../abi.ts";
import { makeAnswer } from "../abi.ts";

/** Makes or hashes what the core cannot. `keyFile` holds the key of this installation. */
export function performCrypto(ask: Omit<Crypto, "key"> & { key?: string }, keyFile: string): Answer {
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
		case "seal":
			return makeAnswer({ text: seal(ask.text, ask.key ?? "") });
		case "open":
			return makeAnswer({ text: open(ask.text, ask.key ?? "") });
	}
	throw new Error(`there is no cryptography called ${ask.op}`);
}

/** RFC 7914's parameters for interactive use at present: 128 MB and about half a second. */
const cost = { N: 1 << 17, r: 8, p: 1 };
const memory = 256 << 20;

function seal(text: string, passphrase: string): string {
	const salt = randomBytes(16);
	const iv = randomBytes(12);
	const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, 32, { ...cost, maxmem: memory }), iv);
	const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
	const base64 = (bytes: Buffer) => bytes.toString("base64");
	return JSON.stringify({
		kdf: "scrypt",
		...cost,
		salt: base64(salt),
		cipher: "aes-256-gcm",
		iv: base64(iv),
		tag: base64(cipher.getAuthTag()),
		data: base64(data),
	});
}

/** Whoever made the file chose its parameters: what would take all memory is refused. */
function open(text: string, passphrase: string): string {
	const sealed = JSON.parse(text) as Record<string, unknown>;
	const bytes = (name: string, length?: number): Buffer => {
		const out = Buffer.from(String(sealed[name] ?? ""), "base64");
		if (length !== undefined && out.length !== length) throw new Error("it is damaged");
		return out;
	};
	const [N, r, p] = [Number(sealed["N"]), Number(sealed["r"]), Number(sealed["p"])];
	if (sealed["kdf"] !== "scrypt" || sealed["cipher"] !== "aes-256-gcm")
		throw new Error("it is sealed in an unknown way");
	if (
		!(N >= 2 && N <= 1 << 20 && (N & (N - 1)) === 0 && r >= 1 && r <= 16 && p >= 1 && p <= 4 && 128 * N * r <= memory)
	)
		throw new Error("it is damaged");
	const key = scryptSync(passphrase, bytes("salt"), 32, { N, r, p, maxmem: memory + (1 << 20) });
	const decipher = createDecipheriv("aes-256-gcm", key, bytes("iv", 12));
	decipher.setAuthTag(bytes("tag", 16));
	try {
		return Buffer.concat([decipher.update(bytes("data")), decipher.final()]).toString("utf8");
	} catch {
		throw new Error("the passphrase is another one, or the file is damaged");
	}
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
