import assert from "node:assert/strict";
import fs, {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createServer, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { append } from "../src/perform/append.ts";
import { changeEntries } from "../src/perform/entries.ts";
import { Gate } from "../src/perform/gate.ts";
import { Holds } from "../src/perform/hold.ts";
import { Journal } from "../src/perform/journal.ts";
import { Callback } from "../src/perform/listen.ts";
import { readText } from "../src/perform/read.ts";
import { save } from "../src/perform/save.ts";
import { extensionRoot, keepConfig, places, writeDefaults } from "../src/places.ts";
import { isWithin, type Platform, platformOf, pretend, whileHeld } from "../src/platform.ts";
import { borders } from "../src/screens/borders.ts";

const scratch = mkdtempSync(join(tmpdir(), "pi-multi-auth-platform-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
function folder(): string {
	const path = join(scratch, String(folders++));
	mkdirSync(path);
	return path;
}
const replaceBy = (text: string) => () => ({ text, unchanged: false, damaged: "", readOnly: "", old: false });
const { heldBy, heldPauses, modes, syncsFolders } = platformOf("win32");
/** Windows as far as a file system of another system can play it. */
const likeWindows: Partial<Platform> = { heldBy, heldPauses, modes, syncsFolders };

/** Bun's modules keep the functions of the file system that they began with, so none can be made to fail there. */
const skip = "Bun" in globalThis;

/** Lets calls of a function of the file system fail, as often as `times` says; the rest go through. Answers how many were made. */
async function failing<T>(
	name:
		| "renameSync"
		| "openSync"
		| "appendFileSync"
		| "unlinkSync"
		| "rmdirSync"
		| "mkdirSync"
		| "linkSync"
		| "readFileSync",
	code: string,
	times: number,
	matches: (path: string) => boolean,
	run: () => T | Promise<T>,
): Promise<{ calls: number; result: T }> {
	const real = fs[name] as (...args: unknown[]) => unknown;
	let calls = 0;
	(fs as Record<string, unknown>)[name] = (...args: unknown[]) => {
		if (matches(String(args[0])) && calls++ < times) throw Object.assign(new Error(`${code}: a scanner`), { code });
		return real.apply(fs, args);
	};
	syncBuiltinESMExports();
	try {
		return { result: await run(), calls };
	} finally {
		(fs as Record<string, unknown>)[name] = real;
		syncBuiltinESMExports();
	}
}

async function on<T>(other: Partial<Platform>, run: () => T | Promise<T>): Promise<T> {
	const undo = pretend(other);
	try {
		return await run();
	} finally {
		undo();
	}
}

test("on Windows a rename is tried again while a scanner holds the file", { skip }, async () => {
	for (const code of heldBy) {
		const file = join(folder(), "state.json");
		writeFileSync(file, "old");
		const { calls } = await on(likeWindows, () =>
			failing(
				"renameSync",
				code,
				3,
				() => true,
				() => save(file, true, replaceBy("new")),
			),
		);
		assert.equal(calls, 4, code);
		assert.equal(readFileSync(file, "utf8"), "new");
		assert.deepEqual(readdirSync(join(file, "..")), ["state.json"]);
	}
});

test("on Windows a file that is held for longer is written in place, with the text kept before", { skip }, async () => {
	const file = join(folder(), "state.json");
	writeFileSync(file, "old");
	const kept: boolean[] = [];
	const before = (_text: string, inPlace: boolean) => void kept.push(inPlace);
	const { calls } = await on(likeWindows, () =>
		failing(
			"renameSync",
			"EPERM",
			1e9,
			() => true,
			() => save(file, true, replaceBy("new"), { before }),
		),
	);
	assert.equal(calls, heldPauses.length + 1);
	assert.deepEqual(kept, [false, true]);
	assert.equal(readFileSync(file, "utf8"), "new");
});

test("on other systems a rename that is not permitted is not tried again", { skip }, async () => {
	const file = join(folder(), "state.json");
	writeFileSync(file, "old");
	const { calls } = await on(platformOf("linux"), () =>
		failing(
			"renameSync",
			"EPERM",
			1e9,
			() => true,
			() => save(file, true, replaceBy("new")),
		),
	);
	assert.equal(calls, 1);
	assert.equal(readFileSync(file, "utf8"), "new");
});

test("on Windows reads, the journal and the logs wait for a scanner too", { skip }, async () => {
	const dir = folder();
	const file = join(dir, "state.json");
	writeFileSync(file, "text");
	await on(likeWindows, async () => {
		const read = await failing(
			"openSync",
			"EBUSY",
			2,
			(path) => path === file,
			() => readText(file),
		);
		assert.deepEqual([read.result.text, read.calls], ["text", 3]);
		const journal = new Journal(join(dir, "journal"));
		await failing(
			"openSync",
			"EACCES",
			2,
			(path) => path.endsWith("journal"),
			() => journal.keep("state", '{"a":1}'),
		);
		assert.deepEqual(
			journal.look().map(({ name, delta }) => [name, delta]),
			[["state", '{"a":1}']],
		);
		writeFileSync(join(dir, "log"), "x".repeat(4 << 20));
		await failing(
			"renameSync",
			"EPERM",
			2,
			() => true,
			() => append(join(dir, "log"), "line\n"),
		);
		assert.equal(readFileSync(join(dir, "log"), "utf8"), "line\n");
		assert.ok(existsSync(join(dir, "log.1")));
	});
});

test("on Windows nothing is left behind or given up because a scanner has it open", { skip }, async () => {
	const auth = (dir: string) => {
		writeFileSync(join(dir, "auth.json"), '{"a":1}');
		return async () => {
			const gate = new Gate(join(dir, "gate"));
			await changeEntries(join(dir, "auth.json"), new Map([["a", undefined]]), gate);
			gate.close();
			assert.equal(readFileSync(join(dir, "auth.json"), "utf8"), "{}");
			assert.ok(!existsSync(join(dir, "auth.json.lock")));
		};
	};
	const byFile = (dir: string) => async () => {
		const gate = new Gate(join(dir, "gate"), null);
		for (let i = 0; i < 3; i++) await gate.pass(() => {});
		assert.deepEqual(readdirSync(dir), []);
	};
	const rows: [name: Parameters<typeof failing>[0], path: string, run: (dir: string) => () => unknown][] = [
		["mkdirSync", ".lock", auth],
		["rmdirSync", ".lock", auth],
		["readFileSync", "auth.json", auth],
		["unlinkSync", "gate.pid", byFile],
		["unlinkSync", ".tmp", byFile],
		["linkSync", ".tmp", byFile],
		["readFileSync", "gate.pid", byFile],
		[
			"unlinkSync",
			"f.tmp",
			(dir) => () => {
				writeFileSync(join(dir, "f.tmp"), "of a dead writer");
				save(join(dir, "f"), true, replaceBy("new"));
				assert.deepEqual(readdirSync(dir), ["f"]);
			},
		],
		["appendFileSync", "log", (dir) => () => append(join(dir, "log"), "line\n")],
	];
	for (const [name, path, make] of rows)
		for (const code of heldBy) {
			const run = make(folder());
			const { calls } = await on(likeWindows, () => failing(name, code, 2, (p) => p.endsWith(path), run));
			assert.ok(calls > 2, `${name} of ${path}: ${code} ${calls} times`);
		}
});

test("what is no scanner's doing is not tried again", () => {
	for (const code of ["ENOSPC", "ENOENT", "EROFS", undefined]) {
		let calls = 0;
		const undo = pretend(likeWindows);
		assert.throws(() =>
			whileHeld(() => {
				calls++;
				throw Object.assign(new Error(), { code });
			}),
		);
		undo();
		assert.equal(calls, 1, code);
	}
});

test("on Windows no folder is fsynced", { skip }, async () => {
	const dir = folder();
	for (const [other, opened] of [
		[likeWindows, 0],
		[platformOf("linux"), 1],
	] as const) {
		const { calls } = await on(other, () =>
			failing(
				"openSync",
				"EPERM",
				1e9,
				(path) => path === dir,
				() => save(join(dir, "f"), true, replaceBy(String(opened))),
			),
		);
		assert.equal(calls, opened);
		assert.equal(readFileSync(join(dir, "f"), "utf8"), String(opened));
	}
});

test("on Windows a lock folder of Pi's is nobody's mark, however its mode reads", async () => {
	const dir = folder();
	const auth = join(dir, "auth.json");
	writeFileSync(auth, '{"a":1}');
	// The mode of a dead process of ours on other systems; on Windows modes say nothing.
	mkdirSync(`${auth}.lock`);
	chmodSync(`${auth}.lock`, 0o500);
	const gate = new Gate(join(dir, "gate"));
	let done = false;
	const undo = pretend(likeWindows);
	const change = changeEntries(auth, new Map([["a", undefined]]), gate).then(() => {
		done = true;
	});
	await new Promise((resolve) => setTimeout(resolve, 150));
	assert.equal(done, false, "it may be a living Pi's");
	fs.rmdirSync(`${auth}.lock`);
	await change;
	undo();
	assert.equal(readFileSync(auth, "utf8"), "{}");
	gate.close();
});

test("names of holds make files that every file system takes, and differ in more than case", async () => {
	const dir = folder();
	const holds = new Holds(dir);
	const names = [
		"Work",
		"work",
		"CON",
		"nul",
		"a:b",
		'a<b>|?*"',
		"../../x",
		"x.",
		"x ",
		"ü",
		"u\u0308",
		"a".repeat(400),
	];
	const leave = await Promise.all(names.map((name) => holds.take(name)));
	const made = readdirSync(dir).filter((name) => name.endsWith(".hold"));
	for (const let_go of leave) let_go?.();
	assert.equal(new Set(made.map((name) => name.toLowerCase())).size, names.length);
	for (const name of made) assert.match(name, /^[0-9a-f]{24}\.hold$/);
});

test("paths are those of the system, with shares, spaces and other letters", async () => {
	const drive = "C:\\Users\\Jürgen Groß\\.pi\\agent";
	const share = "\\\\server\\home share\\用户\\agent";
	await on(platformOf("win32"), () => {
		for (const agent of [drive, share]) {
			const { files, debug } = places(agent, `${agent}\\extensions\\pi-multi-auth`, {});
			assert.equal(files.state, `${agent}\\multi-auth.json`);
			assert.equal(debug[0], `${agent}\\extensions\\pi-multi-auth\\debug`);
		}
		const { runtime } = places(drive, drive, { PI_MULTI_AUTH_RUNTIME_DIR: share });
		assert.equal(runtime, share);
		const url = "file://server/home%20share/%E7%94%A8%E6%88%B7/agent/extensions/pi-multi-auth/index.js";
		assert.equal(extensionRoot(fileURLToPath(url, { windows: true })), `${share}\\extensions\\pi-multi-auth`);
		assert.equal(extensionRoot("C:\\x\\js-loader\\src\\index.ts"), "C:\\x\\js-loader");
	});
});

test("what lies in a folder is told apart from what only begins like it", async () => {
	const cases: [NodeJS.Platform, string, string, boolean][] = [
		["linux", "/x/pi-multi-auth/index.js", "/x/pi-multi-auth", true],
		["linux", "/x/pi-multi-auth", "/x/pi-multi-auth", true],
		["linux", "/x/pi-multi-auth-copy/index.js", "/x/pi-multi-auth", false],
		["linux", "/x/Pi-Multi-Auth/index.js", "/x/pi-multi-auth", false],
		["linux", "/x/pi-multi-auth/..index.js", "/x/pi-multi-auth", true],
		["darwin", "/x/Pi-Multi-Auth/index.js", "/x/pi-multi-auth", true],
		["darwin", "/x/other/index.js", "/x/pi-multi-auth", false],
		["win32", "c:\\X\\pi-multi-auth\\index.js", "C:\\x\\pi-multi-auth", true],
		["win32", "C:/x/pi-multi-auth/index.js", "C:\\x\\pi-multi-auth", true],
		["win32", "D:\\x\\pi-multi-auth\\index.js", "C:\\x\\pi-multi-auth", false],
		["win32", "\\\\Server\\share\\p\\index.js", "\\\\server\\share\\p", true],
	];
	for (const [name, path, root, want] of cases)
		await on(platformOf(name), () => assert.equal(isWithin(path, root), want, `${name} ${path}`));
});

test("signals that a system does not deliver are not waited for", () => {
	assert.ok(!platformOf("win32").signals.includes("SIGTERM"));
	assert.ok(platformOf("linux").signals.includes("SIGTERM"));
	assert.deepEqual(platformOf("freebsd"), platformOf("linux"));
});

test("no shell opens a browser", () => {
	for (const name of ["linux", "darwin", "win32"] as const)
		assert.ok(!/sh$|cmd|powershell/.test(platformOf(name).browser[0]), name);
});

test("a terminal says whether it draws lines: by its locale, on Windows by who it is", () => {
	assert.equal(borders({ LANG: "C" }, "linux").vertical, "|");
	assert.equal(borders({ LANG: "C" }, "darwin").vertical, "|");
	assert.equal(borders({}, "win32").vertical, "|");
	assert.equal(borders({ WT_SESSION: "1", LANG: "C" }, "win32").vertical, "│");
});

test("a port that Windows reserves answers EACCES, and the next one is taken", async () => {
	const real = Server.prototype.listen;
	const asked: number[] = [];
	Server.prototype.listen = function (this: Server, ...args: unknown[]) {
		const { port } = args[0] as { port: number };
		asked.push(port);
		if (port === 1) {
			queueMicrotask(() => this.emit("error", Object.assign(new Error("reserved"), { code: "EACCES" })));
			return this;
		}
		return Reflect.apply(real, this, args);
	} as typeof real;
	try {
		const callback = await Callback.open({ ports: [1, 0], path: "/callback", state: "s", timeoutMs: 1000 } as never);
		assert.deepEqual(asked, [1, 0]);
		assert.ok(callback.port > 0);
		callback.close();
	} finally {
		Server.prototype.listen = real;
	}
	createServer().close();
});

test("what is set in a managed config.json is copied to where no update reaches, once and key by key", () => {
	const root = join(folder(), "node_modules", "pi-multi-auth");
	mkdirSync(root, { recursive: true });
	const [config, settings] = [join(root, "config.json"), join(folder(), "new", "multi-auth-config.json")];
	assert.equal(keepConfig(config, settings), "", "there is none");
	writeFileSync(config, '\ufeff{"debug": false,\r\n "hiddenProviders": ["groq"], "rotationModes": {}}\r\n');
	assert.match(keepConfig(config, settings), /copied/);
	assert.deepEqual(JSON.parse(readFileSync(settings, "utf8")), { hiddenProviders: ["groq"] });
	assert.equal(keepConfig(config, settings), "", "said and done");
	writeFileSync(config, '{"debug": true, "hiddenProviders": ["xai"]}');
	keepConfig(config, settings);
	assert.deepEqual(JSON.parse(readFileSync(settings, "utf8")), { hiddenProviders: ["groq"], debug: true });
	assert.match(keepConfig(config, settings), /counts before .* something else of hiddenProviders/);
	for (const text of ["", "[]", "{", "null"]) {
		writeFileSync(settings, text);
		assert.equal(keepConfig(config, settings), "");
		assert.equal(readFileSync(settings, "utf8"), text, "a damaged one is not written over");
	}
});

test("a folder of the person's own keeps its config.json", () => {
	const root = folder();
	writeDefaults(join(root, "config.json"));
	writeFileSync(join(root, "config.json"), '{"debug": true}');
	assert.equal(keepConfig(join(root, "config.json"), join(root, "settings.json")), "");
	assert.ok(!existsSync(join(root, "settings.json")));
});
