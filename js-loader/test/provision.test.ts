import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { places } from "../src/places.ts";
import { keepProvision, keptProvision } from "../src/provision.ts";

test("the providers to announce are kept as long as nothing they hang on changes", (t) => {
	const dir = mkdtempSync(join(tmpdir(), "pi-multi-auth-"));
	t.after(() => rmSync(dir, { recursive: true }));
	const at = places(dir, dir, {});
	const kept = join(dir, "multi-auth-start.json");
	writeFileSync(at.files.auth, '{"demo-1":{"type":"api_key","key":"canary"}}');
	assert.equal(keptProvision(at), undefined);
	keepProvision(at, ["demo"]);
	assert.deepEqual(keptProvision(at), ["demo"]);
	assert.doesNotMatch(readFileSync(kept, "utf8"), /canary/);
	if (process.platform !== "win32") assert.equal(statSync(kept).mode & 0o777, 0o600);
	const before = statSync(kept).mtimeMs;
	keepProvision(at, ["demo"]);
	assert.equal(statSync(kept).mtimeMs, before, "what is kept already is not written anew");
	for (const file of [at.files.auth, at.files.accounts, at.files.models, at.files.settings]) {
		writeFileSync(file, `{"now":"${file}"}`);
		assert.equal(keptProvision(at), undefined, file);
		keepProvision(at, ["demo"]);
	}
	for (const damaged of ["", "null", "[]", '{"provision":["x"]}', "{"]) {
		writeFileSync(kept, damaged);
		assert.equal(keptProvision(at), undefined, damaged);
	}
	keepProvision(at, []);
	assert.deepEqual(keptProvision(at), []);
	assert.deepEqual(
		readdirSync(dir).filter((name) => name.endsWith(".tmp")),
		[],
	);
});

test("a folder that cannot be written keeps nothing and breaks nothing", () => {
	const at = places("/dev/null/nowhere", "/dev/null/nowhere", {});
	keepProvision(at, ["demo"]);
	assert.equal(keptProvision(at), undefined);
});
