import type { KeyDistributor, RoutingCapabilities, SubagentLease, SubagentRequest } from "../balancer/index.js";
import { type Lease, makeAcquire, makeOutcome } from "./abi.ts";
import type { Core } from "./core.ts";

/** Tells our distributor from the peer's. */
export const ours = Symbol.for("pi-multi-auth.distributor");

/** Stands for "there is a credential": the variable of the contract has to be set, and no secret goes into an environment. */
const noKey = "pi-multi-auth";

interface Held {
	lease: SubagentLease;
	parent: string;
	id: number;
}

/** Makes the distributor of a running core: every lease is one of the core's, so whatever it knows of accounts counts here too. */
export function distributor(core: () => Promise<Core | undefined>): KeyDistributor {
	const held = new Map<string, Held>();
	const asking = new Map<string, Promise<SubagentLease>>();
	const metrics = { acquired: 0, waited: 0, timedOut: 0 };
	const waiting = new Set<() => void>();
	const keyOf = (session: string, provider: string) => JSON.stringify([session, provider.toLowerCase()]);

	const needed = async (): Promise<Core> => {
		const running = await core();
		if (!running) throw new Error("pi-multi-auth is not active");
		return running;
	};
	// Provider ids are Pi's, and are told apart by case; callers of old wrote them in lower case.
	const idOf = (running: Core, provider: string): string =>
		running.ready.providers.find((id) => id === provider) ??
		running.ready.providers.find((id) => id.toLowerCase() === provider.toLowerCase()) ??
		provider;

	const drop = async (key: string, outcome = makeOutcome({ aborted: true })): Promise<void> => {
		const one = held.get(key);
		if (!one) return;
		held.delete(key);
		await (await needed()).ask({ settle: { lease: one.id, outcome } }).catch(() => {});
		for (const wake of [...waiting]) wake();
	};

	const lease = async (session: string, provider: string, request: SubagentRequest): Promise<SubagentLease> => {
		const running = await needed();
		const id = idOf(running, provider);
		const end = performance.now() + Math.max(request.timeoutMs ?? 30_000, 0);
		for (let first = true; ; first = false) {
			request.signal?.throwIfAborted();
			await running.catchUp();
			const turn = await running.ask({
				acquire: makeAcquire({
					provider: id,
					model: request.modelId ?? "",
					session,
					mode: "print",
					parent: request.parentSessionId ?? "",
					except: [...(request.excludedIds ?? [])],
				}),
			});
			if (turn.lease) {
				if (request.signal?.aborted) {
					await running.ask({ settle: { lease: turn.lease.id, outcome: makeOutcome({ aborted: true }) } });
					request.signal.throwIfAborted();
				}
				return keep(session, id, request.parentSessionId ?? "", turn.lease);
			}
			const left = end - performance.now();
			const until = turn.refuse?.until ?? 0;
			// What only a person can change is not waited for.
			if (until === 0 && held.size === 0) throw new Error(turn.refuse?.say ?? `${id}: no account is ready`);
			if (left <= 0) {
				metrics.timedOut++;
				throw new Error(
					`${id}: no account was ready within ${request.timeoutMs ?? 30_000} ms. ${turn.refuse?.say ?? ""}`.trim(),
				);
			}
			if (first) metrics.waited++;
			await pause(Math.min(left, until === 0 ? left : Math.max(until - Date.now(), 10)), request.signal);
		}
	};

	const keep = (session: string, provider: string, parent: string, given: Lease): SubagentLease => {
		metrics.acquired++;
		const made = {
			sessionId: session,
			provider,
			credentialId: given.account,
			apiKey: noKey,
			expiresAt: given.deadline,
		};
		held.set(keyOf(session, provider), { lease: made, parent, id: given.id });
		return made;
	};

	const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
		new Promise((resolve) => {
			const done = () => {
				clearTimeout(timer);
				waiting.delete(done);
				signal?.removeEventListener("abort", done);
				resolve();
			};
			// Somebody waits for this: unlike the core's own timers it holds the process.
			const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
			waiting.add(done);
			signal?.addEventListener("abort", done, { once: true });
		});

	const capabilities = async (provider: string, modelId = ""): Promise<RoutingCapabilities> => {
		const running = await needed();
		await running.catchUp();
		const id = idOf(running, provider);
		const { view } = await running.ask({ command: { text: `status ${id} --json`, words: [], mode: "print" } });
		const accounts = accountsOf(view?.json ?? "");
		const eligible = accounts.filter((a) => a.standing === "ready");
		const able = eligible.filter((a) => !a.models.includes(modelId.toLowerCase()));
		return {
			total: accounts.length,
			structurallyEligible: eligible.length,
			modelEligible: able.length,
			preferred: able.length,
		};
	};

	return Object.assign(
		{
			async acquireForSubagent(session: string, provider: string, request: SubagentRequest = {}) {
				const key = keyOf(session, provider);
				const known = held.get(key);
				if (known && !request.excludedIds?.includes(known.lease.credentialId) && known.lease.expiresAt > Date.now())
					return known.lease;
				await drop(key);
				// One question of a session does not hold up another's, and the same question is asked once.
				const mine = asking.get(key) ?? lease(session, provider, request).finally(() => asking.delete(key));
				asking.set(key, mine);
				return mine;
			},
			getLeaseForSession(session: string, provider?: string) {
				for (const { lease: one } of held.values())
					if (one.sessionId === session && (!provider || one.provider.toLowerCase() === provider.toLowerCase()))
						return one;
				return undefined;
			},
			async releaseFromSubagent(session: string, provider?: string) {
				for (const [key, { lease: one }] of [...held])
					if (one.sessionId === session && (!provider || one.provider.toLowerCase() === provider.toLowerCase()))
						await drop(key);
			},
			async releaseLightweightSessionLeases(parent: string, provider?: string) {
				for (const [key, one] of [...held])
					if (one.parent === parent && (!provider || one.lease.provider.toLowerCase() === provider.toLowerCase()))
						await drop(key);
			},
			async applyCooldown(credential: string, ms: number, reason: string, provider?: string) {
				const seconds = Math.ceil((ms > 0 ? ms : /quota|weekly/i.test(reason) ? 3_600_000 : 60_000) / 1000);
				const outcome = makeOutcome({
					status: 429,
					headers: [{ name: "retry-after", value: String(seconds) }],
					text: reason,
				});
				const running = await needed();
				for (const [key, { lease: one }] of [...held])
					if (one.credentialId === credential && (!provider || one.provider.toLowerCase() === provider.toLowerCase()))
						return drop(key, outcome);
				if (!provider) return;
				const turn = await running.ask({
					acquire: makeAcquire({ provider: idOf(running, provider), mode: "print", only: credential }),
				});
				if (turn.lease) await running.ask({ settle: { lease: turn.lease.id, outcome } });
			},
			async shouldBypassDistributor(provider: string, modelId?: string) {
				return (await capabilities(provider, modelId)).modelEligible === 1;
			},
			getDelegatedCredentialRoutingCapabilities: capabilities,
			getMetrics: () => ({ activeLeases: held.size, ...metrics }),
		},
		{ [ours]: true },
	);
}

/** Publishes the distributor where other extensions look for it, unless one is there already. */
export function publish(core: () => Promise<Core | undefined>): void {
	const globals = globalThis as { __piMultiAuthKeyDistributor?: unknown };
	globals.__piMultiAuthKeyDistributor ??= distributor(core);
}

/** Whether the published distributor is another extension's. */
export function publishedElsewhere(): boolean {
	const there = (globalThis as { __piMultiAuthKeyDistributor?: object }).__piMultiAuthKeyDistributor;
	return there !== undefined && there !== null && !(ours in there);
}

/** The accounts in the JSON of a status. */
function accountsOf(json: string): { standing: string; models: string[] }[] {
	try {
		const status = JSON.parse(json) as { accounts?: { standing?: string; models?: { model?: string }[] }[] };
		return (status.accounts ?? []).map((a) => ({
			standing: a.standing ?? "",
			models: (a.models ?? []).map((m) => (m.model ?? "").toLowerCase()),
		}));
	} catch {
		return [];
	}
}
