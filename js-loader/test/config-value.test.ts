// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation of Pi
import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeConfigValue, resolveConfigValue } from "../src/config-value.ts";

test("a secret that is escaped is read as itself, and what names no variable stays as it is", async () => {
	for (const secret of ["sk-a", "a$b", "$NAME", "${NAME}", "!cat x", "$!", "$$", "a$", "${a b}"])
		assert.equal(await resolveConfigValue(escapeConfigValue(secret)), secret);
	for (const text of ["a$", "a$9", "${9}", "${a b}", "${a$B}", "${}"])
		assert.equal(await resolveConfigValue(text), text);
	assert.equal(await resolveConfigValue("a${A}-$B$$C", { A: "1", B: "2" }), "a1-2$C");
	await assert.rejects(resolveConfigValue("$PI_MULTI_AUTH_NONE"), /the variable PI_MULTI_AUTH_NONE is not set/);
});
