import type { Answer, AssistantBlock, Model, Transcript } from "./pi.ts";

/** APIs whose reasoning comes back as an encrypted item beside its id (pi-ai 0.87.1 and 1.5.2, openai-responses-shared). */
const responses = new Set(["openai-responses", "azure-openai-responses", "openai-codex-responses"]);
/** The API that continues an answer by its id, on the connection that gave it. */
const continues = "openai-codex-responses";
const charsPerToken = 4;

/**
 * Names what a request carries that only the account that made it can read, in the words of Acquire.bound. Pi sends such content only back
 * to the model that made it, so answers of other models carry none.
 */
export function boundOf(context: Transcript, model: Model): string[] {
	const found = new Set<string>();
	for (const answer of answersOf(context, model)) {
		if (model.api === continues && answer.responseId) found.add("response");
		for (const block of blocksOf(answer)) {
			const kind = kindOf(block, model.api);
			if (kind) found.add(kind);
		}
	}
	return [...found].sort();
}

function kindOf(block: AssistantBlock, api: string): "thinking" | "encrypted" | undefined {
	const signature = block.type === "thinking" ? block.thinkingSignature : block.thoughtSignature;
	if (responses.has(api)) return signature ? "encrypted" : undefined;
	// openai-completions keeps the name of a field, or a list of reasoning details, where others keep a signature.
	if (api === "openai-completions") return signature?.includes('"reasoning.encrypted"') ? "encrypted" : undefined;
	return signature || block.textSignature ? "thinking" : undefined;
}

/** The same context without what the words name; Pi's own messages are left as they are. */
export function strip(context: Transcript, model: Model, words: readonly string[]): Transcript {
	if (words.length === 0) return context;
	const mine = new Set<unknown>(answersOf(context, model));
	const renamed = new Map<string, string>();
	const messages = context.messages?.map((message) => {
		if (mine.has(message)) return stripped(message as unknown as Answer, model.api, words, renamed);
		const id = renamed.get(message["toolCallId"] as string);
		return id === undefined ? message : { ...message, toolCallId: id };
	});
	return { ...context, ...(messages ? { messages } : {}) };
}

function stripped(answer: Answer, api: string, words: readonly string[], renamed: Map<string, string>) {
	const out = { ...answer, content: blocksOf(answer).flatMap((block) => without(block, api, words, renamed)) };
	if (words.includes("response")) delete out.responseId;
	return out;
}

function without(
	block: AssistantBlock,
	api: string,
	words: readonly string[],
	renamed: Map<string, string>,
): AssistantBlock[] {
	const kind = kindOf(block, api);
	const encrypted = responses.has(api) && words.includes("encrypted");
	if (kind && words.includes(kind) && block.type === "thinking" && (encrypted || block.redacted)) return [];
	const out = { ...block };
	if (kind && words.includes(kind)) {
		delete out.thinkingSignature;
		delete out.thoughtSignature;
		delete out.textSignature;
	}
	if (encrypted) {
		// The service checks that an item follows the reasoning its id was given with; without the id it checks nothing.
		delete out.textSignature;
		const call = block.type === "toolCall" ? block.id?.split("|")[0] : undefined;
		if (call !== undefined && call !== block.id) {
			renamed.set(block.id as string, call);
			out.id = call;
		}
	}
	return [out];
}

/** About how many tokens a request sends: what the last answer counted and a quarter of the characters after it. */
export function promptOf(context: Transcript): number {
	const messages = context.messages ?? [];
	let chars = context.systemPrompt?.length ?? 0;
	for (let i = messages.length - 1; i >= 0; i--) {
		const message = messages[i] as unknown as Answer;
		const counted = message.role === "assistant" ? message.usage?.totalTokens : undefined;
		if (counted) return counted + Math.ceil(chars / charsPerToken);
		chars += charsOf(message.content);
	}
	return Math.ceil(chars / charsPerToken);
}

function charsOf(content: unknown): number {
	if (typeof content === "string") return content.length;
	if (!Array.isArray(content)) return 0;
	let chars = 0;
	for (const block of content as AssistantBlock[]) chars += block.text?.length ?? block.thinking?.length ?? 0;
	return chars;
}

function answersOf(context: Transcript, model: Model): Answer[] {
	return ((context.messages ?? []) as unknown as Answer[]).filter(
		(m) => m.role === "assistant" && m.provider === model.provider && m.api === model.api && m.model === model.id,
	);
}

function blocksOf(answer: Answer): AssistantBlock[] {
	return Array.isArray(answer.content) ? (answer.content as AssistantBlock[]) : [];
}
