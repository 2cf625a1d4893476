import { exec } from "node:child_process";

const commandTimeout = 10_000;
const commands = new Map<string, Promise<string>>();

/**
 * Resolves a key as Pi's auth.json means it (pi-coding-agent 0.87.1 and 1.5.2, resolve-config-value): a leading "!" runs a command once
 * per process, "$NAME" and "${NAME}" are variables, "$$" and "$!" are the characters themselves. `env` counts before the process's.
 */
export async function resolveConfigValue(value: string, env: Record<string, string> = {}): Promise<string> {
	if (value.startsWith("!")) {
		const command = value.slice(1);
		let answer = commands.get(command);
		if (!answer) {
			answer = run(command);
			commands.set(command, answer);
			answer.catch(() => commands.delete(command));
		}
		return answer;
	}
	return value.replace(/\$(?:(\$|!)|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (whole, literal, braced, bare) => {
		if (literal !== undefined) return literal;
		const name: string = braced ?? bare;
		if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return whole;
		const found = env[name] ?? process.env[name];
		if (found === undefined || found === "") throw new Error(`the variable ${name} is not set`);
		return found;
	});
}

/** Writes a secret as an entry holds it: read as a key it is the secret again, whatever characters it has. */
export function escapeConfigValue(secret: string): string {
	return secret.replaceAll("$", "$$$$").replace(/^!/, "$!");
}

/** Whether resolving runs no command that has not run in this process. */
export function isQuiet(value: string): boolean {
	return !value.startsWith("!") || commands.has(value.slice(1));
}

function run(command: string): Promise<string> {
	return new Promise((resolve, reject) => {
		exec(command, { timeout: commandTimeout, windowsHide: true }, (error, stdout) => {
			const text = stdout.trim();
			// The command's own words may hold a secret.
			if (error || text === "") reject(new Error("the command that gives the key failed"));
			else resolve(text);
		});
	});
}
