/** The one account that this process was begun with for a provider, "" for none: the peer's contract with the children it starts. */
export function delegated(provider: string, env: NodeJS.ProcessEnv = process.env): string {
	const of = (name: string) => env[`PI_AGENT_ROUTER_${name}`]?.trim() ?? "";
	if (of("SUBAGENT") !== "1" || of("DELEGATED_PROVIDER_ID").toLowerCase() !== provider.toLowerCase()) return "";
	// The value of the key is never used: the account's own credential is read from its file. It only has to be there.
	return of("DELEGATED_API_KEY") === "" ? "" : of("DELEGATED_CREDENTIAL_ID");
}
