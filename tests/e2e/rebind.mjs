// For tests alone, loaded with NODE_OPTIONS=--import: a name server that changes its mind. Names that begin with "rebind" lead to REBIND_GOOD
// for as many questions as REBIND_TIMES says and to REBIND_BAD from then on. What a look at a name answers is REBIND_SHOWN where a connection
// is led to REBIND_BAD: a test has no network, so an address of this machine stands for the foreign one.
import dns from "node:dns";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { REBIND_GOOD: good, REBIND_BAD: bad, REBIND_SHOWN: shown, REBIND_LOG: log } = process.env;
let left = Number(process.env.REBIND_TIMES);

const answers = (host, who, foreign) => {
	const address = left-- > 0 ? good : foreign;
	appendFileSync(log, `${who} ${host} ${address}\n`);
	return address;
};

const { lookup } = dns;
dns.lookup = (host, options, callback = options) => {
	if (!host.startsWith("rebind")) return lookup(host, options, callback);
	const address = answers(host, "connect", bad);
	process.nextTick(() => (options.all ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4)));
};
const lookupLater = dns.promises.lookup;
dns.promises.lookup = async (host, options) =>
	host.startsWith("rebind") ? [{ address: answers(host, "look", shown), family: 4 }] : lookupLater(host, options);

syncBuiltinESMExports();
