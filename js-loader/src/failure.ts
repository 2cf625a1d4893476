/** What an error says. */
export function textOf(error: unknown): string {
	// What Node says of broken JSON quotes it.
	if (error instanceof SyntaxError) return "it is no JSON";
	return error instanceof Error ? error.message : String(error);
}

const words: Record<string, string> = {
	ENOSPC: "no space left on the disk",
	EACCES: "permission denied",
	EPERM: "not permitted",
	EROFS: "the disk is read-only",
	EISDIR: "it is a folder",
	EDQUOT: "the disk quota is used up",
	EMFILE: "too many open files",
};

/** EDQUOT on Linux and macOS. libuv has no name for it: Node's code is "UNKNOWN" or "Unknown system error -122". */
const overQuota: readonly (number | undefined)[] = [-122, -69];

/** The code of what the system answered, "" where it was not the system. */
export function codeOf(error: unknown): string {
	const { code = "", errno } = (error ?? {}) as NodeJS.ErrnoException;
	return code.startsWith("U") && overQuota.includes(errno) ? "EDQUOT" : code;
}

/** What went wrong with a file, in words and without its path: that is said beside it. */
export function plainly(error: unknown): string {
	return words[codeOf(error)] ?? textOf(error);
}
