/** Takes an account out for a while, for every process; false where the extension does not run. */
export function applyCredentialBackoff(
	credentialId: string,
	durationMs: number,
	reason: string,
	provider?: string,
): Promise<boolean>;
