import { type Attempt, count, type Runtime, requestOf, rotate, type Wrapping } from "./attempt.ts";
import { placeholder } from "./members.ts";
import type { CallResult, Model, Provider, StreamOptions } from "./pi.ts";
import { watch } from "./watch-fetch.ts";

/** The operations of a provider that answer at once with a result of their own (Pi 0.99 and newer). */
export type Operation = "generateImages" | "classify";

/** Rotates an operation without a stream. Rejects only as Pi's own does: its callers turn that into a result. */
export async function rotateCall(
	runtime: Runtime,
	wrapping: Wrapping,
	operation: Operation,
	model: Model,
	context: unknown,
	options?: StreamOptions,
): Promise<CallResult> {
	const request = requestOf(wrapping, model, context, options);
	let last: CallResult | undefined;
	let thrown: unknown;
	const turn = await rotate(runtime, request, {
		async send({ provider, outcome, seen, ...sent }: Attempt) {
			last = await watch(seen, () => call(provider, operation, sent.model, sent.context, sent.options));
			outcome.ok = last.stopReason !== "error" && last.stopReason !== "aborted";
			outcome.aborted = last.stopReason === "aborted";
			outcome.text = last.errorMessage ?? "";
			count(outcome, last.usage);
		},
		threw(error) {
			last = undefined;
			thrown = error;
		},
	});
	if (turn === "stopped") throw new Error("Request was aborted");
	if (turn === "pass on") {
		if (options?.apiKey === placeholder) throw new Error(`No API key for provider: ${model.provider}`);
		return call(wrapping.provider, operation, model, context, options);
	}
	if (turn.refuse?.say) throw new Error(turn.refuse.say);
	if (last) return last;
	throw thrown;
}

function call(
	provider: Provider,
	operation: Operation,
	model: Model,
	context: unknown,
	options: StreamOptions | undefined,
): Promise<CallResult> {
	const run = provider[operation];
	if (!run) throw new Error(`Provider ${provider.id} does not support this operation`);
	return run.call(provider, model, context, options);
}
