/** The module asked to end its process; its instance is dead. */
export class Exit extends Error {
	readonly code: number;
	constructor(code: number) {
		super(`the module ended with code ${code}`);
		this.code = code;
	}
}

/** What Go's runtime wrote to its standard error, at most the last 16 kB. */
export interface Complaints {
	text: string;
}

const kept = 16 << 10;

/**
 * The functions of WASI preview 1 that Go's runtime insists on, each answered honestly: no arguments, no environment, no open folders,
 * a clock, entropy, and a standard error that is kept. A sleep ends at once, since nothing in the module may wait.
 */
export function wasi(memory: () => ArrayBuffer, complaints: Complaints): WebAssembly.ModuleImports {
	const view = () => new DataView(memory());
	const none = (countAt: number, sizeAt: number) => {
		view().setUint32(countAt, 0, true);
		view().setUint32(sizeAt, 0, true);
		return 0;
	};
	return {
		sched_yield: () => 0,
		proc_exit: (code: number) => {
			throw new Exit(code);
		},
		args_get: () => 0,
		args_sizes_get: none,
		environ_get: () => 0,
		environ_sizes_get: none,
		clock_time_get: (id: number, _precision: bigint, at: number) => {
			const now = id === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
			view().setBigUint64(at, now, true);
			return 0;
		},
		random_get: (at: number, n: number) => {
			crypto.getRandomValues(new Uint8Array(memory(), at, n));
			return 0;
		},
		fd_write: (fd: number, vectors: number, count: number, writtenAt: number) => {
			const v = view();
			let written = 0;
			for (let i = 0; i < count; i++) {
				const at = v.getUint32(vectors + 8 * i, true);
				const n = v.getUint32(vectors + 8 * i + 4, true);
				if (fd === 2) complaints.text = (complaints.text + Buffer.from(memory(), at, n).toString()).slice(-kept);
				written += n;
			}
			v.setUint32(writtenAt, written, true);
			return 0;
		},
		poll_oneoff: (subscriptions: number, events: number, n: number, countAt: number) => {
			const v = view();
			for (let i = 0; i < n; i++) {
				v.setBigUint64(events + 32 * i, v.getBigUint64(subscriptions + 48 * i, true), true);
				v.setUint16(events + 32 * i + 8, 0, true);
				v.setUint8(events + 32 * i + 10, v.getUint8(subscriptions + 48 * i + 8));
			}
			v.setUint32(countAt, n, true);
			return 0;
		},
	};
}
