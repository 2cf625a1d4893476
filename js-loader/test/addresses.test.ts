import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Row {
	url: string;
	is?: string;
	bad?: string;
}

const rows = readFileSync(new URL("../../core/testdata/urls.jsonl", import.meta.url), "utf8")
	.trim()
	.split("\n")
	.map((line) => JSON.parse(line) as Row);

// What the core takes is what fetch asks: no second reading of the same text leads elsewhere.
test("an address that the core takes means the same to fetch", () => {
	const good = rows.filter((row) => row.is !== undefined);
	assert.ok(good.length >= 50);
	for (const { url, is } of good) {
		const own = new URL(is as string);
		assert.equal(own.href.replace(/\/+$/, ""), is, url);
		assert.equal(own.origin, new URL(url.trim()).origin, url);
		assert.equal(own.username + own.password + own.search + own.hash, "", url);
	}
});

// The other half of the corpus: where a browser mends what it is given, the core refuses. A few of them only look odd.
test("most of what the core refuses, a browser would mend and ask", () => {
	const mended = rows.filter((row) => row.bad !== undefined && URL.canParse(row.url));
	assert.ok(mended.length >= 150, `${mended.length}`);
});
