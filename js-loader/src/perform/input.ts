import { homedir } from "node:os";
import { join } from "node:path";
import { type Answer, type Input, makeAnswer } from "../abi.ts";
import { readText } from "./read.ts";

const largest = 1 << 20;

/** Reads a variable, a file or standard input. A variable that is not set is an empty text; a file that is not there is an error. */
export async function performInput(input: Input): Promise<Answer> {
	switch (input.kind) {
		case "env":
			return makeAnswer({ text: process.env[input.name] ?? "" });
		case "file": {
			const read = readText(/^~[/\\]/.test(input.name) ? join(homedir(), input.name.slice(2)) : input.name);
			if (read.missing) throw new Error("there is no such file");
			if (read.text.length > largest) throw new Error("it is larger than 1 MB");
			return makeAnswer({ text: read.text });
		}
		case "stdin":
			return makeAnswer({ text: await stdin() });
	}
	throw new Error(`there is no input called ${input.kind}`);
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
