import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Gate } from "../src/perform/gate.ts";
import { appendLog } from "../src/perform/log.ts";
import { readText } from "../src/perform/read.ts";
import { save } from "../src/perform/save.ts";
import { places, writeDefaults } from "../src/places.ts";

const scratch = mkdtempSync(join(tmpdir(), "pi-multi-auth-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
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
	assert.equal(statSync(file).mode & 0o777, 0o600);
	chmodSync(file, 0o644);
	save(file, false, replaceBy("two"));
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.deepEqual(readdirSync(dir), ["state.json"]);
});

test("a symbolic link stays one", () => {
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
	assert.throws(() => readText(dir), /no regular file/);
	writeFileSync(join(dir, "large"), Buffer.alloc(17 << 20));
	assert.throws(() => readText(join(dir, "large")), /larger than 16 MB/);
	assert.deepEqual(readText(join(dir, "none")), { text: "", missing: true, stamp: "none" });
});

const writer = `
import { Gate } from ${JSON.stringify(new URL("../src/perform/gate.ts", import.meta.url).href)};
import { save } from ${JSON.stringify(new URL("../src/perform/save.ts", import.meta.url).href)};
const [dir, count] = process.argv.slice(-2);
const gate = new Gate(dir + "/gate");
for (let i = 0; i < Number(count); i++)
	await gate.pass(() => save(dir + "/n", false, (text) => ({ text: String(Number(text) + 1), unchanged: false, damaged: "", readOnly: "", old: false })));
gate.close();
`;

test("processes that write at once lose nothing", async () => {
	const dir = folder();
	const runs = Array.from({ length: 4 }, () => run(writer, dir, "50"));
	for (const ended of await Promise.all(runs)) assert.deepEqual(ended, { code: 0, said: "" });
	assert.equal(readFileSync(join(dir, "n"), "utf8"), "200");
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
		const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "ignore", "pipe"] });
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
