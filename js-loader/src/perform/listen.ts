import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createListener, type Server, type Socket } from "node:net";
import type { Listen } from "../abi.ts";

const largest = 8 << 10;
const perConnection = 10_000;
const connections = 16;

/** One call of a browser on this machine, waited for on 127.0.0.1 and nowhere else. */
export class Callback {
	readonly port: number;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #path: string;
	readonly #state: Buffer;
	#arrived: (query: string) => void = () => {};
	/** The query of the call that fits. */
	readonly query: Promise<string>;

	private constructor(server: Server, port: number, path: string, state: string) {
		this.#server = server;
		this.port = port;
		this.#path = path;
		this.#state = Buffer.from(state);
		this.query = new Promise((resolve) => {
			this.#arrived = resolve;
		});
		const http = createServer({ maxHeaderSize: largest, keepAlive: false });
		http.maxHeadersCount = 64;
		http.on("request", (request, response) => this.#answer(request, response));
		http.on("clientError", (_error, socket) => socket.destroy());
		// Bun's http server does not tell of a connection that has said nothing yet, so a plain one listens for it.
		server.on("connection", (socket) => {
			this.#sockets.add(socket);
			socket.on("error", () => {});
			// A client that dribbles, or says nothing, is hung up on.
			const timer = setTimeout(() => socket.destroy(), perConnection).unref();
			socket.on("close", () => {
				clearTimeout(timer);
				this.#sockets.delete(socket);
			});
			http.emit("connection", socket);
		});
	}

	/** Binds the first of the ports that can be had. */
	static async open(listen: Listen): Promise<Callback> {
		let last: unknown = new Error("no port was named");
		for (const port of listen.ports) {
			const server = createListener();
			server.maxConnections = connections;
			try {
				await bind(server, port);
				const address = server.address();
				const bound = typeof address === "object" && address ? address.port : port;
				return new Callback(server, bound, listen.path, listen.state);
			} catch (error) {
				server.close();
				last = error;
				const code = (error as NodeJS.ErrnoException).code;
				if (code !== "EADDRINUSE" && code !== "EACCES") break;
			}
		}
		throw last;
	}

	/** Ends listening; connections that are open are cut. */
	close(): void {
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		request.resume();
		const status = this.#judge(request);
		const good = status === 200;
		response.writeHead(status, {
			"content-type": "text/html; charset=utf-8",
			"cache-control": "no-store",
			"content-security-policy": "default-src 'none'",
			"referrer-policy": "no-referrer",
			connection: "close",
		});
		const said = good
			? "You can close this page and go back to Pi."
			: "This page does not belong to a login that is waiting.";
		response.end(`<!doctype html><meta charset="utf-8"><title>pi-multi-auth</title><p>${said}</p>`, () => {
			if (good) this.#arrived((request.url ?? "").slice(this.#path.length + 1));
		});
	}

	#judge(request: IncomingMessage): number {
		// A name that was made to point here (DNS rebinding) comes with a host of its own.
		const hosts = request.rawHeaders.filter((_, i) => i % 2 === 0 && request.rawHeaders[i]?.toLowerCase() === "host");
		if (hosts.length !== 1 || request.headers.host !== `127.0.0.1:${this.port}`) return 400;
		if (request.method !== "GET") return 405;
		const url = request.url ?? "";
		if (url.length > largest) return 414;
		if (url !== this.#path && !url.startsWith(`${this.#path}?`)) return 404;
		const states = new URLSearchParams(url.slice(this.#path.length + 1)).getAll("state");
		// Two states are one too many: whoever reads the other one must not be let in.
		if (states.length !== 1) return 400;
		const state = Buffer.from(states[0] ?? "");
		return state.length === this.#state.length && state.length > 0 && timingSafeEqual(state, this.#state) ? 200 : 400;
	}
}

function bind(server: Server, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host: "127.0.0.1", port, exclusive: true, backlog: connections }, () => {
			server.removeListener("error", reject);
			server.on("error", () => {});
			resolve();
		});
	});
}
