/** Whether Pi was asked to stay off the network, as it reads the variable itself (pi-coding-agent 0.87.1 and 1.5.2). */
export function isOffline(env: NodeJS.ProcessEnv = process.env): boolean {
	return /^(1|true|yes)$/i.test(env["PI_OFFLINE"] ?? "");
}
