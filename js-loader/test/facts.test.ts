import assert from "node:assert/strict";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { create } from "../src/perform/create.ts";
import { performCrypto } from "../src/perform/crypto.ts";
import { facts, hearClock } from "../src/perform/facts.ts";
import { Files } from "../src/perform/files.ts";
import { performInput } from "../src/perform/input.ts";
import { places } from "../src/places.ts";
import { platformOf, pretend } from "../src/platform.ts";
import { assertMode, noLinks, noModes } from "./disk.ts";

const folder = () => mkdtempSync(join(tmpdir(), "pi-multi-auth-"));
const surely = { pi: "1.5.2", gate: "sqlite", pending: 0, module: "/nowhere/core.wasm", abi: "1" };

interface Fact {
	name: string;
	kind: string;
	link?: boolean;
	mode?: number;
	damaged?: number;
	temp?: { age: number } | null;
}

test("facts are what stands where, and nothing of what stands in it", { skip: noLinks }, () => {
	const dir = folder();
	const at = places(dir, dir, {});
	writeFileSync(at.files.auth, '{"demo":{"type":"api_key","key":"canary"}}', { mode: 0o644 });
	chmodSync(at.files.auth, 0o644);
	writeFileSync(at.files.state, "{}", { mode: 0o600 });
	writeFileSync(`${at.files.state}.tmp`, "half");
	writeFileSync(`${at.files.state}.damaged-1`, "x");
	mkdirSync(at.files.accounts);
	symlinkSync(at.files.state, at.files.settings);
	mkdirSync(`${at.files.auth}.lock`, { mode: 0o500 });
	hearClock(new Headers({ date: new Date(Date.now() + 90_000).toUTCString() }));
	const text = facts(at, surely);
	assert.ok(!text.includes("canary"));
	const told = JSON.parse(text);
	const file = (name: string): Fact => told.files.find((f: Fact) => f.name === name);
	assert.equal(file("auth").mode, 0o644);
	assert.equal(file("models").kind, "missing");
	assert.equal(file("accounts").kind, "a folder");
	assert.equal(file("settings").link, true);
	assert.equal(file("state").damaged, 1);
	assert.ok((file("state").temp?.age ?? -1) >= 0);
	assert.equal(told.locks.length, 1);
	assert.equal(told.locks[0].mode, 0o500);
	assert.ok(told.ahead > 80_000 && told.ahead <= 90_000);
	assert.equal(told.moduleFile.kind, "missing");
});

test("where modes say nothing, the profile folder says whose the files are", () => {
	const agents = [
		[join(homedir(), ".pi", "agent"), true],
		[`${homedir()}-of-another`, false],
		["/elsewhere", false],
	] as const;
	for (const [agent, inside] of agents) {
		const at = places(agent, agent, {});
		let undo = pretend({ modes: platformOf("linux").modes });
		assert.equal(JSON.parse(facts(at, surely)).inProfile, true, "its mode says it");
		undo();
		undo = pretend({ modes: platformOf("win32").modes });
		assert.equal(JSON.parse(facts(at, surely)).inProfile, inside, agent);
		undo();
	}
});

test("mending sets modes and locks right and keeps what a dead writer left aside", { skip: noModes }, async () => {
	const dir = folder();
	const at = places(dir, dir, {});
	const files = new Files(
		at,
		() => assert.fail(),
		() => {},
	);
	writeFileSync(at.files.auth, "{}");
	chmodSync(at.files.auth, 0o644);
	await files.mend("auth", "mode");
	assert.equal(statSync(at.files.auth).mode & 0o777, 0o600);
	writeFileSync(`${at.files.auth}.tmp`, "half");
	await assert.rejects(files.mend("auth", "temp"), /somebody may be writing/);
	utimesSync(`${at.files.auth}.tmp`, 1, 1);
	await files.mend("auth", "temp");
	assert.ok(!existsSync(`${at.files.auth}.tmp`));
	await files.mend("auth", "copy");
	assert.equal(readdirSync(dir).filter((name) => name.startsWith("auth.json.damaged-")).length, 2);
	mkdirSync(`${at.files.auth}.lock`, { mode: 0o755 });
	await assert.rejects(files.mend("auth", "lock"), /not ours/);
	chmodSync(`${at.files.auth}.lock`, 0o500);
	await files.mend("auth", "lock");
	assert.ok(!existsSync(`${at.files.auth}.lock`));
	await files.close();
});

test("mending never follows a link to another file", { skip: noLinks }, async () => {
	const dir = folder();
	const at = places(dir, dir, {});
	const files = new Files(
		at,
		() => assert.fail(),
		() => {},
	);
	const other = join(dir, "other");
	writeFileSync(other, "{}", { mode: 0o644 });
	chmodSync(other, 0o644);
	symlinkSync(other, at.files.auth);
	await assert.rejects(files.mend("auth", "mode"), /link/);
	assert.equal(statSync(other).mode & 0o777, 0o644);
	await files.close();
});

test("a place that is not there is no error, a damaged one is", async () => {
	const dir = folder();
	process.env["TRANSFER_TEST"] = dir;
	writeFileSync(join(dir, "a.json"), "1");
	writeFileSync(join(dir, "b.txt"), "2");
	mkdirSync(join(dir, "c.json"));
	const place = (name: string) => performInput({ kind: "place", name });
	assert.deepEqual(
		[(await place("$TRANSFER_TEST/a.json")).text, (await place("$TRANSFER_TEST/a.json")).extra],
		["1", join(dir, "a.json")],
	);
	assert.equal((await place("$TRANSFER_TEST/none.json")).extra, "");
	assert.equal((await place("$TRANSFER_UNSET/a.json")).extra, "");
	await assert.rejects(place("$TRANSFER_TEST/c.json"), /a folder/);
	const all = JSON.parse((await performInput({ kind: "folder", name: "$TRANSFER_TEST" })).text);
	assert.equal(all.length, 2);
	assert.equal(all[0].text, "1");
	assert.match(all[1].error, /a folder/);
	assert.equal((await performInput({ kind: "folder", name: join(dir, "none") })).extra, "");
	assert.equal((await performInput({ kind: "tool", name: "rm" })).text, "");
});

test("a created file is private and never another's", () => {
	const dir = folder();
	const file = join(dir, "out.json");
	create(file, "one");
	assertMode(file, 0o600);
	assert.throws(() => create(file, "two"), /already/);
	if (!noLinks) {
		symlinkSync(join(dir, "elsewhere"), join(dir, "link"));
		assert.throws(() => create(join(dir, "link"), "x"), /already/);
	}
	assert.throws(() => create(join(dir, "no", "out"), "x"), /no such folder/);
});

test("what is sealed opens with its passphrase and nothing else, and says nothing", () => {
	const seal = (text: string, key: string) => performCrypto({ op: "seal", text, key }, "").text;
	const open = (text: string, key: string) => performCrypto({ op: "open", text, key }, "").text;
	const sealed = seal('{"canary":"käse"}', "pass");
	assert.ok(!sealed.includes("canary"));
	assert.equal(open(sealed, "pass"), '{"canary":"käse"}');
	assert.throws(() => open(sealed, "Pass"), /passphrase/);
	const parts = JSON.parse(sealed);
	const flipped = Buffer.from(parts.data, "base64");
	flipped[0] = (flipped[0] ?? 0) ^ 1;
	assert.throws(() => open(JSON.stringify({ ...parts, data: flipped.toString("base64") }), "pass"), /passphrase/);
	for (const wrong of [{ N: 1 << 26 }, { N: 3 }, { r: 0 }, { p: 1e9 }, { iv: "" }, { tag: "AAAA" }])
		assert.throws(() => open(JSON.stringify({ ...parts, ...wrong }), "pass"), /damaged/);
	assert.throws(() => open(JSON.stringify({ ...parts, kdf: "none" }), "pass"), /unknown way/);
});
