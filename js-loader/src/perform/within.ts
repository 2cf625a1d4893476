/** Waits for something, but not for ever; whether it has come. */
export async function within(what: Promise<unknown>, ms: number): Promise<boolean> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<boolean>((resolve) => {
		timer = setTimeout(resolve, ms, false);
	});
	try {
		return await Promise.race([what.then(() => true), late]);
	} finally {
		clearTimeout(timer);
	}
}
