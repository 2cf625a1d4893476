import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Answer, type Input, makeAnswer } from "../abi.ts";
import { readText } from "./read.ts";

const largest = 1 << 20;
const mostFiles = 200;
/** A tool may ask the person for leave to read the system's store. */
const toolPatience = 60_000;

/** The programs that are asked for what only they can read, each with its fixed arguments. */
const tools: Record<string, { platform?: NodeJS.Platform; command: string; args: string[] }> = {
	gh: { command: "gh", args: ["auth", "token", "--hostname", "github.com"] },
	"claude-keychain": {
		platform: "darwin",
		command: "/usr/bin/security",
		args: ["find-generic-password", "-s", "Claude Code-credentials", "-w"],
	},
};

/** Reads what the core asks for. A variable that is not set is an empty text; a file that is not there is an error, a place is not. */
export async function performInput(input: Input): Promise<Answer> {
	switch (input.kind) {
		case "env":
			return makeAnswer({ text: process.env[input.name] ?? "" });
		case "file": {
			const read = readSmall(/^~[/\\]/.test(input.name) ? join(homedir(), input.name.slice(2)) : input.name);
			if (read === undefined) throw new Error("there is no such file");
			return makeAnswer({ text: read });
		}
		case "place": {
			const path = expand(input.name);
			const text = path && readSmall(path);
			return makeAnswer(text === undefined ? {} : { text, extra: path ?? "" });
		}
		case "folder":
			return folder(expand(input.name));
		case "tool":
			return makeAnswer({ text: await tool(input.name) });
		case "stdin":
			return makeAnswer({ text: await stdin() });
	}
	throw new Error(`there is no input called ${input.kind}`);
}

/** A path with its leading "~" or "$VARIABLE" replaced; undefined where the variable is not set. */
export function expand(path: string): string | undefined {
	const [, name, rest = ""] = /^(~|\$\w+)(?:[/\\](.*))?$/s.exec(path) ?? [];
	if (name === undefined) return path;
	const start = name === "~" ? homedir() : process.env[name.slice(1)]?.trim();
	return start ? join(start, rest) : undefined;
}

function readSmall(path: string): string | undefined {
	const read = readText(path);
	if (read.missing) return undefined;
	if (read.text.length > largest) throw new Error("it is larger than 1 MB");
	return read.text;
}

function folder(path: string | undefined): Answer {
	let names: string[] = [];
	try {
		if (path !== undefined) names = readdirSync(path).filter((name) => name.endsWith(".json"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return makeAnswer();
	}
	if (path === undefined) return makeAnswer();
	const files = names
		.sort()
		.slice(0, mostFiles)
		.map((name) => {
			const file = join(path, name);
			try {
				return { path: file, text: readSmall(file) ?? "" };
			} catch (error) {
				return { path: file, error: (error as Error).message };
			}
		});
	return makeAnswer({ text: JSON.stringify(files), extra: path });
}

/** What a tool prints. One that is not there, or has nothing, prints nothing. */
function tool(name: string): Promise<string> {
	const known = tools[name];
	if (!known || (known.platform && known.platform !== process.platform)) return Promise.resolve("");
	return new Promise((resolve, reject) => {
		const options = { timeout: toolPatience, maxBuffer: largest, windowsHide: true };
		execFile(known.command, known.args, options, (error, stdout) => {
			if (!error) return resolve(stdout.trim());
			if (error.killed) return reject(new Error(`${name} did not answer`));
			resolve("");
		}).stdin?.end();
	});
}

async function stdin(): Promise<string> {
	if (process.stdin.isTTY) throw new Error("nothing is piped into Pi");
	let text = "";
	for await (const chunk of process.stdin.setEncoding("utf8")) {
		text += chunk;
		if (text.length > largest) throw new Error("it is larger than 1 MB");
	}
	return text;
}
