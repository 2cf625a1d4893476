// Makes the module's calls number TRAP_FROM to TRAP_TO trap, over all instances of a process.
const { TRAP_FROM, TRAP_TO } = process.env;
const Real = WebAssembly.Instance;
let calls = 0;
WebAssembly.Instance = function Instance(module, imports) {
	const instance = new Real(module, imports);
	if (!imports?.pi_multi_auth) return instance;
	const call = (n) => {
		calls++;
		if (calls >= Number(TRAP_FROM) && calls <= Number(TRAP_TO)) throw new WebAssembly.RuntimeError("unreachable");
		return instance.exports.call(n);
	};
	return { exports: { ...instance.exports, call } };
};
