import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { nothingSeen, watch, watchingFetch } from "../src/watch-fetch.ts";

async function serving<T>(listener: RequestListener, use: (at: string) => Promise<T>): Promise<T> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

const key = { authorization: "Bearer canary", "x-api-key": "canary", "x-own": "canary" };

for (const status of [301, 302, 303, 307, 308])
	test(`a redirect (${status}) to another origin gets not a byte of a request`, async () => {
		const reached: IncomingHttpHeaders[] = [];
		await serving(
			(request, response) => {
				reached.push(request.headers);
				response.end("stolen");
			},
			(other) =>
				serving(
					(_request, response) => response.writeHead(status, { location: `${other}/v1` }).end(),
					async (at) => {
						const ask = () => watchingFetch(at, { method: "POST", headers: key, body: "{}" });
						await assert.rejects(watch(nothingSeen(undefined), ask), /redirects to http:\/\/127\.0\.0\.1:\d+, where/);
					},
				),
		);
		assert.deepEqual(reached, []);
	});

test("a redirect within the origin is followed, with its key", async () => {
	const seen: string[] = [];
	await serving(
		(request, response) => {
			seen.push(`${request.method} ${request.url} ${request.headers["x-api-key"]}`);
			if (request.url === "/v1") response.writeHead(308, { location: "/v2" }).end();
			else if (request.url === "/v2") response.writeHead(303, { location: "/v3" }).end();
			else response.end("answered");
		},
		async (at) => {
			const response = await watch(nothingSeen(undefined), () =>
				watchingFetch(`${at}/v1`, { method: "POST", headers: key, body: "{}" }),
			);
			assert.equal(await response.text(), "answered");
		},
	);
	assert.deepEqual(seen, ["POST /v1 canary", "POST /v2 canary", "GET /v3 canary"]);
});

test("a circle of redirects ends", async () => {
	let asked = 0;
	await serving(
		(_request, response) => {
			asked++;
			response.writeHead(307, { location: "/again" }).end();
		},
		async (at) => {
			await assert.rejects(
				watch(nothingSeen(undefined), () => watchingFetch(at, { method: "POST", headers: key, body: "{}" })),
				/cannot follow/,
			);
		},
	);
	assert.equal(asked, 6);
});
