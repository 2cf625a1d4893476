import assert from "node:assert/strict";
import { test } from "node:test";
import { amazonBedrockProvider } from "@earendil-works/pi-ai/providers/amazon-bedrock";
import { azureOpenAIResponsesProvider } from "@earendil-works/pi-ai/providers/azure-openai-responses";
import { cloudflareAIGatewayProvider } from "@earendil-works/pi-ai/providers/cloudflare-ai-gateway";
import { cloudflareWorkersAIProvider } from "@earendil-works/pi-ai/providers/cloudflare-workers-ai";
import { googleVertexProvider } from "@earendil-works/pi-ai/providers/google-vertex";
import type { Lease } from "../src/abi.ts";
import { authOf, plainContext } from "../src/members.ts";
import type { Model, Provider, StreamOptions } from "../src/pi.ts";
import { nothingSeen, watch, watchingFetch } from "../src/watch-fetch.ts";

const leaseOf = (provider: Provider, entry: object) =>
	({ provider: provider.id, source: "stored", credential: JSON.stringify(entry) }) as Lease;

const signal = new AbortController().signal;

interface Sent {
	url: string;
	headers: Headers;
}

/** Sends one request of Pi's own provider with an account's entry, and answers what left for the network. */
async function sent(provider: Provider, entry: object): Promise<Sent> {
	const auth = await authOf(provider, leaseOf(provider, entry), plainContext(), signal);
	const model = provider.getModels()[0] as Model;
	let out: Sent | undefined;
	const seen = nothingSeen(async (input, init) => {
		const url = input instanceof Request ? input.url : String(input);
		out ??= { url, headers: new Headers(input instanceof Request ? input.headers : init?.headers) };
		return new Response('{"error":{"message":"no"}}', { status: 400 });
	});
	const options = { maxRetries: 0, fetch: watchingFetch, apiKey: auth.apiKey, headers: auth.headers, env: auth.env };
	await watch(seen, async () => {
		const context = { messages: [{ role: "user", content: "hi", timestamp: 0 }] };
		for await (const _ of provider.stream(model, context, options as StreamOptions));
	});
	assert.ok(out, "nothing was sent");
	return out;
}

const as = (provider: unknown) => provider as Provider;

test("keys of two Azure resources go each to its own", async () => {
	const azure = as(azureOpenAIResponsesProvider());
	for (const name of ["one", "two"]) {
		const { url, headers } = await sent(azure, {
			type: "api_key",
			key: `key-${name}`,
			env: { AZURE_OPENAI_RESOURCE_NAME: name },
		});
		assert.equal(new URL(url).host, `${name}.openai.azure.com`);
		assert.equal(headers.get("api-key") ?? headers.get("authorization")?.replace("Bearer ", ""), `key-${name}`);
	}
});

test("tokens of two Cloudflare accounts and gateways go each to its own", async () => {
	for (const n of ["1", "2"]) {
		const env = { CLOUDFLARE_ACCOUNT_ID: `account${n}`, CLOUDFLARE_GATEWAY_ID: `gateway${n}` };
		const workers = await sent(as(cloudflareWorkersAIProvider()), { type: "api_key", key: `token${n}`, env });
		assert.ok(workers.url.includes(`/accounts/account${n}/ai/v1`), workers.url);
		assert.equal(workers.headers.get("authorization"), `Bearer token${n}`);
		const gateway = await sent(as(cloudflareAIGatewayProvider()), { type: "api_key", key: `token${n}`, env });
		assert.ok(gateway.url.includes(`/account${n}/gateway${n}/`), gateway.url);
		assert.equal(gateway.headers.get("cf-aig-authorization"), `Bearer token${n}`);
		assert.equal(gateway.headers.get("x-api-key") ?? gateway.headers.get("authorization"), null);
	}
});

// These adapters refuse a fetch of ours; what they are given is what they send with.
test("Bedrock's region and Vertex's project and location come from the account's entry", async () => {
	const signalled = (provider: Provider, entry: object) =>
		authOf(provider, leaseOf(provider, entry), plainContext(), signal);
	for (const region of ["eu-west-1", "us-west-2"]) {
		const bedrock = await signalled(as(amazonBedrockProvider()), {
			type: "api_key",
			key: "ABSKx",
			env: { AWS_REGION: region },
		});
		assert.deepEqual([bedrock.apiKey, bedrock.env], ["ABSKx", { AWS_REGION: region }]);
		const env = { GOOGLE_CLOUD_PROJECT: "p", GOOGLE_CLOUD_LOCATION: region };
		const vertex = await signalled(as(googleVertexProvider()), { type: "api_key", key: "AIzaX", env });
		assert.deepEqual([vertex.apiKey, vertex.env], ["AIzaX", env]);
	}
});
