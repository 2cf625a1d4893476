import { type Effect, type Message, readEffect, readTurn, schemaHash, type Turn, writeMessage } from "./abi.ts";
import { NoSpace, Reader, Writer } from "./bytes.ts";
import { type Complaints, wasi } from "./wasi.ts";

/** The version of the contract this loader speaks, as the module's header names it. */
export const abiVersion = 1;
const largest = 16 << 20;
const header = { version: 0, hash: 4, in: 8, inCap: 12, out: 16, outLen: 20 } as const;

/** The module refused a message, or is of another build. The instance goes on unless `dead`. */
export class GuestError extends Error {
	readonly dead: boolean;
	constructor(text: string, dead: boolean, cause?: unknown) {
		super(text, { cause });
		this.dead = dead;
	}
}

interface Exports {
	memory: WebAssembly.Memory;
	_initialize?: () => void;
	header(): number;
	grow(n: number): number;
	call(n: number): number;
}

/** One instance of the module; the only place that touches its memory. */
export class Guest {
	/** Effects in the order the imports queued them during the last call; empty it after reading. */
	effects: Effect[] = [];
	/** An exception came out of an export: the instance may still answer, and must not be asked. */
	dead = false;
	#x: Exports;
	#header: number;
	#memory: ArrayBuffer;
	#view: DataView;
	#writer: Writer;
	#reader: Reader;
	#complaints: Complaints = { text: "" };

	constructor(module: WebAssembly.Module) {
		let memory: WebAssembly.Memory | undefined;
		const bytes = () => (memory as WebAssembly.Memory).buffer as ArrayBuffer;
		// The bytes are the guest's until it goes on, so they are read here and now.
		const queue = (at: number) => {
			this.effects.push(readEffect(new Reader(bytes(), at)));
		};
		const instance = new WebAssembly.Instance(module, {
			wasi_snapshot_preview1: wasi(bytes, this.#complaints),
			pi_multi_auth: { fetch: queue, file: queue, ask: queue, log: queue },
		});
		this.#x = instance.exports as unknown as Exports;
		memory = this.#x.memory;
		this.#x._initialize?.();
		this.#header = this.#x.header();
		this.#memory = bytes();
		this.#view = new DataView(this.#memory);
		this.#writer = new Writer(this.#memory, 0, 0);
		this.#reader = new Reader(this.#memory, 0);
		const version = this.#field(header.version);
		if (version !== abiVersion || this.#field(header.hash) !== schemaHash)
			throw new GuestError("core.wasm is of another build than the extension; install both anew", true);
	}

	#field(offset: number): number {
		return this.#view.getUint32(this.#header + offset, true);
	}

	/** A view of a buffer the memory has grown out of writes nothing and says nothing. */
	#look(): void {
		const now = this.#x.memory.buffer as ArrayBuffer;
		if (now === this.#memory) return;
		this.#memory = now;
		this.#view = new DataView(now);
		this.#writer = new Writer(now, 0, 0);
		this.#reader = new Reader(now, 0);
	}

	/** Tells the core one message. */
	call(message: Message): Turn {
		const size = this.#write((w) => writeMessage(w, message));
		return this.#send(size);
	}

	/** Sends bytes as they are, without a schema's hash in front: for tests of what the module refuses. */
	callRaw(bytes: Uint8Array): Turn {
		if (bytes.length > this.#field(header.inCap)) this.#grow(bytes.length);
		new Uint8Array(this.#memory, this.#field(header.in), bytes.length).set(bytes);
		return this.#send(bytes.length);
	}

	#write(body: (w: Writer) => void): number {
		for (;;) {
			const start = this.#field(header.in);
			const size = this.#field(header.inCap);
			this.#writer.seek(start, size);
			try {
				this.#writer.u32(schemaHash);
				body(this.#writer);
				return this.#writer.at - start;
			} catch (error) {
				if (!(error instanceof NoSpace) || size >= largest) throw error;
				this.#grow(Math.min(size * 4, largest));
			}
		}
	}

	#grow(n: number): void {
		this.#refuse(this.#run(() => this.#x.grow(n)));
	}

	#send(size: number): Turn {
		this.#refuse(this.#run(() => this.#x.call(size)));
		this.#reader.seek(this.#field(header.out));
		return readTurn(this.#reader);
	}

	#run(call: () => number): number {
		if (this.dead) throw new GuestError("the core's instance is dead", true);
		try {
			return call();
		} catch (cause) {
			this.dead = true;
			const said = this.#complaints.text.split("\n", 1)[0] ?? "";
			throw new GuestError(`the core failed${said ? `: ${said}` : ""}`, true, cause);
		} finally {
			this.#look();
		}
	}

	#refuse(code: number): void {
		if (code >= 0) return;
		this.effects = [];
		if (code === -5) throw new GuestError("the core was called while it was running", false);
		const at = this.#field(header.out);
		const text = Buffer.from(this.#memory, at, this.#field(header.outLen)).toString();
		this.dead = code === -1;
		throw new GuestError(text, this.dead);
	}

	/** The size of the instance's memory, in bytes. */
	get memoryBytes(): number {
		return this.#memory.byteLength;
	}
}
