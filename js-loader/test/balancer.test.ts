import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { applyCredentialBackoff } from "../balancer/credential-backoff.js";
import { keyDistributor } from "../balancer/index.js";
import { makeAcquire, makeOutcome } from "../src/abi.ts";
import { distributor, publish, publishedElsewhere } from "../src/balancer.ts";
import { Core } from "../src/core.ts";
import { delegated } from "../src/delegation.ts";
import { places } from "../src/places.ts";

async function coreWith(t: TestContext, ...ids: string[]): Promise<Core> {
	const folder = mkdtempSync(join(tmpdir(), "pi-multi-auth-"));
	const auth = Object.fromEntries(ids.map((id) => [id, { type: "api_key", key: `secret of ${id}` }]));
	writeFileSync(join(folder, "auth.json"), JSON.stringify(auth), { mode: 0o600 });
	const core = await Core.load({
		module: fileURLToPath(new URL("../core.wasm", import.meta.url)),
		places: places(folder, folder, {}),
		piVersion: "test",
		notice: () => {},
	});
	await core.start(["demo", "MyProv"]);
	t.after(() => core.close());
	return core;
}

test("a session keeps its lease, others get other accounts, and no lease holds a secret", async (t) => {
	const core = await coreWith(t, "demo", "demo-1");
	const keys = distributor(async () => core);
	const a = await keys.acquireForSubagent("a", "demo");
	const b = await keys.acquireForSubagent("b", "demo");
	assert.notEqual(a.credentialId, b.credentialId);
	assert.deepEqual(await keys.acquireForSubagent("a", "demo"), a);
	assert.deepEqual(keys.getLeaseForSession("b"), b);
	assert.doesNotMatch(JSON.stringify([a, b]), /secret/);
	const other = await keys.acquireForSubagent("a", "demo", { excludedIds: [a.credentialId] });
	assert.equal(other.credentialId, b.credentialId);
	await keys.releaseFromSubagent("a");
	assert.equal(keys.getLeaseForSession("a"), undefined);
	assert.equal(keys.getMetrics().activeLeases, 1);
});

test("the same session asks once, however often it asks at the same time", async (t) => {
	const core = await coreWith(t, "demo", "demo-1");
	const keys = distributor(async () => core);
	const all = await Promise.all(Array.from({ length: 8 }, () => keys.acquireForSubagent("a", "demo")));
	assert.equal(new Set(all.map((lease) => lease.credentialId)).size, 1);
	assert.equal(keys.getMetrics().acquired, 1);
});

test("children of one session are released with it", async (t) => {
	const core = await coreWith(t, "demo", "demo-1");
	const keys = distributor(async () => core);
	await keys.acquireForSubagent("c1", "demo", { parentSessionId: "p" });
	await keys.acquireForSubagent("c2", "demo", { parentSessionId: "p" });
	await keys.acquireForSubagent("x", "demo", { parentSessionId: "q" });
	await keys.releaseLightweightSessionLeases("p", "other");
	assert.equal(keys.getMetrics().activeLeases, 3);
	await keys.releaseLightweightSessionLeases("p");
	assert.equal(keys.getMetrics().activeLeases, 1);
});

test("a cooldown counts for everybody, and the provider's case does not hide it", async (t) => {
	const core = await coreWith(t, "MyProv", "MyProv-1");
	const keys = distributor(async () => core);
	const a = await keys.acquireForSubagent("a", "myprov");
	assert.equal(a.provider, "MyProv");
	assert.equal(await keys.shouldBypassDistributor("MyProv"), false);
	await keys.applyCooldown(a.credentialId, 60_000, "rate limit", "MyProv");
	assert.equal(keys.getLeaseForSession("a"), undefined);
	for (const session of ["b", "c", "d"])
		assert.notEqual((await keys.acquireForSubagent(session, "MyProv")).credentialId, a.credentialId);
	assert.equal(await keys.shouldBypassDistributor("MyProv"), true);
	const counts = await keys.getDelegatedCredentialRoutingCapabilities("MyProv");
	assert.deepEqual(counts, { total: 2, structurallyEligible: 1, modelEligible: 1, preferred: 1 });
	const turn = await core.ask({ acquire: makeAcquire({ provider: "MyProv", mode: "print" }) });
	assert.notEqual(turn.lease?.account, a.credentialId);
});

test("waiting has the end that was asked for, and an abort ends it at once", async (t) => {
	const core = await coreWith(t, "demo");
	const keys = distributor(async () => core);
	const a = await keys.acquireForSubagent("a", "demo");
	await keys.applyCooldown(a.credentialId, 3_600_000, "quota", "demo");
	await assert.rejects(keys.acquireForSubagent("b", "demo", { timeoutMs: 30 }), /within 30 ms/);
	const stop = new AbortController();
	const waiting = keys.acquireForSubagent("c", "demo", { signal: stop.signal });
	stop.abort(new Error("stopped"));
	await assert.rejects(waiting, /stopped/);
	await assert.rejects(keys.acquireForSubagent("d", "nobody"), /nobody/);
});

test("a child uses the account it was begun with, or nobody", async (t) => {
	const env = {
		PI_AGENT_ROUTER_SUBAGENT: "1",
		PI_AGENT_ROUTER_DELEGATED_PROVIDER_ID: "DEMO",
		PI_AGENT_ROUTER_DELEGATED_CREDENTIAL_ID: "demo-1",
		PI_AGENT_ROUTER_DELEGATED_API_KEY: "any",
	};
	assert.equal(delegated("demo", env), "demo-1");
	assert.equal(delegated("other", env), "");
	for (const name of Object.keys(env)) assert.equal(delegated("demo", { ...env, [name]: "  " }), "", name);
	const core = await coreWith(t, "demo", "demo-1");
	const ask = (only: string) => core.ask({ acquire: makeAcquire({ provider: "demo", mode: "print", only }) });
	for (let n = 0; n < 3; n++) {
		const turn = await ask("demo-1");
		assert.equal(turn.lease?.account, "demo-1");
		assert.ok((await core.ask({ settle: { lease: turn.lease?.id ?? 0, outcome: makeOutcome({ ok: true }) } })).done);
	}
	const turn = await ask("demo-1");
	const outcome = makeOutcome({ status: 429, headers: [{ name: "retry-after", value: "60" }] });
	const after = await core.ask({ settle: { lease: turn.lease?.id ?? 0, outcome } });
	assert.equal(after.refuse?.original, true, "nobody else is asked");
	assert.match((await ask("demo-1")).refuse?.say ?? "", /demo-1.*cannot answer now/);
	assert.match((await ask("demo-9")).refuse?.say ?? "", /no account demo-9/);
	assert.equal((await ask("")).lease?.account, "demo");
});

test("the sub-paths share the running instance, and another extension's is left alone", async (t) => {
	const globals = globalThis as { __piMultiAuthKeyDistributor?: unknown };
	assert.equal(keyDistributor(), undefined);
	assert.equal(await applyCredentialBackoff("demo", 1, "x", "demo"), false);
	const core = await coreWith(t, "demo", "demo-1");
	publish(async () => core);
	assert.equal(publishedElsewhere(), false);
	const lease = await keyDistributor()?.acquireForSubagent("a", "demo");
	assert.ok(lease);
	assert.equal(await applyCredentialBackoff(lease.credentialId, 60_000, "x", "demo"), true);
	const theirs = {};
	globals.__piMultiAuthKeyDistributor = theirs;
	publish(async () => core);
	assert.equal(keyDistributor(), theirs as never);
	assert.equal(publishedElsewhere(), true);
	delete globals.__piMultiAuthKeyDistributor;
});
