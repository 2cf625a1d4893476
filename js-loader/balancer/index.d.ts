/** What a lease is asked with. */
export interface SubagentRequest {
	modelId?: string;
	/** The session the child is begun from: both share a warm account. */
	parentSessionId?: string;
	signal?: AbortSignal;
	/** Accounts that are not wanted. */
	excludedIds?: readonly string[];
	/** How long to wait until an account is ready, in milliseconds; 30,000 when it is not said. */
	timeoutMs?: number;
}

/** An account that a child may use until it is released. It holds no secret: the child finds the credential by its id. */
export interface SubagentLease {
	sessionId: string;
	provider: string;
	credentialId: string;
	/** Stands where a key is asked for and is none. */
	apiKey: string;
	/** When the lease ends by itself, in epoch milliseconds. */
	expiresAt: number;
}

/** How many accounts of a provider there are; never which. */
export interface RoutingCapabilities {
	total: number;
	structurallyEligible: number;
	modelEligible: number;
	preferred: number;
}

/** Leases accounts to other extensions, which begin children with them. */
export interface KeyDistributor {
	acquireForSubagent(sessionId: string, provider: string, request?: SubagentRequest): Promise<SubagentLease>;
	getLeaseForSession(sessionId: string, provider?: string): SubagentLease | undefined;
	releaseFromSubagent(sessionId: string, provider?: string): Promise<void>;
	/** Releases what the children of a session hold. */
	releaseLightweightSessionLeases(parentSessionId: string, provider?: string): Promise<void>;
	/** Takes an account out for a while, for every process. */
	applyCooldown(credentialId: string, durationMs: number, reason: string, provider?: string): Promise<void>;
	/** Whether there is nothing to distribute: exactly one account can be used. */
	shouldBypassDistributor(provider: string, modelId?: string): Promise<boolean>;
	getDelegatedCredentialRoutingCapabilities(provider: string, modelId?: string): Promise<RoutingCapabilities>;
	getMetrics(): { activeLeases: number; acquired: number; waited: number; timedOut: number };
}

/** The running extension's distributor; undefined where it does not run. */
export function keyDistributor(): KeyDistributor | undefined;
