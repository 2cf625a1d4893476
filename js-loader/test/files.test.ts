import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmdirSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Merged, Notice } from "../src/abi.ts";
import { plainly } from "../src/failure.ts";
import { changeEntries, editEntries } from "../src/perform/entries.ts";
import { Files } from "../src/perform/files.ts";
import { Gate } from "../src/perform/gate.ts";
import { Journal } from "../src/perform/journal.ts";
import { appendLog } from "../src/perform/log.ts";
import { readText } from "../src/perform/read.ts";
import { isFull } from "../src/perform/room.ts";
import { save } from "../src/perform/save.ts";
import { places, writeDefaults } from "../src/places.ts";
import { assertMode, noLinks, noModes, remove } from "./disk.ts";

const scratch = mkdtempSync(join(tmpdir(), "pi-multi-auth-test-"));
after(() => remove(scratch));
let folders = 0;
function folder(): string {
	const path = join(scratch, String(folders++));
	mkdirSync(path);
	return path;
}
const replaceBy = (text: string) => () => ({ text, unchanged: false, damaged: "", readOnly: "", old: false });

test("a save replaces the file, is 0600 from the start and leaves nothing behind", () => {
	const dir = folder();
	const file = join(dir, "state.json");
	save(file, true, replaceBy("one"));
	assert.equal(readFileSync(file, "utf8"), "one");
	assertMode(file, 0o600);
	chmodSync(file, 0o644);
	save(file, false, replaceBy("two"));
	assertMode(file, 0o600);
	assert.deepEqual(readdirSync(dir), ["state.json"]);
});

test("a symbolic link stays one", { skip: noLinks }, () => {
	const dir = folder();
	writeFileSync(join(dir, "real"), "one");
	symlinkSync(join(dir, "real"), join(dir, "link"));
	save(join(dir, "link"), true, replaceBy("two"));
	assert.ok(lstatSync(join(dir, "link")).isSymbolicLink());
	assert.equal(readFileSync(join(dir, "real"), "utf8"), "two");
});

test("a damaged text is kept aside byte by byte, the newest five of them", () => {
	const dir = folder();
	const file = join(dir, "state.json");
	const bytes = Buffer.from([0xff, 0xfe, 0x7b]);
	for (let i = 0; i < 8; i++) {
		writeFileSync(file, bytes);
		const end = Date.now() + 2;
		while (Date.now() < end);
		save(file, true, () => ({ text: "{}", unchanged: false, damaged: "it is no JSON", readOnly: "", old: false }));
	}
	const copies = readdirSync(dir).filter((name) => name.includes("damaged"));
	assert.equal(copies.length, 5);
	assert.deepEqual(readFileSync(join(dir, copies[0] ?? "")), bytes);
});

test("what must not be written is not, and what says it all already is left", () => {
	const file = join(folder(), "state.json");
	writeFileSync(file, "theirs");
	const refuse = () => ({ text: "", unchanged: false, damaged: "", readOnly: "it is newer", old: false });
	assert.throws(() => save(file, true, refuse), /newer/);
	const before = statSync(file, { bigint: true }).mtimeNs;
	save(file, true, () => ({ text: "theirs", unchanged: true, damaged: "", readOnly: "", old: false }));
	assert.equal(statSync(file, { bigint: true }).mtimeNs, before);
});

test("a folder and a file over 16 MB are errors, and a missing file is missing", () => {
	const dir = folder();
	assert.throws(() => readText(dir), /a folder/);
	writeFileSync(join(dir, "large"), Buffer.alloc(17 << 20));
	assert.throws(() => readText(join(dir, "large")), /larger than 16 MB/);
	assert.deepEqual(readText(join(dir, "none")), { text: "", missing: true, stamp: "none", mode: 0, uid: 0 });
});

const writer = `
import { Gate } from ${JSON.stringify(new URL("../src/perform/gate.ts", import.meta.url).href)};
import { save } from ${JSON.stringify(new URL("../src/perform/save.ts", import.meta.url).href)};
const [dir, count] = process.argv.slice(-2);
const gate = new Gate(dir + "/gate");
for (let i = 0; i < Number(count); i++)
	await gate.pass(() => save(dir + "/n", false, (text) => ({ text: String(Number(text) + 1), unchanged: false, damaged: "", readOnly: "", old: false })), 60_000);
gate.close();
`;

test("processes that write at once lose nothing", async () => {
	const dir = folder();
	const runs = Array.from({ length: 4 }, () => run(writer, dir, "50"));
	for (const ended of await Promise.all(runs)) assert.deepEqual(ended, { code: 0, said: "" });
	assert.equal(readFileSync(join(dir, "n"), "utf8"), "200");
});

test("without node:sqlite they lose nothing either, also where a dead one left its name", async () => {
	const dir = folder();
	writeFileSync(join(dir, "gate.pid"), String(2 ** 22 + 1));
	const source = writer.replace('"/gate")', '"/gate", null)');
	const runs = Array.from({ length: 4 }, () => run(source, dir, "25"));
	for (const ended of await Promise.all(runs)) assert.deepEqual(ended, { code: 0, said: "" });
	assert.equal(readFileSync(join(dir, "n"), "utf8"), "100");
	assert.deepEqual(readdirSync(dir).sort(), ["n"]);
});

test("a gate dies with its process", async () => {
	const dir = folder();
	const holder = `
import { Gate } from ${JSON.stringify(new URL("../src/perform/gate.ts", import.meta.url).href)};
await new Gate(process.argv.at(-2) + "/gate").pass(() => process.kill(process.pid, "SIGKILL"));`;
	await run(holder, dir, "0");
	assert.equal(await new Gate(join(dir, "gate")).pass(() => "in"), "in");
});

test("without node:sqlite the gate is a file, and a dead owner's is broken", async () => {
	const dir = folder();
	const gate = new Gate(join(dir, "gate"), null);
	assert.equal(await gate.pass(() => existsSync(join(dir, "gate.pid"))), true);
	assert.equal(existsSync(join(dir, "gate.pid")), false);
	writeFileSync(join(dir, "gate.pid"), String(2 ** 22 + 1));
	assert.equal(await gate.pass(() => "in"), "in");
});

function run(source: string, ...args: string[]): Promise<{ code: number | null; said: string }> {
	return new Promise((resolve) => {
		const file = join(folder(), "run.mts");
		writeFileSync(file, source);
		// What Node itself would warn of is none of ours.
		const { FORCE_COLOR: _colour, NODE_OPTIONS: _options, ...env } = process.env;
		const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "ignore", "pipe"], env });
		let said = "";
		child.stderr.on("data", (text) => {
			said += text;
		});
		child.on("close", (code) => resolve({ code, said }));
	});
}

test("the runtime directory is the first that is set, blank is unset and ~ expands", () => {
	const at = (env: NodeJS.ProcessEnv) => places("/agent", "/root", env).files;
	assert.equal(at({}).state, join("/agent", "multi-auth.json"));
	assert.equal(at({ PI_MULTI_AUTH_RUNTIME_DIR: "/b" }).state, join("/b", "multi-auth.json"));
	const both = { PI_DELEGATED_AUTH_RUNTIME_DIR: "/a", PI_MULTI_AUTH_RUNTIME_DIR: "/b" };
	assert.equal(at(both).settings, join("/a", "multi-auth-config.json"));
	assert.equal(
		at({ PI_DELEGATED_AUTH_RUNTIME_DIR: "  ", PI_MULTI_AUTH_RUNTIME_DIR: "~/x" }).state,
		join(homedir(), "x", "multi-auth.json"),
	);
	assert.equal(at(both).auth, join("/agent", "auth.json"));
	assert.equal(at(both).config, join("/root", "config.json"));
});

test("config.json is written once with its defaults, and never into a managed install", () => {
	const dir = folder();
	writeDefaults(join(dir, "config.json"));
	assert.deepEqual(JSON.parse(readFileSync(join(dir, "config.json"), "utf8")), {
		debug: false,
		hiddenProviders: [],
		rotationModes: {},
		footer: true,
		switchNotices: true,
		plainMessages: true,
		waitSeconds: 60,
	});
	writeFileSync(join(dir, "config.json"), "mine");
	writeDefaults(join(dir, "config.json"));
	assert.equal(readFileSync(join(dir, "config.json"), "utf8"), "mine");
	const managed = join(dir, "node_modules", "pi-multi-auth", "config.json");
	writeDefaults(managed);
	assert.equal(existsSync(managed), false);
});

test("the log is bounded and goes to the first folder that can be written", () => {
	const dir = folder();
	writeFileSync(join(dir, "blocked"), "");
	const line = "x".repeat(1 << 20);
	for (let i = 0; i < 10; i++) appendLog([join(dir, "blocked"), join(dir, "debug")], line);
	const sizes = readdirSync(join(dir, "debug")).map((name) => statSync(join(dir, "debug", name)).size);
	assert.equal(sizes.length, 2);
	for (const size of sizes) assert.ok(size <= 4 << 20);
});

/** A core that joins by writing the changes one after the other, newest last. */
function standIn() {
	const said: string[] = [];
	const merge = (_save: number, _file: string, current: string, delta: string): Merged => {
		const known =
			current === "" ? { version: 2, all: [] } : (JSON.parse(current) as { version: number; all: string[] });
		const all = [...new Set([...known.all, ...delta.split("\n").filter((line) => line !== "")])];
		const text = JSON.stringify({ version: known.version, all });
		return { text, unchanged: text === current, damaged: "", readOnly: "", old: false, delta: "", forget: false };
	};
	return { said, merge, say: (notice: Notice) => void said.push(notice.text) };
}

test("while somebody stays in the gate a change is kept in the journal, and written when he leaves", async () => {
	const dir = folder();
	const { said, merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	await files.save("state", [{ id: 0, delta: '"first"', sync: true }]);
	const leave = await new Gate(join(dir, "multi-auth.gate")).enter();
	assert.deepEqual(await files.save("state", [{ id: 0, delta: '"second"', sync: true }]), "");
	assert.match(readFileSync(join(dir, "multi-auth.journal"), "utf8"), /\n\{"pending":"state","delta":"second"\}\n/);
	assert.equal(said.length, 0, "that somebody writes is nothing to hear of");
	await files.close();
	assert.equal(said.filter((text) => text.includes("multi-auth.gate")).length, 1, "that he stays inside is");
	const other = new Files(places(dir, dir, {}), merge, say);
	assert.ok(other.changed().includes("journal"), "others see what is pending");
	assert.equal(other.changed().includes("journal"), false, "and are told once");
	leave?.();
	await other.save("state", [{ id: 0, delta: '"third"', sync: true }]);
	const { all } = JSON.parse(readFileSync(join(dir, "multi-auth.json"), "utf8")) as { all: string[] };
	assert.deepEqual([...all].sort(), ['"first"', '"second"', '"third"']);
	assert.equal(new Journal(join(dir, "multi-auth.journal")).look().length, 0, "it is folded in");
	await other.close();
});

test("a disk that fails is said, and what it refused is written when it works again", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	mkdirSync(join(dir, "multi-auth.json"));
	await assert.rejects(files.save("state", [{ id: 0, delta: '"kept"', sync: true }]), /folder/);
	rmSync(join(dir, "multi-auth.json"), { recursive: true });
	await files.close();
	assert.match(readFileSync(join(dir, "multi-auth.json"), "utf8"), /kept/);
});

/** A disk of a megabyte, where this process may mount one. */
function smallDisk(): string | undefined {
	const dir = folder();
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", dir], { stdio: "ignore" });
	} catch {
		return undefined;
	}
	after(() => execFileSync("umount", ["-l", dir]));
	return dir;
}

/** Writes a file until its disk is full. */
function fillUp(file: string): void {
	for (const size of [65_536, 512, 1]) {
		const bytes = Buffer.alloc(size);
		try {
			for (;;) writeFileSync(file, bytes, { flag: "a" });
		} catch (error) {
			assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
		}
	}
}

test("our logs give way where a full disk would keep back a token or what was learned, the older one first", async (t) => {
	const dir = smallDisk();
	if (!dir) return t.skip("no disk can be mounted here");
	const { merge, say } = standIn();
	const said: string[] = [];
	const files = new Files(places(dir, dir, {}), merge, (notice) => {
		said.push(notice.text);
		say(notice);
	});
	await files.save("state", [{ id: 0, delta: '"old"', sync: true }]);
	const [older, log, room] = ["multi-auth-decisions.jsonl.1", "multi-auth-decisions.jsonl", "x.room"].map((name) =>
		join(dir, name),
	) as [string, string, string];
	writeFileSync(older, Buffer.alloc(200_000));
	fillUp(log);
	files.setAside(room)();
	assert.equal(existsSync(older), false);
	assert.ok(existsSync(log), "what need not go stays");
	fillUp(join(dir, "filler"));
	await files.save("state", [{ id: 0, delta: '"new"', sync: true }]);
	assert.match(readFileSync(join(dir, "multi-auth.json"), "utf8"), /new/);
	assert.equal(existsSync(log), false);
	assert.match(said.join("\n"), /the disk is full; .*decisions.jsonl.1 was removed/);
	fillUp(join(dir, "filler"));
	assert.throws(() => files.setAside(room), { code: "ENOSPC" }, "nothing is left to give");
	rmSync(join(dir, "filler"));
	await files.close();
});

test("a disk that fills while a token is redeemed has room for the new one, and a full one says so before", async (t) => {
	const dir = smallDisk();
	if (!dir) return t.skip("no disk can be mounted here");
	const { merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	await files.save("accounts", [{ id: 0, delta: '"old"', sync: true }]);
	const room = join(dir, "x.room");
	const giveUp = files.setAside(room);
	const fill = (name: string) => fillUp(join(dir, name));
	fill("filler");
	const other = new Files(places(dir, dir, {}), merge, say);
	await assert.rejects(other.save("accounts", [{ id: 0, delta: '"other"', sync: true }]), isFull);
	await files.save("accounts", [{ id: 0, delta: '"new"', sync: true }]);
	assert.match(readFileSync(join(dir, "multi-auth-accounts.json"), "utf8"), /new/);
	assert.equal(existsSync(room), false, "it was spent");
	giveUp();
	fill("rest");
	assert.throws(() => files.setAside(room), { code: "ENOSPC" });
	assert.equal(existsSync(room), false);
	rmSync(join(dir, "filler"));
	rmSync(join(dir, "rest"), { force: true });
	files.setAside(room)();
	assert.equal(existsSync(room), false, "what is given up leaves nothing");
	await files.close();
	await other.close();
});

test("the journal is compacted, forgets what was removed and takes no line that was cut off", () => {
	const dir = folder();
	const file = join(dir, "journal");
	const journal = new Journal(file);
	journal.look();
	journal.compact([
		["state", '{"version":2}'],
		["accounts", '{"version":1,\n"x":"canary"}'],
	]);
	assertMode(file, 0o600);
	journal.known("state", '{"a":1}');
	writeFileSync(file, `${readFileSync(file, "utf8")}{"pending":"state","del`);
	const next = new Journal(file);
	assert.deepEqual(next.look(), []);
	next.keep("accounts", '{"b":2}');
	const kept = (j: Journal) => j.look().map(({ name, delta }) => [name, delta]);
	assert.deepEqual(kept(next), [["accounts", '{"b":2}']]);
	next.compact([
		["state", undefined],
		["accounts", '{"version":1}'],
	]);
	const text = readFileSync(file, "utf8");
	assert.doesNotMatch(text, /canary/);
	assert.match(text, /\{"known":"state","delta":\{"a":1\}\}/, "of a file without a good text everything stays");
	assert.deepEqual(kept(new Journal(file)), [["accounts", '{"b":2}']], "what is pending stays pending");
	const written = [...next.look()];
	new Journal(file).keep("accounts", '{"c":3}');
	next.keep("state", '{"d":4}');
	next.folded("accounts", written);
	const rest = [
		["accounts", '{"c":3}'],
		["state", '{"d":4}'],
	];
	assert.deepEqual(kept(next), rest, "what was added after the look is pending yet, and so is another file's");
	assert.deepEqual(kept(new Journal(file)), rest, "also for who reads it later");
});

test("a change that is kept while another process writes is written too", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	const other = new Journal(join(dir, "multi-auth.journal"));
	let late: string | undefined;
	const meeting = (...args: Parameters<typeof merge>) => {
		if (late !== undefined) other.keep("state", late);
		late = undefined;
		return merge(...args);
	};
	const files = new Files(places(dir, dir, {}), meeting, say);
	await files.save("state", [{ id: 0, delta: '"first"', sync: true }]);
	other.keep("state", '"early"');
	late = '"late"';
	await files.save("state", [{ id: 0, delta: '"second"', sync: true }]);
	await files.save("state", [{ id: 0, delta: '"third"', sync: true }]);
	const { all } = JSON.parse(readFileSync(join(dir, "multi-auth.json"), "utf8")) as { all: string[] };
	assert.deepEqual([...all].sort(), ['"early"', '"first"', '"late"', '"second"', '"third"']);
	assert.equal(new Journal(join(dir, "multi-auth.journal")).look().length, 0);
	await files.close();
});

test("a journal that began with what was put off holds the files whole after the next save", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	new Journal(join(dir, "multi-auth.journal")).keep("state", '"early"');
	const files = new Files(places(dir, dir, {}), merge, say);
	await files.save("state", [{ id: 0, delta: '"first"', sync: true }]);
	const text = readFileSync(join(dir, "multi-auth.journal"), "utf8");
	assert.match(text, /^\{"journal":1\}\n/);
	assert.match(text, /\n\{"known":"state",[^\n]*early[^\n]*first|\n\{"known":"state",[^\n]*first[^\n]*early/);
	await files.close();
});

test("who writes a file that something emptied brings back what others wrote, not only what it knows itself", async () => {
	const dir = folder();
	const one = standIn();
	const two = standIn();
	const mine = new Files(places(dir, dir, {}), one.merge, one.say);
	const theirs = new Files(places(dir, dir, {}), two.merge, two.say);
	await mine.save("state", [{ id: 0, delta: '"first"', sync: true }]);
	await theirs.save("state", [{ id: 0, delta: '"second"', sync: true }]);
	// One that was put off, and brought in by somebody else, is known like any other.
	new Journal(join(dir, "multi-auth.journal")).keep("state", '"early"');
	await theirs.save("state", []);
	truncateSync(join(dir, "multi-auth.json"), 0);
	await mine.save("state", [{ id: 0, delta: '"third"', sync: true }]);
	const text = readFileSync(join(dir, "multi-auth.json"), "utf8");
	for (const word of ["first", "second", "third", "early"]) assert.match(text, new RegExp(word));
	await mine.close();
	await theirs.close();
});

test("auth.json that is met half written is read again", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	writeFileSync(join(dir, "auth.json"), "");
	const read = files.readWhole("auth");
	writeFileSync(join(dir, "auth.json"), '{"a":1}');
	assert.equal((await read).text, '{"a":1}');
	writeFileSync(join(dir, "auth.json"), '{"a":');
	assert.equal((await files.readWhole("auth")).text, '{"a":', "one that stays so is what it is");
	await files.close();
});

test("changes of two files that were put off are both written, once", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	let merges = 0;
	const counting = (...args: Parameters<typeof merge>) => {
		merges++;
		return merge(...args);
	};
	const files = new Files(places(dir, dir, {}), counting, say);
	await files.save("state", [{ id: 0, delta: '"first"', sync: true }]);
	const other = new Journal(join(dir, "multi-auth.journal"));
	other.keep("accounts", '"one"');
	other.keep("state", '"two"');
	await files.save("state", [{ id: 0, delta: '"third"', sync: true }]);
	await files.close();
	assert.match(readFileSync(join(dir, "multi-auth-accounts.json"), "utf8"), /one/);
	assert.match(readFileSync(join(dir, "multi-auth.json"), "utf8"), /two/);
	assert.equal(new Journal(join(dir, "multi-auth.journal")).look().length, 0, "nothing is pending");
	const before = merges;
	await new Promise((resolve) => setTimeout(resolve, 600));
	assert.equal(merges, before, "nothing is written over and over");
});

test("saves of different files and a hold at once in one process wait for each other", async () => {
	const dir = folder();
	const { merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	const hold = new Gate(join(dir, "multi-auth.hold"));
	const inside = async () => {
		const leave = await hold.enter();
		await files.save("state", [{ id: 0, delta: '"held"', sync: true }]);
		leave?.();
	};
	const saves = Array.from({ length: 12 }, (_, i) =>
		files.save(i % 2 ? "state" : "accounts", [{ id: 0, delta: `"${i}"`, sync: i % 3 === 0 }]),
	);
	const done = await Promise.allSettled([...saves, inside(), files.change(new Map([["p", '{"type":"x"}']])), inside()]);
	assert.deepEqual(
		done.filter(({ status }) => status === "rejected"),
		[],
	);
	for (let i = 0; i < 12; i++)
		assert.match(
			readFileSync(join(dir, `multi-auth${i % 2 ? "" : "-accounts"}.json`), "utf8"),
			new RegExp(`"${i}\\\\`),
		);
	await files.close();
});

test("a journal of the usual length stays below 1 MB", async () => {
	const dir = folder();
	const { say } = standIn();
	const merge = (): Merged => ({
		text: `{"version":2,"n":${Math.random()}}`,
		unchanged: false,
		damaged: "",
		readOnly: "",
		old: false,
		delta: "",
		forget: false,
	});
	const files = new Files(places(dir, dir, {}), merge, say);
	for (let i = 0; i < 30; i++)
		await files.save("state", [{ id: 0, delta: JSON.stringify({ x: "y".repeat(100_000) }), sync: false }]);
	assert.ok(statSync(join(dir, "multi-auth.journal")).size <= 1.2 * (1 << 20));
	await files.close();
});

test("a file that others could read is yours alone afterwards, and it is said", { skip: noModes }, () => {
	const dir = folder();
	const { said, merge, say } = standIn();
	const files = new Files(places(dir, dir, {}), merge, say);
	writeFileSync(join(dir, "multi-auth-accounts.json"), "{}");
	chmodSync(join(dir, "multi-auth-accounts.json"), 0o644);
	files.read("accounts");
	assertMode(join(dir, "multi-auth-accounts.json"), 0o600);
	assert.match(said.join(), /could be read by others/);
});

test("a version 1 file is kept once beside ours", () => {
	const file = join(folder(), "state.json");
	writeFileSync(file, "first");
	const old = () => ({ text: "{}", unchanged: false, damaged: "", readOnly: "", old: true });
	save(file, true, old);
	writeFileSync(file, "second");
	save(file, true, old);
	assert.equal(readFileSync(`${file}.v1`, "utf8"), "first");
	assertMode(`${file}.v1`, 0o600);
});

test("a symbolic link to a file that is not there yet stays one, and a pipe is refused at once", {
	skip: noLinks,
}, () => {
	const dir = folder();
	symlinkSync(join(dir, "real"), join(dir, "link"));
	save(join(dir, "link"), true, replaceBy("one"));
	assert.ok(lstatSync(join(dir, "link")).isSymbolicLink());
	assert.equal(readFileSync(join(dir, "real"), "utf8"), "one");
	if (process.platform === "win32") return;
	execFileSync("mkfifo", [join(dir, "pipe")]);
	assert.throws(() => readText(join(dir, "pipe")), /a pipe/);
	assert.throws(() => save(join(dir, "pipe"), true, replaceBy("x")), /a pipe/);
});

test("an owner's file that was left empty is broken, and one that is taken over is noticed", async () => {
	const dir = folder();
	writeFileSync(join(dir, "gate.pid"), "");
	const gate = new Gate(join(dir, "gate"), null);
	assert.equal(await gate.pass(() => "in"), "in");
	await gate.pass((still) => {
		assert.equal(still(), true);
		writeFileSync(join(dir, "gate.pid"), "1 elsewhere x");
		assert.equal(still(), false);
	});
	assert.equal(readFileSync(join(dir, "gate.pid"), "utf8"), "1 elsewhere x", "what is somebody else's is not removed");
});

const entries = (text: string, changes: Record<string, string | undefined>) =>
	editEntries(Buffer.from(text, "latin1"), new Map(Object.entries(changes))).toString("latin1");

test("an entry is taken out of auth.json and every other byte stays", () => {
	const text =
		'\xef\xbb\xbf{\n  "a": {"key": "\xff\\"}{", "n": 12345678901234567890},\r\n\t"b" : [1, {"a": 2}] ,\n  "c": null\n}\n';
	assert.equal(entries(text, { b: undefined }), text.replace(',\r\n\t"b" : [1, {"a": 2}]', ""));
	assert.equal(entries(text, { a: undefined }), text.replace(/"a": .*?\r\n\t(?="b")/s, ""));
	assert.equal(entries(text, { c: undefined }), text.replace(' ,\n  "c": null', ""));
	assert.equal(entries(text, { x: undefined }), text);
	assert.equal(entries('{"a":1}', { a: undefined }), "{}");
	assert.equal(entries('{"a":1,"b":2,"a":3}', { a: undefined }), '{"b":2}');
	assert.equal(entries('{"\\u0061":1,"b":2}', { a: undefined }), '{"b":2}');
	for (const damaged of ["", " ", "{", "[]", "null", '"x"'])
		assert.throws(() => entries(damaged, { a: undefined }), /cannot be read/);
});

test("an entry is put into auth.json as Pi writes it", () => {
	assert.equal(entries("{}", { a: "1" }), '{\n  "a": 1\n}');
	assert.equal(entries('{\n  "a": 1\n}', { b: '{"x":1.0}' }), '{\n  "a": 1,\n  "b": {"x":1.0}\n}');
	assert.equal(entries('{"a": 1 }', { a: "2" }), '{"a": 2 }');
});

test("a change of auth.json keeps link, mode and owner, and waits for Pi's lock under both of its names", {
	skip: noLinks,
}, async () => {
	const dir = folder();
	mkdirSync(join(dir, "real"));
	const real = join(dir, "real", "auth.json");
	writeFileSync(real, '{"p": 1, "p-1": 2}');
	chmodSync(real, 0o640);
	symlinkSync(real, join(dir, "auth.json"));
	const gate = new Gate(join(dir, "gate"));
	for (const lock of [`${real}.lock`, join(dir, "auth.json.lock")]) {
		mkdirSync(lock);
		const change = changeEntries(join(dir, "auth.json"), new Map([["p-1", undefined]]), gate);
		await new Promise((resolve) => setTimeout(resolve, 60));
		assert.match(readFileSync(real, "utf8"), /p-1/, "it waits");
		rmdirSync(lock);
		await change;
		assert.equal(readFileSync(real, "utf8"), '{"p": 1}');
		writeFileSync(real, '{"p": 1, "p-1": 2}');
	}
	assert.ok(lstatSync(join(dir, "auth.json")).isSymbolicLink());
	assert.equal(statSync(real).mode & 0o777, 0o640);
	assert.deepEqual(readdirSync(join(dir, "real")), ["auth.json"]);
});

test("a lock of ours whose owner died is taken at once, one of somebody else only when it is old and does not change", async () => {
	if (process.platform === "win32") return;
	const dir = folder();
	const file = join(dir, "auth.json");
	writeFileSync(file, '{"a":1,"b":2,"c":3}');
	const gate = new Gate(join(dir, "gate"));
	mkdirSync(`${file}.lock`, 0o500);
	await changeEntries(file, new Map([["a", undefined]]), gate);
	mkdirSync(`${file}.lock`);
	utimesSync(`${file}.lock`, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
	await changeEntries(file, new Map([["b", undefined]]), gate);
	assert.equal(readFileSync(file, "utf8"), '{"c":3}');
	assert.equal(existsSync(`${file}.lock`), false);
});

test("a quota that is used up is known, though Node has no name for it", () => {
	for (const code of ["UNKNOWN", "Unknown system error -122"]) {
		const error = Object.assign(new Error(`${code}: write`), { code, errno: -122 });
		assert.ok(isFull(error));
		assert.equal(plainly(error), "the disk quota is used up");
	}
	assert.ok(!isFull(Object.assign(new Error("UNKNOWN: write"), { code: "UNKNOWN", errno: -4094 })));
});

test("what a Pi wrote while this process stood between its last look and the rename is there", async () => {
	if (process.platform === "win32") return;
	const dir = folder();
	const file = join(dir, "auth.json");
	writeFileSync(file, '{"a":1,"b":2,"gone":3,"mine":4}');
	let looks = 0;
	const suspended = {
		async pass<T>(inside: (still: () => boolean) => T): Promise<T> {
			return inside(() => {
				// Pi has taken its lock over and writes in place.
				if (looks++ === 0) writeFileSync(file, '{"a":1,"b":"renewed","mine":4,"new":12345678901234567890}');
				return true;
			});
		},
	};
	await changeEntries(file, new Map([["mine", undefined]]), suspended as Gate);
	assert.equal(readFileSync(file, "utf8").replaceAll(/\s/g, ""), '{"a":1,"b":"renewed","new":12345678901234567890}');
	assert.deepEqual(readdirSync(dir), ["auth.json"]);
});

test("auth.json is what it was after a hundred entries came and went", async () => {
	const dir = folder();
	const file = join(dir, "auth.json");
	const text =
		'{\n  "anthropic": {"type": "oauth", "x": 1e400, "n": 12345678901234567890},\n  "other": {"a":[1.50,  2]}\n}\n';
	writeFileSync(file, text);
	const gate = new Gate(join(dir, "gate"));
	for (let i = 0; i < 50; i++) {
		await changeEntries(file, new Map([[`p-${i}`, '{"type":"api_key","key":"$$x"}']]), gate);
		await changeEntries(file, new Map([[`p-${i}`, undefined]]), gate);
	}
	assert.equal(readFileSync(file, "utf8"), text);
});

test("what another process learned of usage is news, what this one wrote is none", async (t) => {
	const dir = mkdtempSync(join(tmpdir(), "pi-multi-auth-"));
	t.after(() => rmSync(dir, { recursive: true }));
	const written = (_id: number, _name: string, current: string, delta: string) => ({
		text: `${current}${delta}`,
		unchanged: false,
		damaged: "",
		readOnly: "",
		old: false,
		delta: "",
		forget: false,
	});
	const files = new Files(places(dir, dir, {}), written, () => {});
	const other = new Files(places(dir, dir, {}), written, () => {});
	for (const one of [files, other]) {
		for (const name of ["auth", "accounts", "state", "usage"] as const) one.read(name);
		assert.deepEqual(one.changed(), []);
	}
	await files.save("usage", [{ id: 1, delta: "{}", sync: false }]);
	assert.deepEqual(files.changed(), []);
	assert.deepEqual(other.changed(), ["usage"]);
	assert.equal(other.read("usage").text, "{}");
	assert.deepEqual(other.changed(), []);
	await files.close();
	await other.close();
});
