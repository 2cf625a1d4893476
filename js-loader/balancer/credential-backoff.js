// Cooldowns for other extensions, over the instance that runs in this process.
import { keyDistributor } from "./index.js";

/** Takes an account out for a while, for every process; false where the extension does not run. */
export async function applyCredentialBackoff(credentialId, durationMs, reason, provider) {
	const distributor = keyDistributor();
	if (!distributor) return false;
	await distributor.applyCooldown(credentialId, durationMs, reason, provider);
	return true;
}
