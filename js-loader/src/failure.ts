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

/** What went wrong with a file, in words and without its path: that is said beside it. */
export function plainly(error: unknown): string {
	return words[(error as NodeJS.ErrnoException | undefined)?.code ?? ""] ?? textOf(error);
}
