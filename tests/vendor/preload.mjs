// For tests alone, loaded with NODE_OPTIONS=--import: every connection that would leave the machine goes to the scripted vendors on
// loopback instead. It acts below TLS, so that hosts, addresses, headers and redirects are those of the code that ships, and the scripted
// server sees in Host and in SNI whom the code meant. Nothing that ships reads these variables or can be redirected by one.
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import tls from "node:tls";

const port = Number(process.env.SCRIPTED_VENDORS_PORT);
/** Gets a line for each connection: the host it was meant for. */
const log = process.env.SCRIPTED_VENDORS_LOG;
/** Where listens what would listen on 127.0.0.1, so that the ports of logins that run beside each other do not meet. */
const back = process.env.SCRIPTED_VENDORS_CALLBACK;
const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

const connectTLS = tls.connect;
tls.connect = (...args) => {
	const { options, listener } = readArguments(args);
	// A host name on loopback, and a socket that exists already, are the test's own.
	if (options.socket || options.path || loopback.has(options.host ?? "localhost")) return connectTLS(...args);
	if (log) appendFileSync(log, `${options.host}\n`);
	return connectTLS(
		{
			...options,
			servername: options.servername || options.host,
			host: "127.0.0.1",
			port,
			lookup: undefined,
			rejectUnauthorized: false,
			checkServerIdentity: () => undefined,
		},
		listener,
	);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
	const { options } = readArguments(Array.isArray(args[0]) ? args[0] : args);
	if (options.path === undefined && !loopback.has(options.host ?? "localhost"))
		throw new Error(`a test would reach ${options.host}`);
	return connect.apply(this, args);
};

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
	if (back && args[1] === "127.0.0.1") args[1] = back;
	if (back && args[0]?.host === "127.0.0.1") args[0] = { ...args[0], host: back };
	return listen.apply(this, args);
};

syncBuiltinESMExports();

/** The forms of tls.connect and net.connect: (options, listener), (port, host, options, listener) and what lies between. */
function readArguments(args) {
	const rest = [...args];
	const listener = typeof rest.at(-1) === "function" ? rest.pop() : undefined;
	const options = {};
	for (const arg of rest) {
		if (typeof arg === "number" || (typeof arg === "string" && /^\d+$/.test(arg))) options.port = Number(arg);
		else if (typeof arg === "string") options.host = arg;
		else if (typeof arg === "object") Object.assign(options, arg);
	}
	return { options, listener };
}
